"""Expected best, against every draw there is."""

from itertools import product

import numpy as np

from overfit_core.charts.race_expected import expected_figure
from tests.charts.race_fakes import MISS, RATES, named, race, runs_of

GRID = {0: {0.01: [20.0, 20.0, 20.0], 0.1: [10.0, 10.0, 10.0], 1.0: [40.0, 40.0, 40.0]}}


def brute_force(tries: int, share: float) -> float:
    """The quantile of the best over all equally likely draws: the least that covers the share."""
    best = sorted(min(draw) for draw in product([20.0, 10.0, 40.0], repeat=tries))
    return best[int(np.ceil(share * len(best))) - 1]


def test_the_line_is_the_median_over_all_draws_and_the_area_its_quartiles() -> None:
    figure = expected_figure(*race(runs_of(GRID)))
    (line,) = named(figure, "Adam", mode="lines+markers")
    assert line["x"] == [1, 2, 3]
    assert line["y"] == [brute_force(tries, 0.5) for tries in (1, 2, 3)]
    assert line["line"]["shape"] == "hv"
    (area,) = named(figure, "Adam", fill="toself")
    steps = [1, 2, 2, 3, 3, 3.5]
    assert area["x"][:12] == [*steps, *reversed(steps)]
    upper = [value for tries in (1, 2, 3) for value in [brute_force(tries, 0.75)] * 2]
    lower = [value for tries in (1, 2, 3) for value in [brute_force(tries, 0.25)] * 2]
    assert area["y"][:12] == [*upper, *reversed(lower)]


def test_so_few_rates_that_most_draws_miss_are_a_miss() -> None:
    grid = {0: {0.01: [MISS] * 3, 0.1: [10.0] * 3, 1.0: [MISS] * 3}}
    figure = expected_figure(*race(runs_of(grid)))
    (line,) = named(figure, "Adam", mode="lines+markers")
    # One draw of three finds 0.1 in a third of the cases, two in 5/9.
    assert line["y"] == [None, 10, 10]
    (crosses,) = named(figure, "Adam", yaxis="y2")
    assert crosses["x"] == [1]
    assert "Chance that one of them reaches it on all seeds: 55.56 %" in line["text"][1]


def test_a_point_stands_for_no_single_run() -> None:
    (line,) = named(expected_figure(*race()), "Adam", mode="lines+markers")
    assert len(line["text"]) == len(RATES)
    assert not any("customdata" in trace for trace in expected_figure(*race())["data"])


def test_before_the_first_run_it_says_so() -> None:
    assert expected_figure(*race([]))["data"] == []
