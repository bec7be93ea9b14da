import math

import pytest

from overfit_core.charts import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.17562, "0.1756"),
        (0.001, "0.001"),
        (1e-7, "1e-07"),
        (2817, "2,817"),
        (12345678.0, "1.235e+07"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
        (-math.inf, "minus infinite"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0002, "less than 1 ms"),
        (0.0068, "7 ms"),
        (0.9996, "1.0 s"),
        (1.44, "1.4 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.01, "under 1 s"), (3.2, "about 4 s"), (42, "about 40 s"), (400, "about 7 min")],
)
def test_an_estimate_is_no_more_precise_than_it_is(seconds: float, text: str) -> None:
    assert numbers.estimate(seconds) == text


def test_counts_rates_and_shares_say_their_unit() -> None:
    assert numbers.count(1, "sample") == "1 sample"
    assert numbers.count(1200, "epoch") == "1,200 epochs"
    assert numbers.rate(71_234.0) == "71,000 epochs/s"
    assert numbers.rate(None) == "–"
    assert numbers.percent(1.0) == "100 %"
    assert numbers.percent(None) == "–"
