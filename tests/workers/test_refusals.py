"""A store that refuses is no fault of a run; tried without TensorFlow."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from overfit_core.errors import ModelError, StoreError, UnknownRaceError, UnknownRunError
from overfit_core.spec import RunSpec
from overfit_core.store import LostRunError, Store
from overfit_core.training.result import Samples
from overfit_core.workers import insistence, life
from overfit_core.workers.insistence import Insistence
from overfit_core.workers.loop import train

from .fakes import (
    Background,
    FakeSession,
    create,
    raiser,
    records,
    slow,
    specs,
    sqlite_store,
    stop_rest,
    until,
)

store = pytest.fixture(sqlite_store)
LOCKED = StoreError("The database refused: database is locked")


@pytest.fixture
def refuse(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the store refuse the first calls of a method; before it writes, or after."""

    def refuse(method: str, times: int = 1, *, written: bool = False) -> None:
        real, left = getattr(store, method), [times]

        def call(*args: object, **more: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                return real(*args, **more)
            if written:
                real(*args, **more)
            raise LOCKED

        monkeypatch.setattr(store, method, call)

    return refuse


@pytest.mark.few(3)
@pytest.mark.parametrize("method", ["begin", "control_all", "append_all", "put_samples", "finish"])
@pytest.mark.parametrize("written", [False, True])
def test_what_the_store_refused_once_is_done_all_the_same(
    store: Store, refuse: Callable[..., None], method: str, written: bool
) -> None:
    ids = store.create_runs(specs(300, 300, 300))
    refuse(method, written=written)
    train(store, ids[0], "w", FakeSession)
    for record in records(store, ids):
        assert (record.status, record.reason, record.epoch) == ("finished", None, 300)
        assert record.summary is not None
        assert store.samples(record.id) is not None
        np.testing.assert_array_equal(store.history(record.id)["loss"], 1.0 / np.arange(1, 301))


@pytest.mark.few(1)
@pytest.mark.parametrize("method", ["heartbeat_all", "waiting", "park_all"])
def test_a_paused_run_outlives_a_refusal(
    store: Store, refuse: Callable[..., None], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_core.workers.loop.PARK_SECONDS", 0.1)
    monkeypatch.setattr(life, "BEAT_SECONDS", 60.0)
    run_id = store.create_run(RunSpec(), steps=1)
    store.create_run(RunSpec())
    refuse(method)
    worker = Background(store, run_id, FakeSession)
    worker.until(lambda record: record.status == "paused" and record.worker is None)
    worker.join()


def test_the_end_of_a_run_that_failed_is_written_though_it_was_refused_once(
    store: Store, refuse: Callable[..., None]
) -> None:
    run_id = create(store, 500)
    refuse("finish")
    error = ModelError("This one cannot.")
    train(store, run_id, "w", lambda spec: FakeSession(spec, fails_at=(100, error)))
    record = store.run(run_id)
    assert (record.status, record.reason) == ("failed", "This one cannot.")


def test_a_store_that_takes_no_epochs_interrupts_all_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insistence, "INSIST_SECONDS", 0.5)
    ids = store.create_runs(specs(500, 500, 500))
    refusal = StoreError("The database refused: disk full")
    monkeypatch.setattr(store, "append_all", raiser(refusal))
    train(store, ids[0], "w", FakeSession)
    (found,) = {(record.status, record.reason) for record in records(store, ids)}
    assert found[0] == "interrupted"
    assert found[1] is not None
    assert "The database refused: disk full." in found[1]


def test_a_run_whose_samples_are_never_taken_is_interrupted_and_the_others_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insistence, "INSIST_SECONDS", 0.5)
    ids = store.create_runs(specs(5, 500, 500))
    put = store.put_samples

    def put_samples(run_id: str, samples: Samples, *, worker: str | None = None) -> None:
        if run_id == ids[0]:
            raise LOCKED
        put(run_id, samples, worker=worker)

    monkeypatch.setattr(store, "put_samples", put_samples)
    train(store, ids[0], "w", FakeSession)
    first, second, third = records(store, ids)
    assert first.status == "interrupted"
    assert "database is locked" in (first.reason or "")
    assert len(store.history(first.id)) == 5
    assert [(r.status, r.epoch) for r in (second, third)] == [("finished", 500)] * 2


@pytest.mark.exhaustive
def test_a_run_whose_end_cannot_be_written_loses_its_lease_though_the_others_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = store.create_runs(specs(5, 100_000, 100_000))
    finish = store.finish

    def refuse(run_id: str, *args: object, **more: object) -> None:
        if run_id == ids[0]:
            raise StoreError("The database refused.")
        finish(run_id, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(insistence, "INSIST_SECONDS", 0.5)
    monkeypatch.setattr(store, "interrupt", refuse)
    monkeypatch.setattr(store, "finish", refuse)
    monkeypatch.setattr(life, "BEAT_SECONDS", 0.2)
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.epoch > (0 if record.id == ids[0] else 50))
    left_at = store.run(ids[0]).lease_at
    going = store.run(ids[1]).lease_at
    until(store, ids, lambda record: record.id != ids[1] or record.lease_at > going)
    time.sleep(0.5)
    assert store.run(ids[0]).lease_at == left_at
    stop_rest(store, ids[1:], worker)


def test_several_calls_that_are_refused_one_after_the_other_share_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(insistence, "INSIST_SECONDS", 0.5)
    insist, began = Insistence(), time.monotonic()
    for _ in range(5):
        with pytest.raises(StoreError, match="locked"):
            insist(raiser(LOCKED))
    assert 0.4 < time.monotonic() - began < 2.0
    insist(time.monotonic)
    began = time.monotonic()
    with pytest.raises(StoreError, match="locked"):
        insist(raiser(LOCKED))
    assert time.monotonic() - began > 0.4, "what is taken begins a new time"


@pytest.mark.parametrize("kind", [LostRunError, UnknownRunError, UnknownRaceError])
def test_nobody_insists_on_a_run_of_somebody_else(
    kind: type[StoreError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insistence, "INSIST_SECONDS", 0.5)
    asked = []

    def refuse() -> None:
        asked.append(kind)
        raise kind("Gone.")

    with pytest.raises(kind):
        Insistence()(refuse)
    assert len(asked) == 1
