"""Races in the store: asked for, listed, stopped, repeated, named, deleted, removed."""

import threading

import pytest

from overfit_core.errors import TooManyRunsError, UnknownRaceError
from overfit_core.racing.plan import REFERENCE
from overfit_core.store import GroupKey, Room, Store, race_groups

from .conftest import Clock
from .racing import plan, statuses, train_group, train_race, trained

DAY = 86_400.0


def test_a_race_waits_in_groups_with_the_reference_last(store: Store) -> None:
    asked = plan()
    (race_id,) = store.create_races([asked], owner="me", names=["  my\nrace "])
    race = store.race(race_id)
    assert (race.id, race.name, race.owner, race.wish) == (race_id, "my race", "me", "run")
    assert (race.set_id, race.place, race.status, race.ended) == (None, 0, "queued", False)
    assert race.plan == asked
    assert [(group.optimizer, group.done, group.total) for group in race.groups] == [
        (0, 0, 4),
        (1, 0, 4),
        (REFERENCE, 0, 2),
    ]
    assert (race.done, race.total, race.missing) == (0, 10, 0)
    assert store.waiting_race_groups() == [GroupKey(race_id, place) for place in (0, 1, REFERENCE)]


def test_without_a_reference_there_is_no_group_of_it(store: Store) -> None:
    random = {"layers": [{"kind": "dense", "units": 4}, {"kind": "dropout", "rate": 0.5}]}
    chance = plan(spec={"training": {"epochs": 5}, "model": random})
    ids = [
        *store.create_races([plan()], reference=False),
        *store.create_races([chance]),
    ]
    for race_id in ids:
        assert [group.optimizer for group in store.race(race_id).groups] == [0, 1]


def test_several_races_are_a_set_in_their_order(library: Store) -> None:
    plans = [plan(seeds=(seed,)) for seed in range(3)]
    ids = library.create_races(plans)
    (alone,) = library.create_races([plan()])
    for race_id in ids:
        assert [race.id for race in library.race_set(race_id)] == ids
    assert [race.plan for race in library.race_set(ids[0])] == plans
    assert [race.id for race in library.race_set(alone)] == [alone]
    assert [race.id for race in library.races()] == [alone, *ids]
    for limit in (2, 3, 4):
        assert [race.id for race in library.races(limit=limit)] == [alone, *ids], "whole"
    assert [race.id for race in library.races(limit=1)] == [alone]
    assert [key.race_id for key in library.waiting_race_groups()[::3]] == [*ids, alone]


def test_an_owner_finds_their_own_races_and_those_of_everybody(library: Store) -> None:
    mine, theirs, everybodys = (
        library.create_races([plan()], owner=owner)[0] for owner in ("a", "b", None)
    )
    assert [race.id for race in library.races("a")] == [everybodys, mine]
    assert {race.id for race in library.races()} == {mine, theirs, everybodys}


@pytest.mark.parametrize("count", [0, 13])
def test_as_many_races_as_fit_start_together(store: Store, count: int) -> None:
    with pytest.raises(ValueError, match=f"got {count}"):
        store.create_races([plan()] * count)


def test_a_race_that_is_not_there_is_said_so(store: Store) -> None:
    for ask in (
        *(store.race, store.race_set, store.race_runs, store.stop_race, store.repeat_race),
        lambda race_id: store.race_histories(race_id, []),
        lambda race_id: store.open_race_runs(race_id, plan().members()),
        lambda race_id: store.rename_race(race_id, "x", by=None),
        lambda race_id: store.missing_race_members(GroupKey(race_id, 0)),
    ):
        with pytest.raises(UnknownRaceError, match="no race 'nobody'"):
            ask("nobody")  # type: ignore[operator]


def test_it_runs_from_its_first_group_until_its_last(store: Store, clock: Clock) -> None:
    (race_id,) = store.create_races([plan()])
    first, second, reference = store.waiting_race_groups()
    store.claim_race_group(first, "w")
    assert store.race(race_id).status == "running"
    clock.forward(2)
    store.add_race_runs(first, "w", [trained(one) for one in store.missing_race_members(first)])
    store.end_race_group(first, "w", "finished")
    race = store.race(race_id)
    assert (race.status, race.done, race.missing) == ("running", 4, 0)
    assert race.groups[0].status == "finished"
    for key in (second, reference):
        clock.forward(1)
        train_group(store, key)
    race = store.race(race_id)
    assert (race.status, race.ended, race.done) == ("finished", True, 10)
    assert race.finished_at == clock.time


def test_what_waits_is_stopped_at_once_and_what_runs_by_its_worker(store: Store) -> None:
    (race_id,) = store.create_races([plan()])
    running, _, _ = store.waiting_race_groups()
    store.claim_race_group(running, "w")
    assert store.add_race_runs(running, "w", [])
    assert store.stop_race(race_id, reason="Nobody looked.")
    assert statuses(store, race_id) == ["running", "stopped", "stopped"]
    assert not store.add_race_runs(running, "w", [])
    done = [trained(one) for one in store.missing_race_members(running)[:1]]
    assert not store.add_race_runs(running, "w", done), "it is kept, but nothing is to follow"
    assert store.end_race_group(running, "w", "stopped")
    race = store.race(race_id)
    assert (race.status, race.done, race.missing) == ("stopped", 1, 9)
    assert {group.reason for group in race.groups} == {"Nobody looked."}
    assert not store.stop_race(race_id)


