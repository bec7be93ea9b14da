"""Which workers the watcher restarts, and which it leaves alone."""

import pytest

from overfit_core.store import LEASE_SECONDS, Store
from overfit_core.workers import watcher as rules
from overfit_core.workers.watcher import Watcher

from .watching import (
    Clock,
    FakeWorkers,
    claimed,
    claimed_group,
    its_watcher,
    late_clock,
    late_store,
)

clock = pytest.fixture(late_clock)
store = pytest.fixture(late_store)
watcher = pytest.fixture(its_watcher)


def test_a_worker_whose_group_has_lost_a_run_long_ago_is_left_alone(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    ids = claimed_group(store, "tcp://a#1", 2)
    workers = FakeWorkers("tcp://a#1")
    workers.tasks = {"tcp://a": [ids[0]]}
    with clock.ago(rules.STUCK_SECONDS + 1):
        store.finish(ids[0], "stopped")
    watcher.look(workers)
    assert workers.restarted == [], "the other one goes on"
    with clock.ago(rules.STUCK_SECONDS + 1):
        store.finish(ids[1], "stopped")
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]


def test_a_run_of_a_worker_of_another_program_is_left_to_its_lease(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    with clock.ago(7):
        run_id = claimed(store, "tcp://elsewhere#1")
    workers = FakeWorkers("tcp://a#1")
    watcher.look(workers)
    assert store.run(run_id).status == "running"
    clock.behind = -2
    watcher.look(workers)
    assert store.run(run_id).status == "interrupted"
    assert workers.restarted == []


def test_a_worker_whose_lease_ran_out_is_restarted_once(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    with clock.ago(9):
        run_id = claimed(store, "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    for _ in range(3):
        watcher.look(workers)
    assert store.run(run_id).status == "interrupted"
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_does_not_answer_a_stop_is_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    run_id = claimed(store, "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    with clock.ago(rules.STOP_SECONDS - 0.5):
        store.set_wish_all([run_id], "stop")
    watcher.look(workers)
    assert store.run(run_id).status == "running"
    assert workers.restarted == []

    late = claimed(store, "tcp://a#1")
    with clock.ago(rules.STOP_SECONDS + 0.1):
        store.set_wish_all([late], "stop")
    watcher.look(workers)
    record = store.run(late)
    assert (record.status, record.reason) == ("interrupted", rules.NO_ANSWER)
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_is_busy_with_a_run_that_ended_long_ago_is_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    just, long_ago = claimed(store, "tcp://a#1"), claimed(store, "tcp://b#2")
    store.finish(just, "stopped")
    with clock.ago(rules.STUCK_SECONDS + 1):
        store.finish(long_ago, "stopped")
    workers = FakeWorkers("tcp://a#1", "tcp://b#2")
    workers.tasks = {"tcp://a": [just], "tcp://b": [long_ago]}
    watcher.look(workers)
    assert workers.restarted == ["tcp://b"]


def test_a_silent_worker_is_restarted_unless_it_is_importing_tensorflow(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(rules.time, "monotonic", lambda: now[0])
    workers = FakeWorkers("tcp://a#1")
    workers.imported = False
    watcher.look(workers)
    now[0] += rules.SILENT_SECONDS + 1
    watcher.look(workers)
    assert workers.restarted == []
    workers.imported, workers.seen = True, 1.0
    watcher.look(workers)
    now[0] += rules.SILENT_SECONDS - 1
    watcher.look(workers)
    assert workers.restarted == []
    now[0] += 2
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]


@pytest.mark.parametrize("trouble", ["no answer", "no lease", "stuck"])
def test_a_run_that_was_deleted_while_it_trains_does_not_keep_its_worker(
    store: Store, watcher: Watcher, clock: Clock, trouble: str
) -> None:
    run_id = claimed(store, "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    workers.tasks = {"tcp://a": [run_id]}
    clock.behind = rules.STUCK_SECONDS + 1
    if trouble == "stuck":
        store.finish(run_id, "stopped")
    elif trouble == "no lease":
        store.heartbeat_all([run_id])
        clock.behind = 0
    store.delete([run_id], by=None)
    clock.behind = 0
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]


@pytest.mark.exhaustive
def test_a_worker_that_lets_go_of_one_run_and_trains_others_is_left_alone(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    with clock.ago(LEASE_SECONDS + 1):
        ids = claimed_group(store, "tcp://a#1", 3)
    store.heartbeat_all(ids[1:], worker="tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    for _ in range(3):
        watcher.look(workers)
    record = store.run(ids[0])
    assert (record.status, record.reason) == ("interrupted", rules.NOT_WRITTEN)
    assert {store.run(run_id).status for run_id in ids[1:]} == {"running"}
    assert workers.restarted == []

    with clock.ago(LEASE_SECONDS + 1):
        store.heartbeat_all(ids[1:], worker="tcp://a#1")
    watcher.look(workers)
    assert {store.run(run_id).status for run_id in ids[1:]} == {"interrupted"}
    assert workers.restarted == ["tcp://a"], "now it does nothing any more"


def test_a_lease_that_runs_out_while_the_watcher_looks_does_not_cost_the_others_their_worker(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    with clock.ago(LEASE_SECONDS - 2):
        ids = claimed_group(store, "tcp://a#1", 2)
    store.heartbeat_all(ids[1:], worker="tcp://a#1")
    # It was not old yet when the runs were read, and is when the store is asked for lost ones.
    clock.behind = -4
    workers = FakeWorkers("tcp://a#1")
    watcher.look(workers)
    assert [store.run(run_id).status for run_id in ids] == ["interrupted", "running"]
    assert workers.restarted == []
