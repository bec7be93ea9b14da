import json
import math

import numpy as np
import pytest

from overfit_core.charts.lines import MAX_KEPT
from overfit_core.comparison.scoreboard import score_columns, scoreboard
from overfit_core.comparison.scores import MISSED, drift, first_reached, needs_history, score
from overfit_core.comparison.view import Target
from overfit_core.training.history import History
from tests.comparison.making import history_of, run_of, spec_of, summary_of

TARGET = Target("loss", 0.1)


def test_a_run_by_hand() -> None:
    history = history_of([1.0, 0.5, 0.1, 0.05, 1.0, 0.2])
    summary = summary_of(6, train_seconds=3.0, compile_seconds=1.5, memorised_epoch=4)
    run = run_of("a", spec_of(), history, summary=summary, learned_epoch=np.array([3, 0, 5, 0]))
    found = score(run, TARGET)
    assert found.epochs_to_target == 3
    assert found.seconds_to_target == pytest.approx(1.5)
    assert found.compile_seconds == 1.5
    assert (found.best, found.best_epoch, found.last) == (0.05, 4, 0.2)
    # At worst the loss was 1.0 again, ten times the target: one decade.
    assert found.drift == pytest.approx(1.0)
    assert found.memorised_epoch == 4
    assert found.never_learned == 2
    assert found.exact and found.reached


def test_a_score_is_reached_from_below() -> None:
    history = history_of([1.0] * 4, accuracy=[0.5, 1.0, 0.75, 1.0])
    found = score(run_of("a", spec_of(), history), Target("accuracy", 1.0))
    assert (found.epochs_to_target, found.best_epoch) == (2, 2)
    assert found.drift == pytest.approx(0.25)


def test_a_miss_is_infinite_and_what_was_not_recorded_is_unknown() -> None:
    run = run_of("a", spec_of(), history_of([1.0, 0.5]), summary=summary_of(2))
    missed = score(run, TARGET)
    assert missed.epochs_to_target == missed.seconds_to_target == MISSED
    assert missed.memorised_epoch == MISSED
    assert missed.drift is None
    assert missed.reached is False
    unknown = score(run, Target("r2", 0.9))
    assert unknown.epochs_to_target is None
    assert unknown.reached is None
    assert unknown.compile_seconds == 1.0


def test_a_run_that_diverged_after_the_target_is_as_bad_as_can_be() -> None:
    run = run_of("a", spec_of(), history_of([1.0, 0.05, 8.0, np.inf], accuracy=[0, 1, 0.5, 0]))
    found = score(run, TARGET)
    assert (found.epochs_to_target, found.best, found.last) == (2, 0.05, math.inf)
    assert found.drift == math.inf
    # What it scored at the epoch that diverged means nothing.
    assert score(run, Target("accuracy", 0.0)).epochs_to_target == 1


def test_a_share_of_float32_reaches_the_same_share() -> None:
    history = History({"loss": np.ones(1, "f4"), "accuracy": np.array([0.9], "f4")})
    run = run_of("a", spec_of(), history)
    assert score(run, Target("accuracy", 0.9)).epochs_to_target == 1
    loss = run_of("b", spec_of(), History({"loss": np.array([0.3], "f4")}))
    assert score(loss, Target("loss", 0.3)).epochs_to_target == 1


@pytest.mark.parametrize("seed", range(100))
def test_the_first_crossing_and_the_drift_are_those_of_a_plain_loop(seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = np.exp(draw.normal(size=int(draw.integers(1, 60))))
    values[draw.random(len(values)) < 0.1] = np.nan
    kind = ("loss", "accuracy", "r2")[seed % 3]
    target = Target(kind, float(draw.uniform(0.05, 3)))
    expected = None
    for place, value in enumerate(values):
        if value <= target.value if kind == "loss" else value >= target.value:
            expected = place
            break
    assert first_reached(values, target) == expected
    if expected is None:
        return
    worst = 0.0
    for value in values[expected:]:
        if math.isnan(value):
            worst = math.inf
        elif kind == "loss":
            worst = max(worst, math.log10(value / target.value))
        else:
            worst = max(worst, target.value - value)
    assert drift(values[expected:], target) == pytest.approx(worst)


def test_a_thinned_curve_is_scored_exactly_with_its_history() -> None:
    loss = np.linspace(1.0, 0.0001, 3 * MAX_KEPT)
    history = history_of(loss)
    run = run_of("a", spec_of(), history)
    assert needs_history(run, "loss")
    exact = score(run, TARGET, history)
    assert exact.exact
    assert exact.epochs_to_target == np.flatnonzero(loss <= 0.1)[0] + 1
    near = score(run, TARGET)
    assert not near.exact
    assert near.epochs_to_target == pytest.approx(exact.epochs_to_target, abs=30)


def test_a_group_has_median_quartiles_and_success_rate() -> None:
    losses = ([1.0, 0.05], [1.0, 1.0, 1.0, 0.05], [1.0] * 9)
    runs = [
        run_of(f"s{seed}", spec_of(seed=seed), history_of(loss)) for seed, loss in enumerate(losses)
    ]
    (row,) = scoreboard(runs, TARGET, grouped=True)
    assert row["runs"] == ["s0", "s1", "s2"]
    assert row["seeds"] == 3
    assert row["success"] == pytest.approx(2 / 3)
    assert row["epochs_to_target"] == 4
    assert row["epochs_to_target_lower"] == 3
    # The upper quartile lies between 4 and never.
    assert row["epochs_to_target_upper"] is None
    assert row["best"] == 0.05
    assert row["name"] == "Adam 0.01"


def test_ratios_are_to_the_baseline_which_has_one() -> None:
    runs = [
        run_of("a", spec_of("Adam"), history_of([1.0, 0.05])),
        run_of("b", spec_of("SGD"), history_of([1.0, 0.5, 0.2, 0.1])),
        run_of("c", spec_of("Lion"), history_of([1.0])),
    ]
    rows = scoreboard(runs, TARGET, baseline="a")
    assert [row["epochs_to_target_ratio"] for row in rows] == [1.0, 2.0, None]
    assert [row["best_ratio"] for row in rows] == pytest.approx([1.0, 2.0, 20.0])
    assert [row["baseline"] for row in rows] == [True, False, False]
    assert scoreboard(runs, TARGET)[0]["best_ratio"] is None
    grouped = scoreboard(runs, TARGET, grouped=True, baseline="b")
    assert [row["id"] for row in grouped] == ["a", "b", "c"]
    assert [row["best_ratio"] for row in grouped] == pytest.approx([0.5, 1.0, 10.0])


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("target", [TARGET, Target("accuracy", 1.0), Target("r2", 0.99)])
def test_every_column_says_what_it_is_and_has_its_value(target: Target, grouped: bool) -> None:
    runs = [run_of("a", spec_of(), history_of([1.0, np.nan])), run_of("b", spec_of(), History({}))]
    rows = scoreboard(runs, target, grouped=grouped)
    json.dumps(rows, allow_nan=False)
    for column in score_columns(target, grouped=grouped):
        assert column.help.endswith(".")
        assert all(column.key in row for row in rows)


def test_a_baseline_of_zero_has_a_ratio_of_one_and_the_others_none() -> None:
    runs = [
        run_of("a", spec_of("Adam"), history_of([1.0, 0.0])),
        run_of("b", spec_of("SGD"), history_of([1.0, 0.5])),
    ]
    assert [row["best_ratio"] for row in scoreboard(runs, TARGET, baseline="a")] == [1.0, None]
