"""A run pauses, steps, keeps a pace and gives its worker away; tried without TensorFlow."""

import time

import numpy as np
import pytest

from overfit_core.spec import RunSpec, TrainingSpec
from overfit_core.store import Store
from overfit_core.workers import loop

from .fakes import Background, FakeSession, create, sqlite_store

store = pytest.fixture(sqlite_store)


def test_a_paused_run_stands_still_until_it_goes_on(store: Store) -> None:
    run_id = create(store, 3_000)
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.epoch > 0)
    store.set_wish_all([run_id], "pause")
    epoch = worker.until(lambda record: record.status == "paused").epoch
    time.sleep(0.3)
    assert store.run(run_id).epoch == epoch < 3_000
    store.set_wish_all([run_id], "run")
    worker.until(lambda record: record.status == "running" and record.epoch > epoch)
    store.set_wish_all([run_id], "stop")
    worker.join()


def test_a_run_that_is_paused_before_it_starts_trains_nothing(store: Store) -> None:
    run_id = create(store, 5)
    store.set_wish_all([run_id], "pause")
    worker = Background(store, run_id, FakeSession)
    assert worker.until(lambda record: record.status == "paused").epoch == 0
    store.set_wish_all([run_id], "stop")
    record = worker.join()
    assert (record.status, record.epoch) == ("stopped", 0)


def test_every_step_is_done_exactly_once(store: Store) -> None:
    run_id = create(store, 1_000)
    store.set_wish_all([run_id], "pause")
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.status == "paused")
    for _ in range(7):
        store.step(run_id)
    store.step(run_id, 30)
    worker.until(lambda record: record.epoch == 37)
    time.sleep(0.2)
    record = store.run(run_id)
    assert (record.epoch, record.status) == (37, "paused")
    store.set_wish_all([run_id], "stop")
    worker.join()


def test_steps_that_were_not_done_when_the_run_went_on_are_not_done_later(store: Store) -> None:
    run_id = create(store, 100_000)
    store.set_wish_all([run_id], "pause")
    worker = Background(store, run_id, lambda spec: FakeSession(spec, epoch_seconds=1e-3))
    worker.until(lambda record: record.status == "paused")
    store.step(run_id, 90_000)
    worker.until(lambda record: record.epoch > 0)
    store.set_wish_all([run_id], "run")
    worker.until(lambda record: record.status == "running")
    store.set_wish_all([run_id], "pause")
    epoch = worker.until(lambda record: record.status == "paused").epoch
    time.sleep(0.3)
    assert store.run(run_id).epoch == epoch < 90_000
    store.step(run_id)
    assert worker.until(lambda record: record.epoch > epoch).epoch == epoch + 1
    store.set_wish_all([run_id], "stop")
    worker.join()


def test_a_pace_is_kept_and_can_be_changed_while_it_runs(store: Store) -> None:
    run_id = create(store, 100_000)
    store.set_pace_all([run_id], 20.0)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch > 0)
    before, began = store.run(run_id).epoch, time.monotonic()
    reached = worker.until(lambda record: record.epoch >= before + 20).epoch
    assert (reached - before) / (time.monotonic() - began) <= 26
    store.set_pace_all([run_id], 1_000.0)
    worker.until(lambda record: record.epoch > before + 500)
    store.set_pace_all([run_id], None)
    assert worker.join().status == "finished"


def test_a_stop_is_seen_while_the_run_waits_for_a_slow_pace(store: Store) -> None:
    run_id = create(store, 100)
    store.set_pace_all([run_id], 0.01)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch == 1)
    store.set_wish_all([run_id], "stop")
    worker.until(lambda record: record.status == "stopped")
    worker.join()


def test_a_paused_run_gives_its_worker_to_one_that_waits_and_goes_on_as_if_it_had_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PARK_SECONDS", 0.1)
    run_id = create(store, 3_000)
    store.set_wish_all([run_id], "pause")
    store.step(run_id, 40)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.status == "paused" and record.epoch == 40)
    time.sleep(0.5)
    assert store.run(run_id).worker == "w", "nobody waits"

    create(store, 10)
    record = worker.until(lambda record: record.worker is None)
    assert (record.status, record.epoch) == ("paused", 40)
    worker.join()

    # Another run still waits, and this one is not to give its worker away again.
    monkeypatch.setattr(loop, "PARK_SECONDS", 60.0)
    store.step(run_id, 2)
    again = Background(store, run_id, FakeSession, worker="w2")
    again.until(lambda record: record.epoch == 42)
    store.set_wish_all([run_id], "run")
    assert again.join().status == "finished"
    np.testing.assert_array_equal(store.history(run_id)["loss"], 1.0 / np.arange(1, 3_001))


def test_a_stop_while_a_run_catches_up_says_nothing_of_earlier_epochs(store: Store) -> None:
    run_id = store.create_run(RunSpec(training=TrainingSpec(epochs=50)), steps=20)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.epoch == 20 and record.status == "paused")
    assert store.park_all([run_id], 20, worker="w")
    worker.join()
    store.set_wish_all([run_id], "run")

    def make(spec: RunSpec) -> FakeSession:
        store.set_wish_all([run_id], "stop")
        return FakeSession(spec)

    record = Background(store, run_id, make, "w2").join()
    assert (record.status, record.epoch, record.summary) == ("stopped", 20, None)
    assert record.reason is not None
    assert "catching up" in record.reason
    assert store.samples(run_id) is None
