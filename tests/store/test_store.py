import math
import re
import threading

import numpy as np
import pytest

from overfit_core.errors import UnknownRunError
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.store import Control, LostRunError, RunFilter, Store
from overfit_core.training.result import RunSummary, Samples

from .conftest import Clock, make_chunk

SUMMARY = RunSummary(
    ended="epochs",
    epochs=5,
    loss=0.25,
    compile_seconds=0.5,
    train_seconds=0.01,
    backend="xla",
    parameters=9,
    versions={"keras": "3.15.1"},
)


@pytest.fixture
def running(store: Store) -> str:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w1")
    return run_id


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
    for call in (store.run, store.history, store.samples, store.step, store.control):
        with pytest.raises(UnknownRunError, match="'no-such-run'"):
            call("no-such-run")
    with pytest.raises(UnknownRunError):
        store.set_wish("no-such-run", "stop")
    with pytest.raises(UnknownRunError):
        store.claim("no-such-run", "w")
    with pytest.raises(UnknownRunError):
        store.append("no-such-run", make_chunk(1, 2))


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


def test_appending_tells_what_the_person_wishes(store: Store, running: str) -> None:
    assert store.append(running, make_chunk(1, 3), worker="w1") == Control("run", None, 0)
    store.set_pace(running, 10.0)
    store.step(running, 2)
    store.step(running)
    assert store.append(running, make_chunk(4, 4), worker="w1") == Control("pause", 10.0, 3)
    assert store.run(running).epoch == 4


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
    for chunk in (make_chunk(1, 3), make_chunk(5, 6)):
        with pytest.raises(LostRunError):
            store.append(running, chunk)
    assert store.history(running).epochs.tolist() == [1, 2, 3]


def test_another_worker_has_no_say(store: Store, running: str) -> None:
    for call in (
        lambda: store.append(running, make_chunk(1, 1), worker="w2"),
        lambda: store.heartbeat(running, worker="w2"),
        lambda: store.control(running, worker="w2"),
        lambda: store.put_samples(running, SAMPLES, worker="w2"),
        lambda: store.finish(running, "finished", SUMMARY, worker="w2"),
    ):
        with pytest.raises(LostRunError, match="held by w1"):
            call()
    assert store.run(running).status == "running"
    assert len(store.history(running)) == 0
    assert store.samples(running) is None


SAMPLES = Samples(x=np.eye(2), y=np.array([0, 1]), task="multiclass", class_names=("a", "b"))


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
    assert not store.set_wish(running, "run")
    assert not store.step(running)
    assert not store.set_pace(running, 1.0)
    assert store.interrupt_lost(dead_workers=["w1"]) == []
    assert store.run(running).status == end


def test_a_queued_run_is_stopped_at_once(store: Store) -> None:
    run_id = store.create_run(RunSpec())
    assert store.set_wish(run_id, "stop")
    assert store.run(run_id).status == "stopped"
    with pytest.raises(LostRunError, match="is stopped"):
        store.claim(run_id, "w")


def test_a_running_run_is_asked_to_stop_and_cannot_be_asked_back(
    store: Store, running: str
) -> None:
    assert store.set_wish(running, "stop")
    assert not store.set_wish(running, "run")
    assert not store.step(running)
    assert store.run(running).status == "running"
    assert store.heartbeat(running, worker="w1").wish == "stop"


def test_a_run_that_stands_still_is_paused_until_it_goes_on(store: Store, running: str) -> None:
    store.heartbeat(running, worker="w1", paused=True)
    assert store.run(running).status == "paused"
    store.heartbeat(running, worker="w1")
    assert store.run(running).status == "paused"
    store.append(running, make_chunk(1, 1), worker="w1", paused=True)
    assert store.run(running).status == "paused"
    store.append(running, make_chunk(2, 2), worker="w1")
    assert store.run(running).status == "running"


def test_steps_asked_for_at_once_all_count(store: Store, running: str) -> None:
    threads = [threading.Thread(target=store.step, args=(running,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.control(running).steps_wanted == 10


def test_a_parked_run_is_claimed_again_when_it_is_wanted(
    store: Store, running: str, clock: Clock
) -> None:
    store.step(running)
    store.heartbeat(running, worker="w1", paused=True)
    assert not store.park(running, 0, worker="w1"), "a step was not done yet"
    assert store.park(running, 1, worker="w1")
    assert store.waiting() == []
    assert store.interrupt_lost(lease_seconds=0.0) == []
    store.step(running)
    assert store.waiting() == [running]
    clock.forward(5)
    record = store.claim(running, "w2")
    assert (record.status, record.steps_done, record.steps_wanted) == ("running", 1, 2)
    assert record.started_at is not None
    assert record.started_at < clock.time


def test_a_parked_run_can_be_stopped_and_wanted_runs_cannot_be_parked(
    store: Store, running: str
) -> None:
    store.heartbeat(running, worker="w1", paused=True)
    assert not store.park(running, 0, worker="w1"), "its wish is to run"
    store.set_wish(running, "pause")
    assert store.park(running, 0, worker="w1")
    store.set_wish(running, "stop")
    record = store.run(running)
    assert record.status == "stopped"
    assert record.reason is not None
    assert "what was recorded is kept" in record.reason


def test_a_run_is_made_with_its_pace_and_its_steps_at_once(store: Store) -> None:
    record = store.run(store.create_run(RunSpec(), pace=10.0, steps=1))
    assert (record.pace, record.wish, record.steps_wanted) == (10.0, "pause", 1)
    for wrong in ({"pace": 0.0}, {"pace": float("nan")}, {"steps": 0}):
        with pytest.raises(ValueError, match="got"):
            store.create_run(RunSpec(), **wrong)


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
    store.heartbeat(running, worker="w1")
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
    store.heartbeat(other, worker="w2", paused=True)
    assert store.interrupt_lost(dead_workers=["w2", "w3"], reason="Killed.") == [other]
    assert store.run(other).reason == "Killed."
    assert store.run(running).status == "running"


def test_queued_runs_have_no_lease_to_lose(store: Store, clock: Clock) -> None:
    store.create_run(RunSpec())
    clock.forward(1000)
    assert store.interrupt_lost() == []


def test_wrong_wishes_paces_and_steps_are_refused(store: Store, running: str) -> None:
    with pytest.raises(ValueError, match="'halt'"):
        store.set_wish(running, "halt")  # type: ignore[arg-type]
    for pace in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=str(pace)):
            store.set_pace(running, pace)
    with pytest.raises(ValueError, match="0"):
        store.step(running, 0)
