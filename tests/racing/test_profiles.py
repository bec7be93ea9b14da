"""Performance profiles, against numbers worked out by hand and against the single ratio."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from overfit_core.racing import Member, RacePlan, RaceRun, optimizer_scores, performance_profile
from overfit_core.racing.profiles import (
    Scored,
    curves_of,
    is_whole,
    profile_curves,
    task_times,
    whole_tasks,
)
from tests.racing.plans import plan

MISS = math.inf
PLAN = plan(learning_rates=(0.01, 0.1), seeds=(0, 1))
"""Adam (default 0.001, beside the grid) and SGD with momentum (default 0.01, in the grid)."""


def result(member: Member, epochs: float) -> RaceRun:
    return RaceRun(
        member,
        epochs=1000,
        epochs_to_target=epochs,
        seconds_to_target=epochs / 100 / (1 + member.optimizer),
        seconds=10.0,
        memorised_epoch=None,
        non_finite_epoch=None,
        best_loss=0.1,
        best_epoch=1,
        drift=None,
        log_area=-1.0,
    )


def task(epochs: dict[tuple[int, float], Sequence[float]], made: RacePlan = PLAN) -> Scored:
    """A race with these epochs to the target by optimizer and rate, one for each seed."""
    runs = [
        result(Member(place, rate, seed), value)
        for (place, rate), row in epochs.items()
        for seed, value in zip(made.seeds, row, strict=False)
    ]
    return made, optimizer_scores(made, runs)


def whole(tuned: Sequence[float], default: Sequence[float]) -> Scored:
    """A race in which Adam and SGD take these epochs, with the best rate and with the default."""
    return task(
        {
            (0, 0.001): [default[0]] * 2,
            (0, 0.01): [tuned[0]] * 2,
            (0, 0.1): [MISS] * 2,
            (1, 0.01): [default[1]] * 2,
            (1, 0.1): [tuned[1]] * 2,
        }
    )


def test_times_are_those_of_the_best_rate_or_of_the_default() -> None:
    races = [whole((10, 20), (70, 80)), whole((30, 15), (MISS, 15))]
    assert task_times(races) == {"Adam": [10, 30], "SGD": [20, 15]}
    assert task_times(races, "default") == {"Adam": [70, MISS], "SGD": [80, 15]}
    assert task_times(races, measure="seconds") == {"Adam": [0.1, 0.3], "SGD": [0.1, 0.075]}


def test_a_task_counts_once_everyone_has_had_every_turn() -> None:
    rows = {
        (0, 0.001): (1, 1),
        (0, 0.01): (1, 1),
        (0, 0.1): (1, 1),
        (1, 0.01): (1, 1),
        (1, 0.1): (1, 1),
    }
    assert is_whole(*task(rows))
    for place in rows:
        assert not is_whole(*task({key: row for key, row in rows.items() if key != place}))
        assert not is_whole(*task(rows | {place: (1,)}))
    without = plan(learning_rates=(0.01, 0.1), seeds=(0, 1), defaults=False)
    assert is_whole(*task({key: rows[key] for key in rows if key != (0, 0.001)}, without))
    begun = [whole((10, 20), (70, 80)), task({(0, 0.01): (1, 1)})]
    assert whole_tasks(begun) == 1
    assert task_times(begun) == {"Adam": [10], "SGD": [20]}
    assert profile_curves([task({})]) == profile_curves([]) == {}


def test_a_profile_steps_where_somebody_comes_within_the_ratio() -> None:
    races = [whole(both, (MISS, MISS)) for both in [(10, 20), (30, 10), (MISS, 5), (MISS, MISS)]]
    curves = profile_curves(races)
    assert curves["Adam"].ratios.tolist() == [1, 3]
    assert curves["Adam"].shares.tolist() == [0.25, 0.5]
    assert curves["SGD"].ratios.tolist() == [1, 2, 3]
    assert curves["SGD"].shares.tolist() == [0.5, 0.75, 0.75]


def test_whole_curves_are_what_the_single_ratio_gives() -> None:
    random = np.random.default_rng(0)
    times = {name: random.integers(1, 9, 40).astype(float).tolist() for name in "abc"}
    times["b"][3:9] = [MISS] * 6
    curves = curves_of(times)
    assert {curve.ratios[-1] for curve in curves.values()} == {
        max(curve.ratios[-1] for curve in curves.values())
    }
    for ratio in (1.0, 1.5, 2.0, 7.0, 8.0):
        at = performance_profile(times, ratio)
        for name, curve in curves.items():
            place = np.searchsorted(curve.ratios, ratio, side="right") - 1
            assert curve.shares[place] == pytest.approx(at[name])


def test_no_time_at_all_is_the_fastest() -> None:
    curves = curves_of({"a": [0.0, MISS], "b": [0.0, MISS]})
    assert [curve.shares.tolist() for curve in curves.values()] == [[0.5], [0.5]]
    only_misses = curves_of({"a": [MISS]})["a"]
    assert (only_misses.ratios.tolist(), only_misses.shares.tolist()) == ([1], [0])


def test_what_cannot_be_compared_is_refused() -> None:
    other = plan(optimizers=[{"name": "SGD"}, {"name": "Adam"}])
    with pytest.raises(ValueError, match="same optimizers, in the same order"):
        task_times([whole((1, 1), (1, 1)), task({}, other)])
    with pytest.raises(ValueError, match="defaults=True"):
        task_times([task({}, plan(defaults=False))], "default")
    # A grid that holds every default has tried them.
    grid = plan(learning_rates=(0.001, 0.01), defaults=False)
    assert task_times([task({}, grid)], "default") == {"Adam": [], "SGD": []}
    with pytest.raises(ValueError, match="time for each task"):
        curves_of({"a": [1], "b": []})
