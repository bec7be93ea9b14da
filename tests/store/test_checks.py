"""Checks of runs in the store: asked for, taken, told, ended, lost."""

from __future__ import annotations

import pytest

from overfit_core import RunSpec
from overfit_core.errors import TooManyRunsError, UnknownRunError
from overfit_core.store import LostRunError, Room, Store
from tests.store.conftest import Clock


def asked(store: Store) -> str:
    run_id = store.create_run(RunSpec())
    assert store.ask_check(run_id, 20.0)
    return run_id


def status(store: Store, run_id: str) -> str:
    found = store.check(run_id)
    assert found is not None
    return found.status


def test_a_check_is_asked_for_once_and_waits(store: Store, clock: Clock) -> None:
    first = asked(store)
    clock.forward(1)
    second = asked(store)
    assert not store.ask_check(first, 20.0)
    assert store.waiting_checks() == [first, second]
    found = store.check(first)
    assert found is not None
    assert (found.status, found.budget, found.report, found.ended) == ("queued", 20.0, None, False)
    assert store.check(store.create_run(RunSpec())) is None


def test_of_two_workers_one_takes_it(store: Store) -> None:
    run_id = asked(store)
    assert store.claim_check(run_id, "a").run_id == run_id
    with pytest.raises(LostRunError):
        store.claim_check(run_id, "b")
    assert store.waiting_checks() == []
    assert not store.renew_check(run_id, "b", "{}")
    assert not store.end_check(run_id, "b", "finished")
    assert store.renew_check(run_id, "a", "{}")
    assert store.end_check(run_id, "a", "finished")
    assert status(store, run_id) == "finished"


def test_what_was_told_last_is_kept_by_an_end_without_a_report(store: Store) -> None:
    run_id = asked(store)
    store.claim_check(run_id, "a")
    store.renew_check(run_id, "a", '{"some": "report"}')
    store.end_check(run_id, "a", "failed", reason="it went wrong")
    found = store.check(run_id)
    assert found is not None
    assert (found.report_json, found.reason) == ('{"some": "report"}', "it went wrong")
    assert found.report is None, "what is no report of this version is none"


def test_one_that_waits_is_stopped_at_once_and_one_that_runs_by_its_worker(store: Store) -> None:
    waiting, running = asked(store), asked(store)
    store.claim_check(running, "a")
    assert store.stop_check(waiting)
    assert store.stop_check(running)
    assert (status(store, waiting), status(store, running)) == ("stopped", "running")
    assert not store.renew_check(running, "a")
    assert store.end_check(running, "a", "stopped")
    assert not store.stop_check(running)


def test_one_that_has_ended_can_be_asked_for_again(store: Store) -> None:
    run_id = asked(store)
    store.claim_check(run_id, "a")
    store.end_check(run_id, "a", "stopped", reason="a person")
    assert store.ask_check(run_id, 60.0)
    found = store.check(run_id)
    assert found is not None
    assert (found.status, found.budget, found.reason, found.wish) == ("queued", 60.0, None, "run")


def test_without_a_sign_of_life_it_is_interrupted(store: Store, clock: Clock) -> None:
    lively, silent, dead = asked(store), asked(store), asked(store)
    for run_id, worker in ((lively, "a"), (silent, "b"), (dead, "c")):
        store.claim_check(run_id, worker)
    assert store.interrupt_lost_checks(dead_workers=["c"]) == {dead: "c"}
    clock.forward(6)
    store.renew_check(lively, "a")
    clock.forward(6)
    assert store.interrupt_lost_checks() == {silent: "b"}
    assert status(store, lively) == "running"
    assert not store.end_check(silent, "b", "finished")


def test_one_that_no_worker_can_take_is_given_up(store: Store) -> None:
    run_id = asked(store)
    assert store.give_up_check(run_id, "no such module")
    assert status(store, run_id) == "failed"
    assert not store.give_up_check(run_id, "again")


def test_of_a_run_that_is_not_there_none_can_be_asked_for(store: Store) -> None:
    with pytest.raises(UnknownRunError):
        store.ask_check("nobody", 20.0)
    with pytest.raises(ValueError, match="got 0"):
        store.ask_check(store.create_run(RunSpec()), 0)


def test_an_owner_has_room_for_so_many_searches(store: Store) -> None:
    mine = [store.create_run(RunSpec(), owner="a") for _ in range(3)]
    theirs = store.create_run(RunSpec(), owner="b")
    room = Room(per_owner=2)
    assert store.ask_check(mine[0], 20.0, room=room)
    assert store.ask_check(mine[1], 20.0, room=room)
    with pytest.raises(TooManyRunsError, match="2 of at most 2 searches"):
        store.ask_check(mine[2], 20.0, room=room)
    assert store.check(mine[2]) is None
    assert store.ask_check(theirs, 20.0, room=room)
    with pytest.raises(TooManyRunsError, match="at most 3 searches that may wait"):
        store.ask_check(mine[2], 20.0, room=Room(waiting=3))


def test_checks_that_go_on_are_found_with_their_workers_oldest_first(
    store: Store, clock: Clock
) -> None:
    ids = []
    for _ in range(4):
        ids.append(asked(store))
        clock.forward(1)
    for run_id, worker in zip(ids[2::-1], "cba", strict=True):
        store.claim_check(run_id, worker)
    store.end_check(ids[1], "b", "finished")
    assert list(store.running_checks().items()) == [(ids[0], "a"), (ids[2], "c")]


def test_of_a_deleted_run_nothing_is_looked_for_any_more(store: Store) -> None:
    waiting, running = asked(store), asked(store)
    store.claim_check(running, "a")
    store.delete([waiting, running], by=None)
    assert store.waiting_checks() == []
    assert not store.renew_check(running, "a")


def test_a_report_is_known_to_be_of_an_earlier_search_until_there_is_a_new_one(
    store: Store,
) -> None:
    run_id = asked(store)
    store.claim_check(run_id, "a")
    store.end_check(run_id, "a", "finished", report="{}")
    store.ask_check(run_id, 20.0)
    found = store.check(run_id)
    assert found is not None
    assert (found.report_json, found.told) == ("{}", False)
    store.claim_check(run_id, "a")
    store.renew_check(run_id, "a", "{}")
    found = store.check(run_id)
    assert found is not None
    assert found.told
