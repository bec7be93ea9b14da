"""Groups of a race and their workers: taken, renewed, given back, lost."""

import threading

import pytest

from overfit_core.errors import UnknownRaceError
from overfit_core.store import GroupKey, LostRunError, Store

from .conftest import Clock
from .racing import plan, trained


def race(store: Store) -> list[GroupKey]:
    store.create_races([plan()])
    return store.waiting_race_groups()


def test_of_two_workers_one_takes_a_group(store: Store) -> None:
    first, second, third = race(store)
    assert store.claim_race_group(first, "a").id == first.race_id
    with pytest.raises(LostRunError):
        store.claim_race_group(first, "b")
    with pytest.raises((LostRunError, UnknownRaceError)):
        store.claim_race_group(GroupKey("nobody", 0), "b")
    store.claim_race_group(second, "b")
    assert store.waiting_race_groups() == [third]
    assert store.running_race_groups() == {first: "a", second: "b"}
    assert not store.add_race_runs(first, "b", [])
    assert not store.add_race_runs(first, "b", [trained(store.missing_race_members(first)[0])])
    assert store.race_runs(first.race_id) == []
    assert not store.end_race_group(first, "b", "finished")
    assert store.end_race_group(first, "a", "finished")


def test_two_stores_at_once_take_every_group_once_and_add_every_run_once(
    store: Store, url: str
) -> None:
    keys = race(store)
    other = Store(url)
    taken: list[GroupKey] = []

    def work(mine: Store, worker: str) -> None:
        for key in keys:
            try:
                mine.claim_race_group(key, worker)
            except LostRunError:
                continue
            taken.append(key)
            for member in mine.missing_race_members(key):
                mine.add_race_runs(key, worker, [trained(member)])
            mine.end_race_group(key, worker, "finished")

    threads = [threading.Thread(target=work, args=args) for args in ((store, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(taken) == sorted(keys)
    found = store.race(keys[0].race_id)
    assert (found.status, found.done) == ("finished", 10)
    assert len(store.race_runs(found.id)) == 10


def test_a_group_that_gives_way_waits_again_with_what_is_there(store: Store, clock: Clock) -> None:
    key, *others = race(store)
    began = clock.time
    store.claim_race_group(key, "a")
    every = store.missing_race_members(key)
    store.add_race_runs(key, "a", [trained(every[0])])
    clock.forward(3)
    assert store.end_race_group(key, "a", "queued")
    assert store.waiting_race_groups() == [key, *others]
    group = store.race(key.race_id).groups[0]
    assert (group.status, group.worker, group.done) == ("queued", None, 1)
    assert group.finished_at is None
    assert store.race(key.race_id).status == "running", "it has begun"
    clock.forward(10)
    store.claim_race_group(key, "b")
    assert store.missing_race_members(key) == every[1:]
    clock.forward(1)
    store.end_race_group(key, "b", "finished")
    group = store.race(key.race_id).groups[0]
    assert (group.started_at, group.finished_at) == (began, clock.time)


def test_without_a_sign_of_life_a_group_is_interrupted_and_the_others_go_on(
    store: Store, clock: Clock
) -> None:
    lively, silent, dead = race(store)
    for key, worker in ((lively, "a"), (silent, "b"), (dead, "c")):
        store.claim_race_group(key, worker)
    assert store.interrupt_lost_race_groups(dead_workers=["c"], reason="It died.") == {dead: "c"}
    clock.forward(6)
    store.add_race_runs(lively, "a", [])
    clock.forward(6)
    assert store.interrupt_lost_race_groups() == {silent: "b"}
    assert store.interrupt_lost_race_groups() == {}
    found = store.race(lively.race_id)
    assert [group.status for group in found.groups] == ["running", "interrupted", "interrupted"]
    assert found.groups[2].reason == "It died."
    assert (found.status, found.missing) == ("running", 6)
    assert not store.add_race_runs(silent, "b", [])
    store.end_race_group(lively, "a", "finished")
    assert store.race(lively.race_id).status == "interrupted"


def test_one_that_no_worker_can_take_is_given_up(store: Store) -> None:
    key, *others = race(store)
    assert store.give_up_race_group(key, "no such module")
    assert not store.give_up_race_group(key, "again")
    group = store.race_group(key)
    assert group is not None
    assert (group.status, group.reason) == ("failed", "no such module")
    assert store.waiting_race_groups() == others
    assert store.race_group(GroupKey("nobody", 0)) is None


def test_a_stop_that_nobody_answers_is_found(store: Store, clock: Clock) -> None:
    key, *_ = race(store)
    store.claim_race_group(key, "a")
    clock.forward(10)
    assert store.unanswered_race_stops(1.5) == {}
    store.stop_race(key.race_id)
    assert store.unanswered_race_stops(1.5) == {}
    clock.forward(2)
    assert store.unanswered_race_stops(1.5) == {key: "a"}
    store.end_race_group(key, "a", "stopped")
    assert store.unanswered_race_stops(1.5) == {}
