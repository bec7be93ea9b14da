"""How long a race takes, and what is too large."""

import time
from pathlib import Path

import pytest

from overfit_core import PRESETS, RunSpec, SpecError
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.racing import RacePlan, rate_grid
from overfit_core.racing.estimate import (
    Estimate,
    check_race_work,
    estimate,
    estimate_line,
    group_seconds,
    race_work,
)
from overfit_core.racing.running import run_members
from overfit_core.racing.words import race_progress
from overfit_core.store import Store
from overfit_core.training.cache import PROGRAMS
from tests.racing.plans import SPEC, plan


def test_the_work_of_a_race_is_that_of_all_its_runs() -> None:
    made = plan()
    # 2-64-32-16-1: 192 + 2080 + 528 + 17 parameters; 3 rates for Adam and 2 for SGD, two seeds, and
    # L-BFGS with each of these.
    assert race_work(made) == 12 * 500 * 2817 * 4
    held = made.model_copy(
        update={"spec": RunSpec.load({"batch": {"source": "moons", "samples": 4, "held_out": 6}})}
    )
    assert race_work(held) == 12 * 500 * 2817 * 10
    # 2-8-1: 24 + 9 parameters; with dropout there is no L-BFGS.
    random = {"layers": [{"kind": "dense", "units": 8}, {"kind": "dropout", "rate": 0.5}]}
    chance = made.model_copy(update={"spec": RunSpec.load({"model": random})})
    assert race_work(chance) == 10 * 500 * 33 * 4


def test_what_is_larger_than_a_place_allows_is_refused_with_the_way_out() -> None:
    work = race_work(plan())
    check_race_work([plan()], work)
    check_race_work([plan()] * 9, None)
    with pytest.raises(
        SpecError, match=rf"takes {2 * work:,} .* here .* {work:,}.*fewer"
    ) as caught:
        check_race_work([plan(), plan()], work)
    assert caught.value.problems[0].path == ("seeds",)


def test_a_race_is_told_in_a_sentence() -> None:
    assert Estimate(640, 0, 500, True, 0, 12.2).sentence() == "640 runs of 500 epochs, about 10 s."
    assert Estimate(1, 0, 1, True, 0, 0.1).sentence() == "1 run of 1 epoch, under 1 s."
    said = "1,205 runs: 1,200 of 500 epochs and 5 of L-BFGS for comparison, about 10 s."
    assert Estimate(1_205, 5, 500, True, 0, 12.2).sentence() == said
    tasks = [plan(), plan(spec=PRESETS["digits-cnn"].spec)]
    told = "24 runs: 20 of up to 500 epochs and 4 of L-BFGS for comparison, "
    assert estimate_line(tasks, 2).startswith(told)
    assert estimate(plan(), 2).runs == plan().runs + 2


def test_it_counts_the_runs_that_the_progress_counts(tmp_path: Path) -> None:
    plans = [plan(), plan(spec=PRESETS["dropout"].spec)]
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    races = [store.race(race_id) for race_id in store.create_races(plans)]
    store.close()
    assert [estimate(one, 2).runs for one in plans] == [race.total for race in races]
    assert race_progress(races) == f"0 of {estimate(plans, 2).runs} runs"
    assert estimate(plans, 2).reference == 2, "none where chance would blur it"


def test_the_next_optimizer_goes_to_whoever_is_free() -> None:
    made = plan(optimizers=[{"name": name} for name in ("Adam", "SGD", "Muon", "Lion", "Lamb")])
    groups = list(group_seconds(made))
    assert len(groups) == 6
    assert estimate(made, 1).seconds == pytest.approx(sum(groups))
    assert estimate(made, 6).seconds == estimate(made, 60).seconds == max(groups)
    busy = [0.0, 0.0]
    for seconds in groups:
        busy.sort()
        busy[0] += seconds
    assert estimate(made, 2).seconds == pytest.approx(max(busy))
    with pytest.raises(ValueError, match="got 0"):
        estimate(made, 0)
    # A page that does not know of its workers yet.
    assert estimate_line([made], 0) == estimate_line([made], 1)


def test_twice_the_rates_take_less_than_twice_as_long() -> None:
    once, twice = (
        estimate(plan(learning_rates=rate_grid(count), defaults=False), 2).seconds
        for count in (8, 16)
    )
    assert once < twice < 2 * once


def test_a_net_with_dropout_has_no_group_for_the_reference() -> None:
    made = plan(spec=PRESETS["dropout"].spec)
    assert len(list(group_seconds(made))) == len(made.optimizers)


@pytest.mark.exhaustive
def test_a_race_takes_about_as_long_as_was_told() -> None:
    """Loosely, for other machines and a busy one: the table that it rests on is not off by far."""
    made = plan(spec=SPEC, learning_rates=rate_grid(8), seeds=(0, 1, 2), defaults=False)
    PROGRAMS.clear()
    began = time.process_time()
    for _ in run_members(made, made.members()):
        pass
    taken = time.process_time() - began
    adam, sgd, _ = group_seconds(made)
    assert taken / 5 < adam + sgd < 5 * taken


def test_a_plan_of_any_size_is_told_at_once() -> None:
    largest = RacePlan.load(
        {
            "spec": SPEC,
            "optimizers": [{"name": name} for name in OPTIMIZERS],
            "learning_rates": rate_grid(36),
            "seeds": tuple(range(20)),
            "target": {"kind": "loss", "value": 0.1},
        }
    )
    began = time.process_time()
    assert estimate([largest] * 8, 8).runs > 80_000
    assert time.process_time() - began < 0.5
