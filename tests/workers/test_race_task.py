"""A group of a race in a worker: what it writes down, and when it ends."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from sqlalchemy import update

from overfit_core.errors import StoreError
from overfit_core.racing import race, running
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.results import RaceRun
from overfit_core.store import GroupKey, Store
from overfit_core.store.engine import writing
from overfit_core.store.tables import RaceRow
from overfit_core.training import History
from overfit_core.workers.giving_way import group_key, group_name
from overfit_core.workers.race_task import BUSY, train_group

from .fakes import sqlite_store
from .race_plans import (
    PATIENCE,
    asked,
    in_a_thread,
    long_plan,
    race_plan,
    until_race,
    without_times,
)

store = pytest.fixture(sqlite_store)


def test_what_is_stored_is_what_a_race_in_this_process_gives(store: Store) -> None:
    plan, histories = race_plan(), {}

    def keep(run: RaceRun, history: History) -> None:
        histories[run.member] = history

    here = race(
        plan.spec,
        optimizers=plan.optimizers,
        learning_rates=plan.learning_rates,
        seeds=plan.seeds,
        target=plan.target,
        defaults=False,
        on_run=keep,
    )
    key = asked(store, plan)
    for optimizer in (0, 1):
        train_group(store, GroupKey(key.race_id, optimizer), "w")
    found = store.race(key.race_id)
    assert (found.status, found.done, found.missing) == ("finished", 12, 0)
    runs = store.race_runs(found.id)
    assert list(map(without_times, runs)) == list(map(without_times, here.runs))
    assert any(run.diverged and run.log_area == math.inf for run in runs)
    stored = store.race_histories(found.id, [run.member for run in runs])
    for member, history in histories.items():
        assert set(stored[member]) == set(history)
        for column in history:
            np.testing.assert_array_equal(stored[member][column], history[column])
    opened = store.run(store.open_race_runs(found.id, [runs[0].member])[0])
    assert opened.summary is not None
    assert opened.summary.epochs == opened.epoch == 60


def test_the_reference_is_a_group_of_its_own(store: Store) -> None:
    key = asked(store, race_plan(), REFERENCE, reference=True)
    train_group(store, key, "w")
    found = store.race(key.race_id)
    assert [group.status for group in found.groups] == ["queued", "queued", "finished"]
    assert [run.member.seed for run in store.race_runs(key.race_id)] == [3, 4]
    members = [run.member for run in store.race_runs(key.race_id)]
    assert all(len(one) for one in store.race_histories(key.race_id, members).values())


def test_a_stop_ends_it_at_once_and_keeps_what_is_there(store: Store) -> None:
    # Nothing is left to compile: a stop of a compiler is another thing.
    train_group(store, asked(store, race_plan(5), 1), "w")
    key = asked(store, long_plan())
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.status == "running")
    time.sleep(1.0)
    store.stop_race(key.race_id)
    found = until_race(store, key.race_id, lambda race: race.ended, 5.0)
    thread.join(PATIENCE)
    assert (found.status, found.done, found.missing) == ("stopped", 0, 1)
    (cut,) = store.race_runs(key.race_id)
    assert cut.stopped
    assert cut.epochs == len(store.race_histories(key.race_id, [cut.member])[cut.member]) > 0


def test_a_stop_need_not_wait_for_a_compiler(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = threading.Event()

    def slow(*_: object, **__: object) -> object:
        assert compiled.wait(PATIENCE)
        return iter([])

    monkeypatch.setattr(running, "run_members", slow)
    key = asked(store, race_plan())
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.status == "running")
    store.stop_race(key.race_id)
    found = until_race(store, key.race_id, lambda race: race.ended, 5.0)
    assert (found.groups[0].status, found.groups[0].reason) == ("stopped", BUSY)
    compiled.set()
    thread.join(PATIENCE)
    assert store.race(key.race_id).groups == found.groups


def test_a_stop_whose_end_is_refused_is_written_at_the_next_beat(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, end, refused = threading.Event(), store.end_race_group, []

    def slow(*_: object, **__: object) -> object:
        assert compiled.wait(PATIENCE)
        return iter([])

    def once(key: GroupKey, worker: str, *how: object, **more: object) -> bool:
        if not refused:
            refused.append(key)
            raise StoreError("database is locked")
        return end(key, worker, *how, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "run_members", slow)
    monkeypatch.setattr(store, "end_race_group", once)
    key = asked(store, race_plan())
    thread = in_a_thread(store, key)
    until_race(store, key.race_id, lambda race: race.status == "running")
    store.stop_race(key.race_id)
    found = until_race(store, key.race_id, lambda race: race.ended, 5.0)
    assert refused == [key]
    assert found.groups[0].reason == BUSY
    compiled.set()
    thread.join(PATIENCE)


def test_what_goes_wrong_is_said_and_the_other_groups_do_not_mind(store: Store) -> None:
    key = asked(store, race_plan())
    with writing(store._engine) as session:
        plan = store.race(key.race_id).plan_json.replace('"sine"', '"unheard-of"')
        session.execute(update(RaceRow).values(plan=plan))
    train_group(store, key, "w")
    group, other = store.race(key.race_id).groups
    assert (group.status, other.status) == ("failed", "queued")
    assert group.reason is not None
    assert "unheard-of" in group.reason


def test_nothing_is_lost_while_the_store_refuses(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, refused = store.add_race_runs, []

    def sometimes(key: GroupKey, worker: str, trained: tuple[object, ...]) -> bool:
        if len(refused) < 3:
            refused.append(len(trained))
            raise StoreError("database is locked")
        return add(key, worker, trained)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "add_race_runs", sometimes)
    key = asked(store, race_plan())
    train_group(store, key, "w")
    group = store.race(key.race_id).groups[0]
    assert len(refused) == 3
    assert (group.status, group.done) == ("finished", 6)


def test_one_that_somebody_else_has_is_left_alone(store: Store) -> None:
    key = asked(store, race_plan())
    store.claim_race_group(key, "other")
    train_group(store, key, "w")
    assert store.race(key.race_id).groups[0].worker == "other"
    train_group(store, GroupKey("nobody", 0), "w")


def test_a_group_has_a_name_and_the_reference_too() -> None:
    for key in (GroupKey("a-b_c", 3), GroupKey("a", REFERENCE)):
        assert group_key(group_name(key)) == key
