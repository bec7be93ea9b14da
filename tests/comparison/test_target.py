import math

import pytest

from overfit_core.comparison.target import (
    DEFAULT_TARGET,
    USUAL,
    Target,
    checked_target,
    typed_target,
)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("loss", 0.0, "Loss as a target is above 0 and at most 1e+12, not 0."),
        ("loss", math.nan, "Loss as a target is above 0 and at most 1e+12, not not a number."),
        ("accuracy", -0.1, "Accuracy as a target lies between 0 and 100 %, not -10 %."),
        ("r2", math.inf, "R² as a target is at most 1, not infinite."),
    ],
)
def test_a_target_that_no_run_can_have_is_refused(kind: str, value: float, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        checked_target(kind, value)  # type: ignore[arg-type]
    assert str(caught.value) == said
    assert checked_target("loss", 0.01) == DEFAULT_TARGET


def test_an_accuracy_is_typed_in_per_cent_as_the_charts_show_it() -> None:
    assert typed_target("accuracy", 90) == Target("accuracy", 0.9)
    assert Target("accuracy", 0.07).typed == 7
    assert typed_target("loss", 0.3) == Target("loss", 0.3)
    with pytest.raises(ValueError, match="between 0 and 100 %, not 900 %"):
        typed_target("accuracy", 900)


@pytest.mark.parametrize("value", [0.0, 0.07, 0.29, 0.57, 0.9, 0.999, 1.0])
def test_an_accuracy_comes_back_from_its_field(value: float) -> None:
    target = Target("accuracy", value)
    assert typed_target("accuracy", target.typed) == target


def test_the_target_is_said_in_words() -> None:
    assert Target("accuracy", 0.9).sentence() == ("Target: Accuracy 90 % or more.")
    assert Target("loss", 0.01).sentence() == "Target: Loss 0.01 or less."


def test_every_usual_value_can_be_a_target() -> None:
    for kind, value in USUAL.items():
        assert checked_target(kind, value).value == value
