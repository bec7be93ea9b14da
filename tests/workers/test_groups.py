"""Several runs in lock-step, tried without TensorFlow."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from overfit_core.errors import ModelError, StoreError
from overfit_core.spec import OptimizerSpec, RunSpec, TrainingSpec
from overfit_core.store import RunRecord, Store
from overfit_core.workers import life, loop
from overfit_core.workers.loop import train

from .fakes import Background, FakeSession

NAMES = ("Adam", "SGD", "Lion")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    yield store
    store.close()


def _specs(*epochs: int) -> list[RunSpec]:
    return [
        RunSpec(optimizer=OptimizerSpec(name=name), training=TrainingSpec(epochs=count))
        for name, count in zip(NAMES, epochs, strict=True)
    ]


def _records(store: Store, ids: list[str]) -> list[RunRecord]:
    """The runs of a group as they are at one moment."""
    group_id = store.run(ids[0]).group_id
    assert group_id is not None
    records = store.group(group_id)
    assert [record.id for record in records] == ids
    return records


def _until(
    store: Store, ids: list[str], holds: Callable[[RunRecord], bool], seconds: float = 30.0
) -> list[RunRecord]:
    """Wait until something holds of every run of a group."""
    deadline = time.monotonic() + seconds
    while not all(map(holds, records := _records(store, ids))):
        assert time.monotonic() < deadline, records
        time.sleep(0.005)
    return records


def _stop(store: Store, ids: list[str], worker: Background) -> None:
    store.set_wish_all(ids, "stop")
    worker.join()
    assert {record.status for record in _records(store, ids)} == {"stopped"}


def _slow(spec: RunSpec) -> FakeSession:
    return FakeSession(spec, epoch_seconds=1e-3)


def test_a_group_is_trained_to_its_end_with_what_each_started_from(store: Store) -> None:
    ids = store.create_runs(_specs(300, 300, 300))
    train(store, ids[1], "w", FakeSession)
    for record in _records(store, ids):
        assert (record.status, record.epoch, record.worker) == ("finished", 300, "w")
        assert (record.batch_hash, record.weights_hash) == ("b" * 64, "a" * 64)
        assert record.summary is not None
        np.testing.assert_array_equal(store.history(record.id)["loss"], 1.0 / np.arange(1, 301))
        assert store.samples(record.id) is not None


def test_a_task_for_another_run_of_the_group_finds_nothing_left(store: Store) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.epoch > 0)
    made: list[RunSpec] = []

    def make(spec: RunSpec) -> FakeSession:
        made.append(spec)
        return FakeSession(spec)

    train(store, ids[1], "other", make)
    assert made == []
    assert {record.worker for record in _records(store, ids)} == {"w"}
    _stop(store, ids, worker)


def test_all_are_compiled_before_the_first_is_trained(store: Store) -> None:
    done: list[str] = []

    class Watched(FakeSession):
        def compile(self) -> None:
            hashes = [record.weights_hash for record in _records(store, ids)]
            assert hashes == ["a" * 64] * 3, "what they start from is said first"
            done.append("compile")

        def advance(self, epochs: int):  # noqa: ANN202
            done.append("advance")
            return super().advance(epochs)

    ids = store.create_runs(_specs(5, 5, 5))
    train(store, ids[0], "w", Watched)
    assert done == ["compile"] * 3 + ["advance"] * len(done[3:])
    assert {record.status for record in _records(store, ids)} == {"finished"}


@pytest.mark.parametrize("pace", [None, 50.0])
def test_all_are_at_the_same_epoch_whenever_somebody_looks(
    store: Store, pace: float | None
) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000), pace=pace)
    worker = Background(store, ids[2], _slow)
    seen, deadline = set(), time.monotonic() + 0.8
    while time.monotonic() < deadline:
        epochs = {record.epoch for record in _records(store, ids)}
        assert len(epochs) == 1
        seen |= epochs
    assert len(seen) > 5
    _stop(store, ids, worker)


def test_a_round_of_twelve_takes_a_tenth_of_a_second_and_the_first_less(store: Store) -> None:
    sessions: list[FakeSession] = []

    def make(spec: RunSpec) -> FakeSession:
        sessions.append(_slow(spec))
        return sessions[-1]

    ids = store.create_runs([RunSpec(training=TrainingSpec(epochs=60))] * 12)
    train(store, ids[0], "w", make)
    assert len(sessions) == 12
    assert len({tuple(session.asked) for session in sessions}) == 1
    asked = sessions[0].asked
    assert asked[0] == 1
    assert 4 <= asked[3] <= 9
    assert {record.epoch for record in _records(store, ids)} == {60}


def test_who_has_fewer_epochs_ends_and_the_others_go_on(store: Store) -> None:
    ids = store.create_runs(_specs(40, 700, 5))
    train(store, ids[0], "w", FakeSession)
    found = [(record.status, record.epoch) for record in _records(store, ids)]
    assert found == [("finished", 40), ("finished", 700), ("finished", 5)]


def test_a_stop_of_one_ends_it_alone(store: Store) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.epoch > 0)
    store.set_wish(ids[0], "stop")
    stopped = worker.until(lambda record: record.status == "stopped")
    assert stopped.summary is not None
    assert stopped.summary.epochs == stopped.epoch
    _until(store, ids[:1] + ids[1:], lambda record: record.ended or record.epoch > stopped.epoch)
    first, second, third = _records(store, ids)
    assert first.epoch == stopped.epoch < second.epoch == third.epoch
    assert second.status == third.status == "running"
    _stop(store, ids, worker)


def test_a_stop_of_twelve_ends_all_with_their_summaries(store: Store) -> None:
    class SlowEnd(FakeSession):
        def samples(self):  # noqa: ANN202
            time.sleep(0.06)
            return super().samples()

    ids = store.create_runs([RunSpec(training=TrainingSpec(epochs=1_000_000))] * 12)
    worker = Background(store, ids[0], lambda spec: SlowEnd(spec, epoch_seconds=1e-4))
    _until(store, ids, lambda record: record.epoch > 100)
    store.set_wish_all(ids, "stop")
    records = _until(store, ids, lambda record: record.ended)
    assert all(record.summary is not None for record in records), "the loop ended them itself"
    worker.join()


def test_a_group_stands_still_steps_and_goes_on_together(store: Store) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000))
    store.set_wish_all(ids, "pause")
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.status == "paused")
    for _ in range(4):
        store.step_all(ids)
    store.step_all(ids, 20)
    _until(store, ids, lambda record: record.epoch == 24)
    time.sleep(0.2)
    found = {(record.epoch, record.status) for record in _records(store, ids)}
    assert found == {(24, "paused")}
    store.set_wish_all(ids, "run")
    _until(store, ids, lambda record: record.status == "running" and record.epoch > 100)
    _stop(store, ids, worker)


def test_a_pause_or_a_step_of_one_is_one_of_all_and_so_is_going_on(store: Store) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000))
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.epoch > 0)
    store.set_wish(ids[1], "pause")
    before = _until(store, ids, lambda record: record.status == "paused")[0].epoch
    store.step(ids[2])
    _until(store, ids, lambda record: record.epoch == before + 1)
    # Asked of all at once, it is one step of each.
    store.step_all(ids)
    time.sleep(0.2)
    assert {record.epoch for record in _records(store, ids)} == {before + 2}
    store.set_wish(ids[0], "run")
    _until(store, ids, lambda record: record.epoch > before + 2)
    store.set_wish(ids[1], "stop")
    _until(store, ids, lambda record: record.id != ids[1] or record.ended)
    _stop_rest(store, ids, worker)


def _stop_rest(store: Store, ids: list[str], worker: Background) -> None:
    store.set_wish_all(ids, "stop")
    worker.join()


@pytest.mark.parametrize("where", ["make", "compile", "advance", "samples"])
def test_what_goes_wrong_in_one_run_is_its_own_affair(store: Store, where: str) -> None:
    error = ModelError("This one cannot.")

    def make(spec: RunSpec) -> FakeSession:
        session = FakeSession(spec)
        if spec.optimizer.name == "SGD":
            if where == "make":
                raise error
            if where == "advance":
                session._fails_at = (100, error)
            else:
                monkeypatch.setattr(session, where, _raiser(error))
        return session

    ids = store.create_runs(_specs(500, 500, 500))
    with pytest.MonkeyPatch.context() as monkeypatch:
        train(store, ids[0], "w", make)
    adam, sgd, lion = _records(store, ids)
    assert (sgd.status, sgd.reason) == ("failed", "This one cannot.")
    assert (adam.status, adam.epoch) == (lion.status, lion.epoch) == ("finished", 500)
    assert len(store.history(sgd.id)) == sgd.epoch


def _raiser(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_a_run_that_was_lost_is_left_and_the_others_go_on(store: Store) -> None:
    ids = store.create_runs(_specs(2_000, 2_000, 2_000))
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.epoch > 0)
    store.interrupt(ids[1], "w", "Gone.")
    worker.join()
    first, lost, third = _records(store, ids)
    assert (first.status, third.status) == ("finished", "finished")
    assert (lost.status, lost.reason) == ("interrupted", "Gone.")
    assert len(store.history(lost.id)) == lost.epoch < 2_000


def test_a_run_that_is_lost_while_it_ends_is_left_and_the_others_end_too(store: Store) -> None:
    class Losing(FakeSession):
        def samples(self):  # noqa: ANN202
            store.interrupt(ids[0], "w", "Gone.")
            return super().samples()

    ids = store.create_runs(_specs(20, 20, 20))
    train(store, ids[0], "w", Losing)
    found = [(record.status, record.reason) for record in _records(store, ids)]
    assert found == [("interrupted", "Gone."), ("finished", None), ("finished", None)]


def test_a_store_that_refuses_fails_all_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = store.create_runs(_specs(500, 500, 500))
    refusal = StoreError("The database refused: disk full")
    monkeypatch.setattr(store, "append_all", lambda *_, **__: _raiser(refusal)())
    train(store, ids[0], "w", FakeSession)
    found = {(record.status, record.reason) for record in _records(store, ids)}
    assert found == {("failed", "The database refused: disk full")}


def test_leases_are_kept_up_and_stops_are_heard_while_one_is_compiled(store: Store) -> None:
    ids = store.create_runs(_specs(3, 3, 3))

    def make(spec: RunSpec) -> FakeSession:
        seconds = 3.0 if spec.optimizer.name == "Adam" else 0.0
        return FakeSession(spec, compile_seconds=seconds)

    worker = Background(store, ids[0], make)
    begun = _until(store, ids, lambda record: record.weights_hash is not None)
    store.set_wish(ids[2], "stop")
    _until(store, ids[:], lambda record: record.id != ids[2] or record.status == "stopped")
    going = dict(zip(ids[:2], begun, strict=False))
    _until(
        store,
        ids,
        lambda record: record.id == ids[2] or record.lease_at != going[record.id].lease_at,
    )
    worker.join()
    assert [r.status for r in _records(store, ids)] == ["finished", "finished", "stopped"]


def test_a_paused_group_gives_its_worker_away_and_goes_on_as_if_it_had_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PARK_SECONDS", 0.1)
    ids = store.create_runs(_specs(900, 30, 900), steps=40)
    worker = Background(store, ids[0], FakeSession)
    _until(store, ids, lambda record: record.status in ("paused", "finished"))
    time.sleep(0.4)
    assert {record.worker for record in _records(store, ids)} == {"w"}, "nobody waits"
    store.create_run(RunSpec())
    first, ended, third = _until(store, ids, lambda r: r.worker is None or r.ended)
    assert (first.epoch, ended.epoch, third.epoch) == (40, 30, 40)
    worker.join()

    store.step_all(ids, 2)
    again = Background(store, store.waiting_groups()[0][0], FakeSession, "w2")
    _until(store, ids, lambda record: record.ended or record.epoch == 42)
    time.sleep(0.1)
    assert store.run(ids[0]).epoch == 42
    store.set_wish_all(ids, "run")
    again.join()
    for run_id, epochs in zip(ids, (900, 30, 900), strict=True):
        assert store.run(run_id).status == "finished"
        np.testing.assert_array_equal(store.history(run_id)["loss"], 1.0 / np.arange(1, epochs + 1))


def test_a_stop_of_one_that_catches_up_says_nothing_of_earlier_epochs(store: Store) -> None:
    ids = store.create_runs(_specs(60, 60, 60), steps=20)
    worker = Background(store, ids[0], FakeSession)
    _until(store, ids, lambda record: record.epoch == 20 and record.status == "paused")
    assert store.park_all(ids, 20, worker="w")
    worker.join()
    store.set_wish_all(ids, "run")

    def make(spec: RunSpec) -> FakeSession:
        if spec.optimizer.name == "SGD":
            store.set_wish(ids[1], "stop")
        return FakeSession(spec)

    Background(store, ids[0], make, "w2").join()
    first, stopped, third = _records(store, ids)
    assert (first.status, third.status) == ("finished", "finished")
    assert (stopped.status, stopped.epoch, stopped.summary) == ("stopped", 20, None)
    assert stopped.reason is not None
    assert "catching up" in stopped.reason


def test_a_group_keeps_the_pace_of_its_first_run(store: Store) -> None:
    ids = store.create_runs(_specs(100_000, 100_000, 100_000), pace=20.0)
    worker = Background(store, ids[0], FakeSession)
    before = _until(store, ids, lambda record: record.epoch > 0)[0].epoch
    began = time.monotonic()
    time.sleep(1.0)
    rate = (store.run(ids[2]).epoch - before) / (time.monotonic() - began)
    assert 14 <= rate <= 26
    store.set_pace_all(ids, 1_000.0)
    _until(store, ids, lambda record: record.epoch > before + 500)
    _stop(store, ids, worker)


def test_a_run_whose_end_cannot_be_written_loses_its_lease_though_the_others_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = store.create_runs(_specs(5, 100_000, 100_000))
    finish = store.finish

    def refuse(run_id: str, *args: object, **more: object) -> None:
        if run_id == ids[0]:
            raise StoreError("The database refused.")
        finish(run_id, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "finish", refuse)
    monkeypatch.setattr(life, "BEAT_SECONDS", 0.2)
    worker = Background(store, ids[0], _slow)
    _until(store, ids, lambda record: record.epoch > (0 if record.id == ids[0] else 50))
    left_at = store.run(ids[0]).lease_at
    going = store.run(ids[1]).lease_at
    _until(store, ids, lambda record: record.id != ids[1] or record.lease_at > going)
    time.sleep(0.5)
    assert store.run(ids[0]).lease_at == left_at
    _stop_rest(store, ids[1:], worker)
