"""What a person asks of runs, and when they are heard."""

import math
import threading

import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import Control, LostRunError, Store

from .conftest import Clock, make_chunk


def test_appending_tells_what_the_person_wishes(store: Store, running: str) -> None:
    assert store.append(running, make_chunk(1, 3), worker="w1") == Control("run", None, 0)
    store.set_pace_all([running], 10.0)
    store.step(running, 2)
    store.step(running)
    assert store.append(running, make_chunk(4, 4), worker="w1") == Control("pause", 10.0, 3)
    assert store.run(running).epoch == 4


def test_a_queued_run_is_stopped_at_once(store: Store) -> None:
    run_id = store.create_run(RunSpec())
    assert store.set_wish_all([run_id], "stop")
    assert store.run(run_id).status == "stopped"
    with pytest.raises(LostRunError, match="is stopped"):
        store.claim(run_id, "w")


def test_a_running_run_is_asked_to_stop_and_cannot_be_asked_back(
    store: Store, running: str
) -> None:
    assert store.set_wish_all([running], "stop")
    assert not store.set_wish_all([running], "run")
    assert not store.step(running)
    assert store.run(running).status == "running"
    assert store.heartbeat_all([running], worker="w1")[running].wish == "stop"


def test_a_run_that_stands_still_is_paused_until_it_goes_on(store: Store, running: str) -> None:
    store.heartbeat_all([running], worker="w1", paused=True)
    assert store.run(running).status == "paused"
    store.heartbeat_all([running], worker="w1")
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
    assert store.control_all([running])[running].steps_wanted == 10


def test_a_parked_run_is_claimed_again_when_it_is_wanted(
    store: Store, running: str, clock: Clock
) -> None:
    store.step(running)
    store.heartbeat_all([running], worker="w1", paused=True)
    assert not store.park_all([running], 0, worker="w1"), "a step was not done yet"
    assert store.park_all([running], 1, worker="w1")
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
    store.heartbeat_all([running], worker="w1", paused=True)
    assert not store.park_all([running], 0, worker="w1"), "its wish is to run"
    store.set_wish_all([running], "pause")
    assert store.park_all([running], 0, worker="w1")
    store.set_wish_all([running], "stop")
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


def test_wrong_wishes_paces_and_steps_are_refused(store: Store, running: str) -> None:
    with pytest.raises(ValueError, match="'halt'"):
        store.set_wish_all([running], "halt")  # type: ignore[arg-type]
    for pace in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=str(pace)):
            store.set_pace_all([running], pace)
    with pytest.raises(ValueError, match="0"):
        store.step(running, 0)


def test_the_reason_that_somebody_stopped_a_run_for_stays(store: Store, running: str) -> None:
    store.set_wish_all([running], "stop", reason="Nobody had looked at it.")
    store.finish(running, "stopped", reason="It was in the middle of an epoch.", worker="w1")
    assert store.run(running).reason == "Nobody had looked at it."


def test_a_run_that_was_stopped_for_no_reason_says_how_it_ended(store: Store, running: str) -> None:
    store.set_wish_all([running], "stop")
    store.finish(running, "stopped", reason="It was in the middle of an epoch.", worker="w1")
    assert store.run(running).reason == "It was in the middle of an epoch."


def test_new_runs_end_nobody_elses(store: Store) -> None:
    theirs, mine = (store.create_run(RunSpec(), owner=owner) for owner in ("them", "me"))
    store.create_runs([RunSpec()], owner="me", ending=[theirs, mine])
    assert store.run(theirs).status == "queued"
    assert store.run(mine).status == "stopped"
