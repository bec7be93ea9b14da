"""A run as it is made, what is recorded of it, and its end."""

import math
import re

import numpy as np
import pytest

from overfit_core.errors import UnknownRunError
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.store import Control, LostRunError, RunFilter, Store

from .conftest import SAMPLES, SUMMARY, Clock, make_chunk


def test_a_new_run_is_queued_and_holds_its_spec(store: Store, clock: Clock) -> None:
    spec = RunSpec(name="mine", optimizer=OptimizerSpec(name="SGD"))
    record = store.run(store.create_run(spec))
    assert (record.status, record.wish, record.pace, record.epoch) == ("queued", "run", None, 0)
    assert record.spec == spec
    assert record.name == "mine"
    assert record.created_at == clock.time
    assert record.started_at is record.finished_at is record.summary is record.reason is None
    assert not record.ended


def test_ids_are_short_url_safe_and_different(store: Store) -> None:
    ids = {store.create_run(RunSpec()) for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch(r"[\w-]{16}", run_id) for run_id in ids)


def test_runs_come_newest_first_and_can_be_chosen(store: Store, clock: Clock) -> None:
    ids = []
    for name in ("SGD", "Adam", "SGD"):
        ids.append(store.create_run(RunSpec(optimizer=OptimizerSpec(name=name))))
        clock.forward(1)
    store.claim(ids[0], "w")
    assert [record.id for record in store.find()] == ids[::-1]
    assert [record.id for record in store.find(limit=2)] == ids[:0:-1]
    assert [record.id for record in store.find(RunFilter(statuses=["running"]))] == [ids[0]]


def test_an_unknown_run_is_named(store: Store) -> None:
    for call in (store.run, store.history, store.samples, store.step):
        with pytest.raises(UnknownRunError, match="'no-such-run'"):
            call("no-such-run")
    with pytest.raises(UnknownRunError):
        store.set_wish_all(["no-such-run"], "stop")
    with pytest.raises(UnknownRunError):
        store.claim("no-such-run", "w")
    with pytest.raises(UnknownRunError):
        store.append("no-such-run", make_chunk(1, 2))


def test_a_history_comes_back_as_it_was_appended(store: Store, running: str) -> None:
    store.append(running, make_chunk(1, 3, snapshots=True))
    store.append(running, make_chunk(4, 10, snapshots=True))
    history = store.history(running)
    np.testing.assert_array_equal(history["loss"], make_chunk(1, 10)["loss"])
    assert history.snapshots is not None
    np.testing.assert_array_equal(history.snapshots.epochs, np.arange(1, 11))


def test_only_what_is_new_is_read(store: Store, running: str) -> None:
    store.append(running, make_chunk(1, 3, snapshots=True))
    store.append(running, make_chunk(4, 10, snapshots=True))
    later = store.history(running, after_epoch=5)
    assert later.epochs.tolist() == [6, 7, 8, 9, 10]
    np.testing.assert_array_equal(later["loss"], make_chunk(6, 10)["loss"])
    assert later.snapshots is not None
    assert later.snapshots.epochs.tolist() == [6, 7, 8, 9, 10]
    assert later.snapshots.predictions.shape == (5, 3, 2)
    assert len(store.history(running, after_epoch=10)) == 0


def test_a_chunk_cannot_be_appended_twice_or_leave_a_gap(store: Store, running: str) -> None:
    store.append(running, make_chunk(1, 3))
    for chunk in (make_chunk(1, 2), make_chunk(3, 4), make_chunk(5, 6)):
        with pytest.raises(LostRunError):
            store.append(running, chunk)
    assert store.history(running).epochs.tolist() == [1, 2, 3]


def test_a_chunk_whose_writer_was_not_told_may_be_sent_again(
    store: Store, running: str, clock: Clock
) -> None:
    store.append(running, make_chunk(1, 3), worker="w1")
    clock.forward(5)
    assert store.append(running, make_chunk(1, 3), worker="w1") == Control("run", None, 0)
    assert store.run(running).lease_at == clock.time
    with pytest.raises(LostRunError):
        store.append(running, make_chunk(1, 3), worker="w2")
    assert store.history(running).epochs.tolist() == [1, 2, 3]


def test_a_finished_run_keeps_summary_samples_and_history(
    store: Store, running: str, clock: Clock
) -> None:
    store.append(running, make_chunk(1, 5), worker="w1")
    store.put_samples(running, SAMPLES, worker="w1")
    store.put_samples(running, SAMPLES, worker="w1")
    store.finish(running, "finished", SUMMARY, worker="w1")
    record = store.run(running)
    assert (record.status, record.summary, record.finished_at) == ("finished", SUMMARY, clock.time)
    assert record.ended
    samples = store.samples(running)
    assert samples is not None
    np.testing.assert_array_equal(samples.x, SAMPLES.x)
    assert len(store.history(running)) == 5


def test_a_summary_of_a_diverged_run_keeps_its_nan(store: Store, running: str) -> None:
    store.finish(running, "finished", SUMMARY.model_copy(update={"loss": math.nan}))
    summary = store.run(running).summary
    assert summary is not None
    assert math.isnan(summary.loss)


@pytest.mark.parametrize("end", ["finished", "stopped", "failed", "interrupted"])
def test_nothing_brings_an_ended_run_back(store: Store, running: str, end: str) -> None:
    if end == "interrupted":
        assert store.interrupt(running, "w1", "gone")
    else:
        store.finish(running, end)  # type: ignore[arg-type]
    with pytest.raises(LostRunError, match=f"is {end}"):
        store.append(running, make_chunk(1, 1), worker="w1")
    with pytest.raises(LostRunError):
        store.finish(running, "finished", SUMMARY, worker="w1")
    with pytest.raises(LostRunError):
        store.claim(running, "w1")
    assert not store.set_wish_all([running], "run")
    assert not store.step(running)
    assert not store.set_pace_all([running], 1.0)
    assert store.interrupt_lost(dead_workers=["w1"]) == []
    assert store.run(running).status == end
