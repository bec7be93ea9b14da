"""Races in the store: named, deleted, brought back, removed."""

import pytest

from overfit_core.errors import NotYoursError, UnknownRaceError
from overfit_core.store import Store

from .conftest import Clock, TickingClock, ended, spec
from .racing import plan, statuses, train_race

DAY = 86_400.0


def test_only_its_owner_names_and_deletes_it(library: Store) -> None:
    mine, theirs = (library.create_races([plan()], owner=owner)[0] for owner in "ab")
    with pytest.raises(NotYoursError, match="somebody else"):
        library.rename_race(mine, "x", by="b")
    with pytest.raises(NotYoursError):
        library.delete_races([mine, theirs], by="b")
    assert statuses(library, mine) == ["queued"] * 3
    with pytest.raises(ValueError, match="81 characters"):
        library.rename_race(mine, "x" * 81, by="a")
    library.rename_race(mine, " a\nname ", by="a")
    assert library.race(mine).given_name == "a name"
    assert library.race(theirs).given_name is None
    library.rename_race(mine, " ", by="a")
    assert library.race(mine).given_name is None


def test_races_that_were_started_together_have_one_name(library: Store) -> None:
    ids = library.create_races([plan()] * 2, owner="a", names=["one", "two"])
    (alone,) = library.create_races([plan()], owner="a", names=["alone"])
    library.rename_race(ids[1], "both", by="a")
    races = [*library.race_set(ids[0]), library.race(alone)]
    assert [race.given_name for race in races] == ["both", "both", None]
    assert [race.name for race in races] == ["one", "two", "alone"], "those of their tasks stay"


def test_a_deleted_race_is_stopped_and_comes_back_for_a_day(
    library: Store, ticking: TickingClock
) -> None:
    (race_id,) = library.create_races([plan()], owner="a")
    key = library.waiting_race_groups()[0]
    library.claim_race_group(key, "w")
    assert library.delete_races([race_id, "gone"], by="a") == [race_id]
    assert library.races() == []
    assert library.waiting_race_groups() == []
    assert not library.add_race_runs(key, "w", [])
    with pytest.raises(UnknownRaceError):
        library.race(race_id)
    assert library.restore_races([race_id], by="b") == []
    assert library.restore_races([race_id], by="a") == [race_id]
    assert statuses(library, race_id) == ["running", "stopped", "stopped"]
    library.end_race_group(key, "w", "stopped")
    library.delete_races([race_id], by="a")
    ticking.forward(1.1 * DAY)
    assert library.restore_races([race_id], by="a") == []


def test_deleted_races_are_removed_for_good_with_all_they_hold(
    library: Store, ticking: TickingClock
) -> None:
    gone, kept = (library.create_races([plan()])[0] for _ in range(2))
    for race_id in (gone, kept):
        train_race(library, race_id)
    both = library.storage().bytes
    library.delete_races([gone], by=None)
    assert library.purge() == 0
    ticking.forward(1.1 * DAY)
    assert library.purge() == 1
    assert [race.id for race in library.races()] == [kept]
    assert library.storage().bytes == both / 2 > 0
    assert len(library.race_runs(kept)) == 10


def test_old_races_and_too_many_are_removed_and_those_going_on_are_not(
    library: Store, ticking: TickingClock
) -> None:
    run_id = ended(library, library.create_run(spec()))
    old = library.create_races([plan()])[0]
    train_race(library, old)
    ticking.forward(40 * DAY)
    newer = [library.create_races([plan()])[0] for _ in range(3)]
    for race_id in newer:
        train_race(library, race_id)
    going = library.create_races([plan()])[0]
    assert library.purge(keep_days=30) == 2, "the race and the run"
    assert library.purge(keep_runs=2) == 1
    assert {race.id for race in library.races()} == {going, *newer[1:]}
    assert library.storage().races == 3
    assert run_id not in {run.id for run in library.find()}


def test_storage_counts_the_races_of_an_owner(library: Store) -> None:
    for owner in ("a", "b", None):
        library.create_races([plan()], owner=owner)
    assert library.storage("a").races == 2
    assert library.storage().races == 3
    assert library.storage().runs == 0


def test_a_race_that_goes_on_unseen_is_found(store: Store, clock: Clock) -> None:
    seen, unseen, over = (store.create_races([plan()])[0] for _ in range(3))
    train_race(store, over)
    clock.forward(50)
    store.look_races([seen, over])
    clock.forward(20)
    assert store.unseen_races(60) == [unseen]
    store.stop_race(unseen)
    assert store.unseen_races(60) == []
    clock.forward(3600)
    store.repeat_race(unseen)
    assert store.unseen_races(60) == [seen], "who repeats it has seen it"
