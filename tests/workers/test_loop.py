"""A run is trained to its end, whatever that is; tried without TensorFlow."""

import threading
import time

import numpy as np
import pytest

from overfit_core.errors import ModelError
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers import member
from overfit_core.workers.loop import train

from .fakes import Background, FakeSession, create, sqlite_store

store = pytest.fixture(sqlite_store)


def test_a_run_is_trained_to_its_end_with_summary_and_samples(store: Store) -> None:
    run_id = create(store, 500)
    train(store, run_id, "w", FakeSession)
    record = store.run(run_id)
    assert (record.status, record.epoch, record.reason) == ("finished", 500, None)
    assert record.summary is not None
    assert record.summary.ended == "epochs"
    np.testing.assert_array_equal(store.history(run_id)["loss"], 1.0 / np.arange(1, 501))
    assert store.samples(run_id) is not None


def test_the_first_chunk_is_short_and_later_ones_take_a_tenth_of_a_second(store: Store) -> None:
    sessions = []

    def make(spec: RunSpec) -> FakeSession:
        sessions.append(FakeSession(spec, epoch_seconds=0.001))
        return sessions[0]

    train(store, create(store, 400), "w", make)
    asked = sessions[0].asked
    assert asked[0] == 10
    assert 60 <= asked[2] <= 110


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelError("The layer dense_1 cannot take this."), "The layer dense_1 cannot take this."),
        (RuntimeError("cannot allocate"), "RuntimeError: cannot allocate"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_becomes_the_reason_and_the_rest_is_kept(
    store: Store, error: Exception, reason: str
) -> None:
    run_id = create(store, 500)
    train(store, run_id, "w", lambda spec: FakeSession(spec, fails_at=(100, error)))
    record = store.run(run_id)
    assert (record.status, record.reason) == ("failed", reason)
    assert 0 < record.epoch < 100
    assert record.spec.training.epochs == 500


def test_a_session_that_cannot_be_made_fails_the_run(store: Store) -> None:
    def make(spec: RunSpec) -> FakeSession:
        raise ModelError("No such thing.")

    run_id = create(store, 5)
    train(store, run_id, "w", make)
    assert store.run(run_id).reason == "No such thing."


def test_a_very_long_reason_is_cut(store: Store) -> None:
    run_id = create(store, 5)
    error = RuntimeError("x" * 100_000)
    train(store, run_id, "w", lambda spec: FakeSession(spec, fails_at=(1, error)))
    reason = store.run(run_id).reason
    assert reason is not None
    assert len(reason) <= member.MAX_REASON + 1


def test_a_run_of_another_worker_and_an_unknown_one_are_left_alone(store: Store) -> None:
    run_id = create(store, 5)
    store.claim(run_id, "other")
    train(store, run_id, "w", FakeSession)
    train(store, "no-such-run", "w", FakeSession)
    record = store.run(run_id)
    assert (record.status, record.worker, record.epoch) == ("running", "other", 0)


def test_a_run_that_was_interrupted_meanwhile_is_abandoned(store: Store) -> None:
    run_id = create(store, 1_000_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.epoch > 0)
    store.interrupt_lost(dead_workers=["w"], reason="Gone.")
    record = worker.join()
    assert (record.status, record.reason) == ("interrupted", "Gone.")
    assert len(store.history(run_id)) == record.epoch


def test_a_stop_ends_a_run_and_keeps_what_was_trained(store: Store) -> None:
    run_id = create(store, 1_000_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-4))
    worker.until(lambda record: record.epoch > 1_000)
    store.set_wish_all([run_id], "stop")
    worker.until(lambda record: record.status == "stopped")
    record = worker.join()
    assert record.summary is not None
    assert record.summary.ended == "stopped"
    assert record.summary.epochs == record.epoch == len(store.history(run_id))


@pytest.mark.few(1)
@pytest.mark.parametrize("busy", ["compile_seconds", "epoch_seconds"])
def test_a_stop_ends_a_run_also_while_the_engine_is_busy(store: Store, busy: str) -> None:
    run_id = create(store, 1)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, **{busy: 2.0}))
    worker.until(lambda record: record.status == "running")
    time.sleep(0.2)
    store.set_wish_all([run_id], "stop")
    record = worker.until(lambda record: record.status == "stopped")
    assert record.reason is not None
    assert "no summary" in record.reason
    assert worker.join().status == "stopped"


def test_a_lease_is_kept_up_while_the_engine_is_busy(store: Store) -> None:
    run_id = create(store, 1)
    compiled = threading.Event()
    worker = Background(store, run_id, lambda spec: FakeSession(spec, compiled=compiled))
    begun = worker.until(lambda record: record.weights_hash is not None).lease_at
    renewed = worker.until(lambda record: record.lease_at != begun).lease_at
    assert begun is not None
    assert renewed is not None
    assert begun < renewed
    compiled.set()
    assert worker.join().status == "finished"


@pytest.mark.exhaustive
def test_a_run_that_is_stopped_while_the_engine_is_busy_keeps_the_reason_it_was_stopped_for(
    store: Store,
) -> None:
    run_id = create(store, 1)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, compile_seconds=2.0))
    worker.until(lambda record: record.status == "running")
    reason = "Nobody had looked at it for 2 minutes."
    store.set_wish_all([run_id], "stop", reason=reason)
    assert worker.until(lambda record: record.status == "stopped").reason == reason
    worker.join()
