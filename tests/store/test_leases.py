"""Which worker has a run, and what becomes of the runs of one that is gone."""

import threading

import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import LostRunError, Store

from .conftest import SAMPLES, SUMMARY, Clock, make_chunk


def test_a_claimed_run_is_running_and_cannot_be_claimed_again(
    store: Store, running: str, clock: Clock
) -> None:
    record = store.run(running)
    assert (record.status, record.worker, record.started_at) == ("running", "w1", clock.time)
    with pytest.raises(LostRunError, match="is running"):
        store.claim(running, "w2")


def test_of_many_workers_that_claim_at_once_one_gets_the_run(store: Store) -> None:
    run_id = store.create_run(RunSpec())
    got: list[str] = []

    def claim(worker: str) -> None:
        try:
            store.claim(run_id, worker)
        except LostRunError:
            return
        got.append(worker)

    threads = [threading.Thread(target=claim, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert store.run(run_id).worker == got[0]


def test_another_worker_has_no_say(store: Store, running: str) -> None:
    for call in (
        lambda: store.append(running, make_chunk(1, 1), worker="w2"),
        lambda: store.put_samples(running, SAMPLES, worker="w2"),
        lambda: store.finish(running, "finished", SUMMARY, worker="w2"),
    ):
        with pytest.raises(LostRunError, match="held by w1"):
            call()
    assert store.heartbeat_all([running], worker="w2") == {}
    assert store.control_all([running], worker="w2") == {}
    assert store.run(running).status == "running"
    assert len(store.history(running)) == 0
    assert store.samples(running) is None


def test_runs_wait_oldest_first(store: Store, clock: Clock) -> None:
    first = store.create_run(RunSpec())
    clock.forward(3)
    second = store.create_run(RunSpec())
    assert store.waiting() == [first, second]
    assert store.waiting(2) == [first]
    store.claim(first, "w")
    assert store.waiting() == [second]


def test_a_run_whose_lease_ran_out_is_interrupted_with_a_reason(
    store: Store, running: str, clock: Clock
) -> None:
    clock.forward(7)
    assert store.interrupt_lost() == []
    store.heartbeat_all([running], worker="w1")
    clock.forward(7)
    assert store.interrupt_lost() == []
    clock.forward(2)
    assert store.interrupt_lost() == [running]
    record = store.run(running)
    assert record.status == "interrupted"
    assert record.reason is not None
    assert "no sign of life" in record.reason


def test_the_runs_of_a_dead_worker_are_interrupted_at_once(store: Store, running: str) -> None:
    other = store.create_run(RunSpec())
    store.claim(other, "w2")
    store.heartbeat_all([other], worker="w2", paused=True)
    assert store.interrupt_lost(dead_workers=["w2", "w3"], reason="Killed.") == [other]
    assert store.run(other).reason == "Killed."
    assert store.run(running).status == "running"


def test_queued_runs_have_no_lease_to_lose(store: Store, clock: Clock) -> None:
    store.create_run(RunSpec())
    clock.forward(1000)
    assert store.interrupt_lost() == []
