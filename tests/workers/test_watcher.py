from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers import watcher as rules
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.watcher import Watcher


class FakeWorkers:
    """A connection that remembers what it was asked for."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.seen = 0.0
        self.imported = True
        self.submitted: list[str] = []
        self.restarted: list[str] = []
        self.failed: dict[str, str] = {}
        self.tasks: dict[str, list[str]] = {}
        self.replaced: list[tuple[str, int]] = []
        self.memory = 0

    def submit(self, run_id: str) -> None:
        self.submitted.append(run_id)

    def failures(self) -> dict[str, str]:
        failed, self.failed = self.failed, {}
        return failed

    def workers(self) -> list[WorkerState]:
        return [
            WorkerState(
                name, name.partition("#")[0], self.seen, self.imported, True, 1, self.memory
            )
            for name in self.names
        ]

    def training(self) -> dict[str, list[str]]:
        return self.tasks

    def restart(self, address: str) -> None:
        self.restarted.append(address)

    def replace(self, address: str, limit: int, seconds: float) -> None:
        self.replaced.append((address, limit))


class Clock:
    """The store's clock: behind the true time by as much as is said."""

    behind = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) - timedelta(seconds=self.behind)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}", clock)
    yield store
    store.close()


@pytest.fixture
def watcher(store: Store) -> Watcher:
    return Watcher(store, recycle_bytes=800)


def _claimed(store: Store, worker: str) -> str:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, worker)
    return run_id


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
    store.set_wish(ids[0], "stop")
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


def test_a_worker_whose_group_has_lost_a_run_long_ago_is_left_alone(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    ids = store.create_runs([RunSpec()] * 2)
    store.claim_group(ids[0], "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    workers.tasks = {"tcp://a": [ids[0]]}
    clock.behind = rules.STUCK_SECONDS + 1
    store.finish(ids[0], "stopped")
    clock.behind = 0
    watcher.look(workers)
    assert workers.restarted == [], "the other one goes on"
    clock.behind = rules.STUCK_SECONDS + 1
    store.finish(ids[1], "stopped")
    clock.behind = 0
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_is_gone_takes_its_run_with_it(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers("tcp://a#1", "tcp://b#2")
    run_id, other = _claimed(store, "tcp://a#1"), _claimed(store, "tcp://b#2")
    watcher.look(workers)
    workers.names = ["tcp://b#2", "tcp://a#3"]
    watcher.look(workers)
    record = store.run(run_id)
    assert (record.status, record.reason) == ("interrupted", rules.DIED)
    assert store.run(other).status == "running"


def test_a_run_of_a_worker_of_another_program_is_left_to_its_lease(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    clock.behind = 7
    run_id = _claimed(store, "tcp://elsewhere#1")
    clock.behind = 0
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
    clock.behind = 9
    run_id = _claimed(store, "tcp://a#1")
    clock.behind = 0
    workers = FakeWorkers("tcp://a#1")
    for _ in range(3):
        watcher.look(workers)
    assert store.run(run_id).status == "interrupted"
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_does_not_answer_a_stop_is_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    run_id = _claimed(store, "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    clock.behind = rules.STOP_SECONDS - 0.5
    store.set_wish(run_id, "stop")
    clock.behind = 0
    watcher.look(workers)
    assert store.run(run_id).status == "running"
    assert workers.restarted == []

    late = _claimed(store, "tcp://a#1")
    clock.behind = rules.STOP_SECONDS + 0.1
    store.set_wish(late, "stop")
    clock.behind = 0
    watcher.look(workers)
    record = store.run(late)
    assert (record.status, record.reason) == ("interrupted", rules.NO_ANSWER)
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_is_busy_with_a_run_that_ended_long_ago_is_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    just, long_ago = _claimed(store, "tcp://a#1"), _claimed(store, "tcp://b#2")
    store.finish(just, "stopped")
    clock.behind = rules.STUCK_SECONDS + 1
    store.finish(long_ago, "stopped")
    clock.behind = 0
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
    run_id = _claimed(store, "tcp://a#1")
    watcher.look(workers)
    assert workers.replaced == [("tcp://b", 800)], "the other one has a run"
    workers.names = ["tcp://a#1"]
    watcher.look(workers)
    assert store.run(run_id).status == "running"
    assert workers.restarted == []


@pytest.mark.parametrize("trouble", ["no answer", "no lease", "stuck"])
def test_a_run_that_was_deleted_while_it_trains_does_not_keep_its_worker(
    store: Store, watcher: Watcher, clock: Clock, trouble: str
) -> None:
    run_id = _claimed(store, "tcp://a#1")
    workers = FakeWorkers("tcp://a#1")
    workers.tasks = {"tcp://a": [run_id]}
    clock.behind = rules.STUCK_SECONDS + 1
    if trouble == "stuck":
        store.finish(run_id, "stopped")
    elif trouble == "no lease":
        store.heartbeat(run_id)
        clock.behind = 0
    store.delete([run_id], by=None)
    clock.behind = 0
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]