def test_what_is_given_back_in_the_moment_of_a_stop_does_not_wait(store: Store) -> None:
    (race_id,) = store.create_races([plan()])
    key = store.waiting_race_groups()[0]
    store.claim_race_group(key, "w")
    store.stop_race(race_id)
    assert store.end_race_group(key, "w", "queued")
    assert statuses(store, race_id) == ["stopped"] * 3


def test_a_stop_in_the_moment_in_which_a_group_is_given_back_ends_the_race(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (race_id,) = store.create_races([plan()], reference=False)
    giving, other = store.waiting_race_groups()
    for key in (giving, other):
        store.claim_race_group(key, "w")
    possible = race_groups._possible
    given, stopped = threading.Event(), threading.Event()

    def before_the_stop(*args: object) -> str:
        status: str = possible(*args)  # type: ignore[arg-type]
        given.set()
        # Whoever stops it waits for this; if not, it is through by now.
        stopped.wait(0.5)
        return status

    def stop() -> None:
        store.stop_race(race_id)
        stopped.set()

    monkeypatch.setattr(race_groups, "_possible", before_the_stop)
    give = threading.Thread(target=store.end_race_group, args=(giving, "w", "queued"))
    give.start()
    assert given.wait(10)
    stopper = threading.Thread(target=stop)
    stopper.start()
    for thread in (give, stopper):
        thread.join(10)
    assert store.end_race_group(other, "w", "stopped")
    assert statuses(store, race_id) == ["stopped", "stopped"]


def test_only_what_is_missing_is_repeated(store: Store) -> None:
    (race_id,) = store.create_races([plan()], reference=False)
    first, second = store.waiting_race_groups()
    train_group(store, first)
    store.claim_race_group(second, "w")
    every = store.missing_race_members(second)
    cut = trained(every[1], stopped=True, epochs=2)
    store.add_race_runs(second, "w", [trained(every[0]), cut])
    store.end_race_group(second, "w", "failed", reason="it went wrong")
    race = store.race(race_id)
    assert (race.status, race.done, race.missing) == ("failed", 5, 3)
    assert race.groups[1].reason == "it went wrong"
    assert store.repeat_race(race_id)
    assert (store.race(race_id).status, store.race(race_id).missing) == ("running", 0)
    assert store.waiting_race_groups() == [second]
    assert train_group(store, second) == every[1:]
    race = store.race(race_id)
    assert (race.status, race.done, race.groups[1].reason) == ("finished", 8, None)
    assert not any(run.stopped for run in store.race_runs(race_id))
    assert not store.repeat_race(race_id)


def test_the_time_of_a_race_begins_anew_when_it_is_repeated(store: Store, clock: Clock) -> None:
    whole, cut = store.create_races([plan()] * 2, reference=False)
    began = clock.time
    train_race(store, whole)
    first, second = [key for key in store.waiting_race_groups() if key.race_id == cut]
    clock.forward(5)
    train_group(store, first)
    store.claim_race_group(second, "w")
    store.add_race_runs(second, "w", [trained(store.missing_race_members(second)[0])])
    store.stop_race(cut)
    store.end_race_group(second, "w", "stopped")
    assert [race.began_at for race in store.race_set(cut)] == [began, clock.time]
    assert [race.done_before for race in store.race_set(cut)] == [0, 0]
    clock.forward(DAY)
    assert store.repeat_race(cut)
    assert [race.began_at for race in store.race_set(cut)] == [None, None]
    clock.forward(60)
    store.claim_race_group(second, "w")
    assert [race.began_at for race in store.race_set(cut)] == [None, clock.time]
    assert [race.done_before for race in store.race_set(cut)] == [8, 5]
    assert [race.done for race in store.race_set(cut)] == [8, 5]


def test_what_is_repeated_while_the_rest_goes_on_does_not_begin_anew(
    store: Store, clock: Clock
) -> None:
    ids = store.create_races([plan()] * 2, reference=False)
    lost, going, *_ = store.waiting_race_groups()
    began = clock.time
    store.claim_race_group(lost, "a")
    clock.forward(1)
    store.claim_race_group(going, "b")
    store.interrupt_lost_race_groups(dead_workers=["a"])
    assert store.repeat_race(ids[0])
    assert store.race(ids[0]).began_at == began


def test_a_race_that_is_still_stopping_is_not_repeated_yet(store: Store) -> None:
    (race_id,) = store.create_races([plan()])
    key = store.waiting_race_groups()[0]
    store.claim_race_group(key, "w")
    store.stop_race(race_id)
    assert not store.repeat_race(race_id)
    store.end_race_group(key, "w", "stopped")
    assert store.repeat_race(race_id)
    assert store.race(race_id).wish == "run"
    assert len(store.waiting_race_groups()) == 3


def test_an_owner_has_room_for_so_many_races(store: Store) -> None:
    room = Room(per_owner=2)
    first, _ = store.create_races([plan()] * 2, owner="a", room=room)
    with pytest.raises(TooManyRunsError, match="2 of at most 2 races"):
        store.create_races([plan()], owner="a", room=room)
    assert len(store.races()) == 2
    (other,) = store.create_races([plan()], owner="b", room=room)
    with pytest.raises(TooManyRunsError, match="at most 3 races that may wait"):
        store.create_races([plan()], owner="c", room=Room(waiting=3))
    store.claim_race_group(GroupKey(other, 0), "w")
    assert store.create_races([plan()], owner="c", room=Room(waiting=3))
    store.stop_race(first)
    assert store.create_races([plan()], owner="a", room=room)
    with pytest.raises(TooManyRunsError):
        store.repeat_race(first, room=room)
