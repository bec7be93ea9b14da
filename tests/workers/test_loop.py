import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from overfit_core.errors import ModelError
from overfit_core.spec import RunSpec, TrainingSpec
from overfit_core.store import Store
from overfit_core.workers import loop, member
from overfit_core.workers.loop import train

from .fakes import Background, FakeSession


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    yield store
    store.close()


def _create(store: Store, epochs: int) -> str:
    return store.create_run(RunSpec(training=TrainingSpec(epochs=epochs)))


def test_a_run_is_trained_to_its_end_with_summary_and_samples(store: Store) -> None:
    run_id = _create(store, 500)
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

    train(store, _create(store, 400), "w", make)
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
    run_id = _create(store, 500)
    train(store, run_id, "w", lambda spec: FakeSession(spec, fails_at=(100, error)))
    record = store.run(run_id)
    assert (record.status, record.reason) == ("failed", reason)
    assert 0 < record.epoch < 100
    assert record.spec.training.epochs == 500


def test_a_session_that_cannot_be_made_fails_the_run(store: Store) -> None:
    def make(spec: RunSpec) -> FakeSession:
        raise ModelError("No such thing.")

    run_id = _create(store, 5)
    train(store, run_id, "w", make)
    assert store.run(run_id).reason == "No such thing."


def test_a_very_long_reason_is_cut(store: Store) -> None:
    run_id = _create(store, 5)
    error = RuntimeError("x" * 100_000)
    train(store, run_id, "w", lambda spec: FakeSession(spec, fails_at=(1, error)))
    reason = store.run(run_id).reason
    assert reason is not None
    assert len(reason) <= member.MAX_REASON + 1


def test_a_run_of_another_worker_and_an_unknown_one_are_left_alone(store: Store) -> None:
    run_id = _create(store, 5)
    store.claim(run_id, "other")
    train(store, run_id, "w", FakeSession)
    train(store, "no-such-run", "w", FakeSession)
    record = store.run(run_id)
    assert (record.status, record.worker, record.epoch) == ("running", "other", 0)


def test_a_run_that_was_interrupted_meanwhile_is_abandoned(store: Store) -> None:
    run_id = _create(store, 1_000_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.epoch > 0)
    store.interrupt_lost(dead_workers=["w"], reason="Gone.")
    record = worker.join()
    assert (record.status, record.reason) == ("interrupted", "Gone.")
    assert len(store.history(run_id)) == record.epoch


def test_a_stop_ends_a_run_and_keeps_what_was_trained(store: Store) -> None:
    run_id = _create(store, 1_000_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-4))
    worker.until(lambda record: record.epoch > 1_000)
    store.set_wish(run_id, "stop")
    worker.until(lambda record: record.status == "stopped")
    record = worker.join()
    assert record.summary is not None
    assert record.summary.ended == "stopped"
    assert record.summary.epochs == record.epoch == len(store.history(run_id))


@pytest.mark.parametrize("busy", ["compile_seconds", "epoch_seconds"])
def test_a_stop_ends_a_run_also_while_the_engine_is_busy(store: Store, busy: str) -> None:
    run_id = _create(store, 1)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, **{busy: 2.0}))
    worker.until(lambda record: record.status == "running")
    time.sleep(0.2)
    store.set_wish(run_id, "stop")
    record = worker.until(lambda record: record.status == "stopped")
    assert record.reason is not None
    assert "no summary" in record.reason
    assert worker.join().status == "stopped"


def test_a_lease_is_kept_up_while_the_engine_is_busy(store: Store) -> None:
    run_id = _create(store, 1)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, compile_seconds=2.6))
    claimed = worker.until(lambda record: record.weights_hash is not None).lease_at
    renewed = worker.until(lambda record: record.lease_at != claimed).lease_at
    assert claimed is not None
    assert renewed is not None
    assert 1.5 < (renewed - claimed).total_seconds() < 2.5
    assert worker.join().status == "finished"


def test_a_paused_run_stands_still_until_it_goes_on(store: Store) -> None:
    run_id = _create(store, 3_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.epoch > 0)
    store.set_wish(run_id, "pause")
    epoch = worker.until(lambda record: record.status == "paused").epoch
    time.sleep(0.3)
    assert store.run(run_id).epoch == epoch < 3_000
    store.set_wish(run_id, "run")
    worker.until(lambda record: record.status == "running" and record.epoch > epoch)
    store.set_wish(run_id, "stop")
    worker.join()


