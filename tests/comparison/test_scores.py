import json
import math
from typing import Any

import numpy as np
import pytest

from overfit_core.charts.lines import MAX_KEPT
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import Row, score_columns, scoreboard
from overfit_core.comparison.scores import (
    MISSED,
    drift,
    first_reached,
    needs_history,
    recorded_score,
    score,
)
from overfit_core.comparison.target import Target
from overfit_core.training.history import History
from overfit_core.training.result import Samples
from tests.comparison.making import history_of, run_of, spec_of, summary_of

TARGET = Target("loss", 0.1)


def board(
    runs: list[ComparedRun],
    target: Target | None,
    **given: Any,  # noqa: ANN401
) -> list[Row]:
    return scoreboard(runs, {run.id: score(run, target) for run in runs}, target, **given)


def test_a_run_by_hand() -> None:
    history = history_of([1.0, 0.5, 0.1, 0.05, 1.0, 0.2])
    summary = summary_of(6, train_seconds=3.0, compile_seconds=1.5, memorised_epoch=4)
    run = run_of("a", spec_of(), history, summary=summary)
    found = score(run, TARGET, learned_epoch=np.array([3, 0, 5, 0]))
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
    (row,) = board(runs, TARGET, grouped=True)
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
    rows = board(runs, TARGET, baseline="a")
    assert [row["epochs_to_target_ratio"] for row in rows] == [1.0, 2.0, None]
    assert [row["best_ratio"] for row in rows] == pytest.approx([1.0, 2.0, 20.0])
    assert [row["baseline"] for row in rows] == [True, False, False]
    assert board(runs, TARGET)[0]["best_ratio"] is None
    grouped = board(runs, TARGET, grouped=True, baseline="b")
    assert [row["id"] for row in grouped] == ["a", "b", "c"]
    assert [row["best_ratio"] for row in grouped] == pytest.approx([0.5, 1.0, 10.0])


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("target", [TARGET, Target("accuracy", 1.0), Target("r2", 0.99), None])
def test_every_column_says_what_it_is_and_has_its_value(
    target: Target | None, grouped: bool
) -> None:
    runs = [run_of("a", spec_of(), history_of([1.0, np.nan])), run_of("b", spec_of(), History({}))]
    rows = board(runs, target, grouped=grouped)
    json.dumps(rows, allow_nan=False)
    for column in score_columns(target, grouped=grouped):
        assert column.help.endswith(".")
        assert all(column.key in row for row in rows)


def test_a_baseline_of_zero_has_a_ratio_of_one_and_the_others_none() -> None:
    runs = [
        run_of("a", spec_of("Adam"), history_of([1.0, 0.0])),
        run_of("b", spec_of("SGD"), history_of([1.0, 0.5])),
    ]
    assert [row["best_ratio"] for row in board(runs, TARGET, baseline="a")] == [1.0, None]


def test_a_run_that_goes_on_may_still_reach_the_target() -> None:
    run = run_of("a", spec_of(), history_of([1.0, 0.5]), ended=False)
    found = score(run, TARGET)
    assert (found.epochs_to_target, found.seconds_to_target, found.reached) == (None, None, None)
    assert (found.best, found.as_of) == (0.5, 2)
    hit = score(run_of("b", spec_of(), history_of([1.0, 0.05]), ended=False), TARGET)
    assert (hit.epochs_to_target, hit.reached) == (2, True)
    # A run whose worker was lost has no summary, but it has ended.
    assert score(run_of("c", spec_of(), history_of([1.0])), TARGET).reached is False


def test_a_run_that_goes_on_drags_no_median_and_no_share() -> None:
    losses = ([1.0, 0.05], [1.0, 0.05], [1.0])
    runs = [
        run_of(f"s{seed}", spec_of(seed=seed), history_of(loss), ended=len(loss) > 1)
        for seed, loss in enumerate(losses)
    ]
    (row,) = board(runs, TARGET, grouped=True)
    assert (row["success"], row["epochs_to_target"], row["as_of"]) == (1.0, 2, 1)


