"""Several runs in lock-step, tried without TensorFlow."""

import time

import numpy as np
import pytest

from overfit_core.spec import RunSpec, TrainingSpec
from overfit_core.store import Store
from overfit_core.workers.loop import train

from .fakes import Background, FakeSession, records, slow, specs, sqlite_store, stop, until

store = pytest.fixture(sqlite_store)


def test_a_group_is_trained_to_its_end_with_what_each_started_from(store: Store) -> None:
    ids = store.create_runs(specs(300, 300, 300))
    train(store, ids[1], "w", FakeSession)
    for record in records(store, ids):
        assert (record.status, record.epoch, record.worker) == ("finished", 300, "w")
        assert (record.batch_hash, record.weights_hash) == ("b" * 64, "a" * 64)
        assert record.summary is not None
        np.testing.assert_array_equal(store.history(record.id)["loss"], 1.0 / np.arange(1, 301))
        assert store.samples(record.id) is not None


def test_a_task_for_another_run_of_the_group_finds_nothing_left(store: Store) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.epoch > 0)
    made: list[RunSpec] = []

    def make(spec: RunSpec) -> FakeSession:
        made.append(spec)
        return FakeSession(spec)

    train(store, ids[1], "other", make)
    assert made == []
    assert {record.worker for record in records(store, ids)} == {"w"}
    stop(store, ids, worker)


def test_all_are_compiled_before_the_first_is_trained(store: Store) -> None:
    done: list[str] = []

    class Watched(FakeSession):
        def compile(self) -> None:
            hashes = [record.weights_hash for record in records(store, ids)]
            assert hashes == ["a" * 64] * 3, "what they start from is said first"
            done.append("compile")

        def advance(self, epochs: int):  # noqa: ANN202
            done.append("advance")
            return super().advance(epochs)

    ids = store.create_runs(specs(5, 5, 5))
    train(store, ids[0], "w", Watched)
    assert done == ["compile"] * 3 + ["advance"] * len(done[3:])
    assert {record.status for record in records(store, ids)} == {"finished"}


@pytest.mark.parametrize("pace", [None, 50.0])
def test_all_are_at_the_same_epoch_whenever_somebody_looks(
    store: Store, pace: float | None
) -> None:
    ids = store.create_runs(specs(100_000, 100_000, 100_000), pace=pace)
    worker = Background(store, ids[2], slow)
    seen, began = set(), time.monotonic()
    while len(seen) <= 5 or time.monotonic() - began < 0.8:
        assert time.monotonic() - began < 30, seen
        epochs = {record.epoch for record in records(store, ids)}
        assert len(epochs) == 1
        seen |= epochs
    stop(store, ids, worker)


def test_a_round_of_twelve_takes_a_tenth_of_a_second_and_the_first_less(store: Store) -> None:
    sessions: list[FakeSession] = []

    def make(spec: RunSpec) -> FakeSession:
        sessions.append(slow(spec))
        return sessions[-1]

    ids = store.create_runs([RunSpec(training=TrainingSpec(epochs=60))] * 12)
    train(store, ids[0], "w", make)
    assert len(sessions) == 12
    assert len({tuple(session.asked) for session in sessions}) == 1
    asked = sessions[0].asked
    assert asked[0] == 1
    assert 4 <= asked[3] <= 9
    assert {record.epoch for record in records(store, ids)} == {60}


def test_who_has_fewer_epochs_ends_and_the_others_go_on(store: Store) -> None:
    ids = store.create_runs(specs(40, 700, 5))
    train(store, ids[0], "w", FakeSession)
    found = [(record.status, record.epoch) for record in records(store, ids)]
    assert found == [("finished", 40), ("finished", 700), ("finished", 5)]