def test_a_run_that_is_paused_before_it_starts_trains_nothing(store: Store) -> None:
    run_id = _create(store, 5)
    store.set_wish(run_id, "pause")
    worker = Background(store, run_id, FakeSession)
    assert worker.until(lambda record: record.status == "paused").epoch == 0
    store.set_wish(run_id, "stop")
    record = worker.join()
    assert (record.status, record.epoch) == ("stopped", 0)


def test_every_step_is_done_exactly_once(store: Store) -> None:
    run_id = _create(store, 1_000)
    store.set_wish(run_id, "pause")
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.status == "paused")
    for _ in range(7):
        store.step(run_id)
    store.step(run_id, 30)
    worker.until(lambda record: record.epoch == 37)
    time.sleep(0.2)
    record = store.run(run_id)
    assert (record.epoch, record.status) == (37, "paused")
    store.set_wish(run_id, "stop")
    worker.join()


def test_steps_that_were_not_done_when_the_run_went_on_are_not_done_later(store: Store) -> None:
    run_id = _create(store, 100_000)
    store.set_wish(run_id, "pause")
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.status == "paused")
    store.step(run_id, 90_000)
    worker.until(lambda record: record.epoch > 0)
    store.set_wish(run_id, "run")
    time.sleep(0.3)
    store.set_wish(run_id, "pause")
    epoch = worker.until(lambda record: record.status == "paused").epoch
    time.sleep(0.2)
    assert store.run(run_id).epoch <= epoch + 100
    store.step(run_id)
    assert worker.until(lambda record: record.epoch > epoch).epoch == epoch + 1
    store.set_wish(run_id, "stop")
    worker.join()


def test_a_pace_is_kept_and_can_be_changed_while_it_runs(store: Store) -> None:
    run_id = _create(store, 100_000)
    store.set_pace(run_id, 20.0)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch > 0)
    before, began = store.run(run_id).epoch, time.monotonic()
    reached = worker.until(lambda record: record.epoch >= before + 20).epoch
    assert (reached - before) / (time.monotonic() - began) <= 26
    store.set_pace(run_id, 1_000.0)
    worker.until(lambda record: record.epoch > before + 500)
    store.set_pace(run_id, None)
    assert worker.join().status == "finished"


def test_a_stop_is_seen_while_the_run_waits_for_a_slow_pace(store: Store) -> None:
    run_id = _create(store, 100)
    store.set_pace(run_id, 0.01)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch == 1)
    store.set_wish(run_id, "stop")
    worker.until(lambda record: record.status == "stopped")
    worker.join()


def test_a_paused_run_gives_its_worker_to_one_that_waits_and_goes_on_as_if_it_had_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PARK_SECONDS", 0.1)
    run_id = _create(store, 3_000)
    store.set_wish(run_id, "pause")
    store.step(run_id, 40)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.status == "paused" and record.epoch == 40)
    time.sleep(0.5)
    assert store.run(run_id).worker == "w", "nobody waits"

    _create(store, 10)
    record = worker.until(lambda record: record.worker is None)
    assert (record.status, record.epoch) == ("paused", 40)
    worker.join()

    store.step(run_id, 2)
    again = Background(store, run_id, FakeSession, worker="w2")
    again.until(lambda record: record.epoch == 42)
    store.set_wish(run_id, "run")
    assert again.join().status == "finished"
    np.testing.assert_array_equal(store.history(run_id)["loss"], 1.0 / np.arange(1, 3_001))


def test_a_stop_while_a_run_catches_up_says_nothing_of_earlier_epochs(store: Store) -> None:
    run_id = store.create_run(RunSpec(training=TrainingSpec(epochs=50)), steps=20)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch == 20 and record.status == "paused")
    assert store.park(run_id, 20, worker="w")
    worker.join()
    store.set_wish(run_id, "run")

    def make(spec: RunSpec) -> FakeSession:
        store.set_wish(run_id, "stop")
        return FakeSession(spec)

    record = Background(store, run_id, make, "w2").join()
    assert (record.status, record.epoch, record.summary) == ("stopped", 20, None)
    assert record.reason is not None
    assert "catching up" in record.reason
    assert store.samples(run_id) is None
