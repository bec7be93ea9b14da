"""What races say of optimizers, against brute force and numbers worked out by hand."""

import math
from itertools import product

import numpy as np
import pytest

from overfit_core.racing import (
    OptimizerScore,
    expected_best,
    optimizer_scores,
    performance_profile,
)
from overfit_core.racing.scores import success_within
from tests.racing.plans import plan
from tests.racing.stored import run

RATES = (0.01, 0.03, 0.1, 0.3, 1.0)


def score_of(grid: dict[float, list[float]]) -> OptimizerScore:
    """An optimizer that takes these epochs at each rate, by seed."""
    runs = [
        run(0, rate, seed, epochs) for rate, row in grid.items() for seed, epochs in enumerate(row)
    ]
    (score,) = optimizer_scores(plan(learning_rates=tuple(grid), defaults=False), runs)
    return score


MISS = math.inf
GRID = {0.01: [MISS, MISS], 0.03: [60, 80], 0.1: [20, 30], 0.3: [10, MISS], 1.0: [40, 44]}


def test_the_best_rate_is_the_fastest_in_the_median() -> None:
    score = score_of(GRID)
    assert score.best.learning_rate == 0.1
    assert float(score.best.epochs.median) == 25
    assert float(score.best.seconds.median) == 2.5
    assert score.success_rate == 0.7
    # 0.3 misses once: the rows that always reach are 0.03 to 0.1, and 1 alone.
    assert score.width == pytest.approx(math.log10(0.1 / 0.03))
    assert [cell.learning_rate for cell in score.cells] == list(RATES)
    assert [float(cell.epochs.median) for cell in score.cells] == [MISS, 70, 25, MISS, 42]


def test_where_none_reaches_the_target_the_lower_loss_is_better() -> None:
    runs = [run(0, 0.1, 0, MISS, loss=0.5), run(0, 1.0, 0, MISS, loss=0.2)]
    (score,) = optimizer_scores(plan(learning_rates=(0.1, 1.0), defaults=False), runs)
    assert score.best.learning_rate == 1.0
    assert (score.width, score.drift, score.best_loss) == (None, None, 0.2)


def test_a_single_rate_has_no_width() -> None:
    assert score_of({0.1: [5]}).width == 0.0


def test_the_default_counts_for_itself_alone() -> None:
    runs = [run(0, 0.001, 0, 1), run(0, 0.01, 0, 50), run(0, 0.1, 0, MISS)]
    (score,) = optimizer_scores(plan(learning_rates=(0.01, 0.1)), runs)
    assert score.default is not None
    assert float(score.default.epochs.median) == 1
    assert score.best.learning_rate == 0.01
    assert score.success_rate == 0.5


@pytest.mark.parametrize("tries", [1, 2, 3, 4])
def test_the_expected_best_is_what_all_draws_give(tries: int) -> None:
    score = score_of(GRID)
    medians = [float(cell.epochs.median) for cell in score.cells]
    draws = np.sort([min(draw) for draw in product(medians, repeat=tries)])
    # The smallest value that so large a share of all draws is not above.
    brute = [draws[math.ceil(share * len(draws)) - 1] for share in (0.25, 0.5, 0.75)]
    found = expected_best(score, tries)
    assert [float(found.lower), float(found.median), float(found.upper)] == brute
    reached = {rate: all(e < MISS for e in row) for rate, row in GRID.items()}
    hits = [any(reached[rate] for rate in draw) for draw in product(GRID, repeat=tries)]
    assert success_within(score, tries) == pytest.approx(np.mean(hits))


def test_at_least_one_rate_is_drawn() -> None:
    with pytest.raises(ValueError, match="got 0"):
        expected_best(score_of(GRID), 0)


def test_a_profile_counts_the_tasks_near_the_fastest() -> None:
    times = {"Adam": [10, 40, MISS, MISS], "SGD": [20, 20, 30, MISS]}
    assert performance_profile(times, 1.0) == {"Adam": 0.25, "SGD": 0.5}
    assert performance_profile(times, 2.0) == {"Adam": 0.5, "SGD": 0.75}
    assert performance_profile(times, 1e9) == {"Adam": 0.5, "SGD": 0.75}
    with pytest.raises(ValueError, match=r"got 0\.5"):
        performance_profile(times, 0.5)
    with pytest.raises(ValueError, match="time for each task"):
        performance_profile({"Adam": [1], "SGD": [1, 2]}, 1.0)
