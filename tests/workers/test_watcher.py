"""The watcher places what waits, and notices who is gone."""

import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers import watcher as rules
from overfit_core.workers.watcher import Watcher

from .watching import FakeWorkers, claimed, its_watcher, late_clock, late_store

clock = pytest.fixture(late_clock)
store = pytest.fixture(late_store)
watcher = pytest.fixture(its_watcher)


def test_runs_that_wait_are_submitted_again_and_again(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers("tcp://a#1")
    first, second = (store.create_run(RunSpec()) for _ in range(2))
    watcher.look(workers)
    store.claim(first, "tcp://a#1")
    watcher.look(workers)
    assert workers.submitted == [first, second, second]


def test_one_task_is_submitted_for_a_group(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers("tcp://a#1")
    ids = store.create_runs([RunSpec()] * 3)
    alone = store.create_run(RunSpec())
    watcher.look(workers)
    assert workers.submitted == [ids[0], alone]
    # Its task finds nothing to do; the others of the group are found all the same.
    store.set_wish_all([ids[0]], "stop")
    watcher.look(workers)
    assert workers.submitted[2:] == [ids[1], alone]
    store.claim_group(ids[1], "tcp://a#1")
    watcher.look(workers)
    assert workers.submitted[4:] == [alone]


def test_a_group_whose_task_always_fails_is_given_up_as_a_whole(
    store: Store, watcher: Watcher
) -> None:
    ids = store.create_runs([RunSpec()] * 3)
    workers = FakeWorkers("tcp://a#1")
    for _ in range(rules.MAX_ATTEMPTS):
        assert {store.run(run_id).status for run_id in ids} == {"queued"}
        workers.failed = {ids[0]: "No module named 'overfit_core'"}
        watcher.look(workers)
    assert {store.run(run_id).status for run_id in ids} == {"failed"}


def test_a_task_that_always_fails_before_it_takes_its_run_is_given_up(
    store: Store, watcher: Watcher
) -> None:
    run_id = store.create_run(RunSpec())
    workers = FakeWorkers("tcp://a#1")
    for _ in range(rules.MAX_ATTEMPTS):
        assert store.run(run_id).status == "queued"
        workers.failed = {run_id: "No module named 'overfit_core'"}
        watcher.look(workers)
    record = store.run(run_id)
    assert record.status == "failed"
    assert record.reason is not None
    assert "No module named 'overfit_core'" in record.reason


def test_a_worker_that_has_grown_too_large_is_asked_to_be_replaced(
    store: Store, watcher: Watcher
) -> None:
    workers = FakeWorkers("tcp://a#1", "tcp://b#2")
    watcher.look(workers)
    assert workers.replaced == []
    workers.memory = 801
    run_id = claimed(store, "tcp://a#1")
    watcher.look(workers)
    assert workers.replaced == [("tcp://b", 800)], "the other one has a run"
    workers.names = ["tcp://a#1"]
    watcher.look(workers)
    assert store.run(run_id).status == "running"
    assert workers.restarted == []


def test_a_worker_that_is_gone_takes_its_run_with_it(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers("tcp://a#1", "tcp://b#2")
    run_id, other = claimed(store, "tcp://a#1"), claimed(store, "tcp://b#2")
    watcher.look(workers)
    workers.names = ["tcp://b#2", "tcp://a#3"]
    watcher.look(workers)
    record = store.run(run_id)
    assert (record.status, record.reason) == ("interrupted", rules.DIED)
    assert store.run(other).status == "running"
