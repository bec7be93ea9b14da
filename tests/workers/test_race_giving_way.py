"""A group of a race that leaves its worker to what waits, and goes on later."""

from __future__ import annotations

import time

import numpy as np
import pytest

from overfit_core.racing import reference, running
from overfit_core.racing.plan import REFERENCE
from overfit_core.spec import RunSpec
from overfit_core.store import GroupKey, Store
from overfit_core.store.race_watcher_side import MOST_AGAIN
from overfit_core.workers.check_task import Heart
from overfit_core.workers.giving_way import give_way, giving_way, group_name
from overfit_core.workers.race_task import Scribe, train_group

from .fakes import sqlite_store, wait_for
from .race_plans import (
    PATIENCE,
    asked,
    in_a_thread,
    long_plan,
    many_plan,
    race_plan,
    until_race,
    without_times,
)

store = pytest.fixture(sqlite_store)


def test_it_gives_way_to_a_run_and_goes_on_later_with_what_is_missing(store: Store) -> None:
    key = asked(store, many_plan(3))
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.done > 0)
    run_id = store.create_run(RunSpec())
    thread.join(PATIENCE)
    group = store.race(key.race_id).groups[0]
    assert (group.status, group.worker, group.reason) == ("queued", None, None)
    assert 0 < group.done < group.total
    assert store.waiting_race_groups()[0] == key
    before = store.race_runs(key.race_id)
    assert not any(run.stopped for run in before), "none was cut short"
    store.claim(run_id, "w")
    train_group(store, key, "w2")
    after = {run.member: run for run in store.race_runs(key.race_id)}
    assert store.race(key.race_id).groups[0].status == "finished"
    assert len(after) == group.total
    # Their times would differ.
    assert all(after[run.member] == run for run in before), "nothing is trained twice"


def test_it_gives_way_to_an_export_for_whose_sake_it_is_asked(store: Store) -> None:
    key = asked(store, many_plan(3))
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.done > 0)
    give_way("another:0")
    give_way(group_name(key))
    thread.join(PATIENCE)
    assert store.race(key.race_id).groups[0].status == "queued"
    give_way(group_name(key))


def test_a_run_that_is_left_in_the_middle_goes_on_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = race_plan(5_000, optimizers=[{"name": "Adam"}], learning_rates=(1e-3,), seeds=(3,))
    key, epochs = asked(store, plan), [0]
    monkeypatch.setattr(Scribe, "is_needed", lambda _scribe: True)
    for worker in ("a", "b"):
        train_group(store, key, worker)
        group = store.race(key.race_id).groups[0]
        assert (group.status, group.done, group.reason) == ("queued", 0, None)
        assert store.race_runs(key.race_id) == [], "nothing is cut short"
        left = store.paused_race_run(key)
        assert left is not None
        assert left.history.last_epoch > epochs[-1], "nothing is trained twice"
        epochs.append(left.history.last_epoch)
    monkeypatch.undo()
    train_group(store, key, "c")
    (found,) = store.race_runs(key.race_id)
    assert store.race(key.race_id).status == "finished"
    assert store.paused_race_run(key) is None
    (whole,) = running.run_members(plan, plan.members())
    assert without_times(found) == without_times(whole.run)
    kept = store.race_histories(key.race_id, [found.member])[found.member]
    np.testing.assert_array_equal(kept["loss"], whole.history["loss"])


@pytest.mark.exhaustive
def test_a_run_need_not_wait_for_a_long_run_of_a_race(store: Store) -> None:
    key = asked(store, long_plan())
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.status == "running")
    time.sleep(2.0)
    store.create_run(RunSpec())
    until_race(store, key.race_id, lambda race: race.groups[0].status == "queued")
    thread.join(PATIENCE)
    left = store.paused_race_run(key)
    assert left is not None
    assert 0 < left.history.last_epoch < 1_000_000


@pytest.mark.exhaustive
def test_a_fit_of_the_reference_is_left_and_in_the_end_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "ASKED_EVERY", 0.0)
    key = asked(store, race_plan(100, seeds=(3,)), REFERENCE, reference=True)
    looks = []

    def needed(scribe: Scribe) -> bool:
        looks.append(scribe)
        return key in scribe._store.yielding_race_groups()

    monkeypatch.setattr(Scribe, "is_needed", needed)
    for _ in range(MOST_AGAIN):
        train_group(store, key, "w")
        assert store.race(key.race_id).groups[-1].status == "queued"
        assert store.race_runs(key.race_id) == []
    assert len(looks) == MOST_AGAIN
    train_group(store, key, "w")
    assert store.race(key.race_id).groups[-1].status == "finished"
    assert len(looks) > MOST_AGAIN + 1
    (whole,) = reference.run_reference(race_plan(100), (3,))
    assert without_times(store.race_runs(key.race_id)[0]) == without_times(whole.run)


@pytest.mark.exhaustive
def test_for_one_run_one_gives_way_and_races_before_searches(store: Store) -> None:
    first = asked(store, race_plan())
    second = GroupKey(first.race_id, 1)
    checked = store.create_run(RunSpec())
    store.claim(checked, "w")
    store.finish(checked, "finished", worker="w")
    store.ask_check(checked, 20.0)
    store.claim_check(checked, "c")
    for key, worker in ((second, "b"), (first, "a")):
        store.claim_race_group(key, worker)
    assert giving_way(store) == {group_name(first): "a", group_name(second): "b", checked: "c"}
    with Scribe(store, first, "a") as one, Scribe(store, second, "b") as other:
        with Heart(store, checked, "c") as heart:
            store.create_run(RunSpec())
            wait_for(lambda: one.gave_way)
            time.sleep(1.0)
            assert not other.gave_way
            assert not heart.gave_way