@pytest.mark.parametrize(
    ("column", "worst"), [("loss", math.inf), ("accuracy", -math.inf)], ids=["loss", "accuracy"]
)
def test_a_run_that_diverged_at_once_missed_the_target(column: str, worst: float) -> None:
    run = run_of("a", spec_of(), history_of([math.nan], accuracy=[0.0]))
    found = score(run, Target(column, 0.5))  # type: ignore[arg-type]
    assert (found.epochs_to_target, found.reached, found.last) == (MISSED, False, worst)
    assert found.best is None
    # What was not recorded stays unknown.
    assert score(run, Target("r2", 0.5)).reached is None


def test_a_seed_that_diverged_at_once_counts_in_its_group() -> None:
    losses = ([1.0, 0.05], [1.0, 0.05], [math.nan], [math.nan])
    runs = [
        run_of(f"s{seed}", spec_of(seed=seed), history_of(loss)) for seed, loss in enumerate(losses)
    ]
    (row,) = board(runs, TARGET, grouped=True)
    assert (row["seeds"], row["success"]) == (4, 0.5)
    assert row["epochs_to_target_upper"] is None


def test_hiding_runs_changes_no_score_and_no_ratio() -> None:
    seeds = [
        run_of(f"s{seed}", spec_of(seed=seed), history_of([1.0] * seed + [0.05]))
        for seed in (1, 2, 6)
    ]
    sgd = run_of("sgd", spec_of("SGD"), history_of([1.0, 1.0, 0.05]))
    runs = [*seeds, sgd]
    whole = board(runs, TARGET, grouped=True, baseline="sgd")
    assert board(runs, TARGET, grouped=True, baseline="sgd", hidden=["s1", "s6"]) == whole
    assert board(runs, TARGET, grouped=True, baseline="sgd", hidden=["sgd"]) == whole[:1]
    assert whole[0]["epochs_to_target_ratio"] == 1.0
    hidden = [run.id for run in seeds]
    assert board(runs, TARGET, grouped=True, hidden=hidden) == board(runs, TARGET, grouped=True)[1:]


def test_without_a_target_nothing_tells_of_one() -> None:
    found = score(run_of("a", spec_of(), history_of([1.0, 0.05])), None)
    assert (found.best, found.last, found.epochs_to_target, found.drift) == (0.05, 0.05, None, None)
    keys = {column.key for column in score_columns(None, grouped=False)}
    assert not keys & {"success", "epochs_to_target", "seconds_to_target", "drift"}
    assert {"best", "last", "memorised_epoch"} <= keys


class Store:
    """Histories that count how often they are read."""

    def __init__(self, **histories: History) -> None:
        self.histories, self.read = histories, list[str]()

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        self.read.append(run_id)
        return self.histories[run_id]

    def samples(self, run_id: str) -> Samples | None:
        found = np.array([1, 0])
        return Samples(np.ones((2, 1)), np.ones(2), "binary", learned_epoch=found)


def test_a_recorded_run_is_scored_on_every_epoch_and_sample() -> None:
    loss = np.linspace(1.0, 0.0001, 3 * MAX_KEPT)
    store = Store(long=history_of(loss))
    long = recorded_score(run_of("long", spec_of(), store.histories["long"]), TARGET, store)
    assert long == score(
        run_of("long", spec_of(), store.histories["long"]),
        TARGET,
        store.histories["long"],
        np.array([1, 0]),
    )
    assert long.exact and long.never_learned == 1
    # Its curve is all there is to a short one, and all that is read of one that goes on.
    recorded_score(run_of("short", spec_of(), history_of([1.0])), TARGET, store)
    live = run_of("long", spec_of(), store.histories["long"], ended=False)
    assert not recorded_score(live, TARGET, store).exact
    assert store.read == ["long"]
