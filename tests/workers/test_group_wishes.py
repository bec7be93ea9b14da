"""A group stops, pauses, steps and gives its worker away as a person wishes; without TensorFlow."""

import threading
import time

import numpy as np
import pytest

from overfit_core.spec import RunSpec, TrainingSpec
from overfit_core.store import Store
from overfit_core.workers import loop

from .fakes import (
    Background,
    FakeSession,
    records,
    slow,
    specs,
    sqlite_store,
    stop,
    until,
)

store = pytest.fixture(sqlite_store)


def test_a_stop_of_one_ends_it_alone(store: Store) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.epoch > 0)
    store.set_wish_all([ids[0]], "stop")
    stopped = worker.until(lambda record: record.status == "stopped")
    assert stopped.summary is not None
    assert stopped.summary.epochs == stopped.epoch
    until(store, ids[:1] + ids[1:], lambda record: record.ended or record.epoch > stopped.epoch)
    first, second, third = records(store, ids)
    assert first.epoch == stopped.epoch < second.epoch == third.epoch
    assert second.status == third.status == "running"
    stop(store, ids, worker)


def test_a_stop_of_twelve_ends_all_with_their_summaries(store: Store) -> None:
    class SlowEnd(FakeSession):
        def samples(self):  # noqa: ANN202
            time.sleep(0.06)
            return super().samples()

    ids = store.create_runs([RunSpec(training=TrainingSpec(epochs=1_000_000))] * 12)
    worker = Background(store, ids[0], lambda spec: SlowEnd(spec, epoch_seconds=1e-4))
    until(store, ids, lambda record: record.epoch > 100)
    store.set_wish_all(ids, "stop")
    records = until(store, ids, lambda record: record.ended)
    assert all(record.summary is not None for record in records), "the loop ended them itself"
    worker.join()


def test_a_group_stands_still_steps_and_goes_on_together(store: Store) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000))
    store.set_wish_all(ids, "pause")
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.status == "paused")
    for _ in range(4):
        store.step_all(ids)
    store.step_all(ids, 20)
    until(store, ids, lambda record: record.epoch == 24)
    time.sleep(0.2)
    found = {(record.epoch, record.status) for record in records(store, ids)}
    assert found == {(24, "paused")}
    store.set_wish_all(ids, "run")
    until(store, ids, lambda record: record.status == "running" and record.epoch > 100)
    stop(store, ids, worker)


def test_a_pause_or_a_step_of_one_is_one_of_all_and_so_is_going_on(store: Store) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.epoch > 0)
    store.set_wish_all([ids[1]], "pause")
    before = until(store, ids, lambda record: record.status == "paused")[0].epoch
    store.step(ids[2])
    until(store, ids, lambda record: record.epoch == before + 1)
    # Asked of all at once, it is one step of each.
    store.step_all(ids)
    until(store, ids, lambda record: record.epoch == before + 2)
    time.sleep(0.2)
    assert {record.epoch for record in records(store, ids)} == {before + 2}
    store.set_wish_all([ids[0]], "run")
    until(store, ids, lambda record: record.epoch > before + 2)
    store.set_wish_all([ids[1]], "stop")
    until(store, ids, lambda record: record.id != ids[1] or record.ended)
    first, second, third = records(store, ids)
    assert (first.status, second.status, third.status) == ("running", "stopped", "running")
    stop(store, ids, worker)


@pytest.mark.exhaustive
def test_leases_are_kept_up_and_stops_are_heard_while_one_is_compiled(store: Store) -> None:
    ids = store.create_runs(specs(3, 3, 3))

    compiled = threading.Event()

    def make(spec: RunSpec) -> FakeSession:
        return FakeSession(spec, compiled=compiled)

    worker = Background(store, ids[0], make)
    begun = until(store, ids, lambda record: record.weights_hash is not None)
    store.set_wish_all([ids[2]], "stop")
    until(store, ids[:], lambda record: record.id != ids[2] or record.status == "stopped")
    going = dict(zip(ids[:2], begun, strict=False))
    until(
        store,
        ids,
        lambda record: record.id == ids[2] or record.lease_at != going[record.id].lease_at,
    )
    compiled.set()
    worker.join()
    assert [r.status for r in records(store, ids)] == ["finished", "finished", "stopped"]


def test_a_paused_group_gives_its_worker_away_and_goes_on_as_if_it_had_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PARK_SECONDS", 0.1)
    ids = store.create_runs(specs(900, 30, 900), steps=40)
    worker = Background(store, ids[0], FakeSession)
    until(store, ids, lambda record: record.status in ("paused", "finished"))
    time.sleep(0.4)
    assert {record.worker for record in records(store, ids)} == {"w"}, "nobody waits"
    store.create_run(RunSpec())
    first, ended, third = until(store, ids, lambda r: r.worker is None or r.ended)
    assert (first.epoch, ended.epoch, third.epoch) == (40, 30, 40)
    worker.join()

    # Another run still waits, and this one is not to give its worker away again.
    monkeypatch.setattr(loop, "PARK_SECONDS", 60.0)
    store.step_all(ids, 2)
    again = Background(store, store.waiting_groups()[0][0], FakeSession, "w2")
    until(store, ids, lambda record: record.ended or record.epoch == 42)
    time.sleep(0.1)
    assert store.run(ids[0]).epoch == 42
    store.set_wish_all(ids, "run")
    again.join()
    for run_id, epochs in zip(ids, (900, 30, 900), strict=True):
        assert store.run(run_id).status == "finished"
        np.testing.assert_array_equal(store.history(run_id)["loss"], 1.0 / np.arange(1, epochs + 1))


def test_a_stop_of_one_that_catches_up_says_nothing_of_earlier_epochs(store: Store) -> None:
    ids = store.create_runs(specs(60, 60, 60), steps=20)
    worker = Background(store, ids[0], FakeSession)
    until(store, ids, lambda record: record.epoch == 20 and record.status == "paused")
    assert store.park_all(ids, 20, worker="w")
    worker.join()
    store.set_wish_all(ids, "run")

    def make(spec: RunSpec) -> FakeSession:
        if spec.optimizer.name == "SGD":
            store.set_wish_all([ids[1]], "stop")
        return FakeSession(spec)

    Background(store, ids[0], make, "w2").join()
    first, stopped, third = records(store, ids)
    assert (first.status, third.status) == ("finished", "finished")
    assert (stopped.status, stopped.epoch, stopped.summary) == ("stopped", 20, None)
    assert stopped.reason is not None
    assert "catching up" in stopped.reason


@pytest.mark.exhaustive
def test_a_group_keeps_the_pace_of_its_first_run(store: Store) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000), pace=20.0)
    worker = Background(store, ids[0], FakeSession)
    before = until(store, ids, lambda record: record.epoch > 0)[0].epoch
    began = time.monotonic()
    reached = until(store, ids, lambda record: record.epoch >= before + 20)[2].epoch
    assert (reached - before) / (time.monotonic() - began) <= 26
    store.set_pace_all(ids, 1_000.0)
    until(store, ids, lambda record: record.epoch > before + 500)
    stop(store, ids, worker)
