"""Runs of a race that were left in the middle: kept, found, forgotten."""

import numpy as np
import pytest
from sqlalchemy import func, select, update

from overfit_core.racing.plan import REFERENCE, Member
from overfit_core.store import GroupKey, Store
from overfit_core.store.engine import reading, writing
from overfit_core.store.race_watcher_side import MOST_AGAIN
from overfit_core.store.tables import RacePauseRow

from .conftest import TickingClock
from .racing import paused, plan, statuses, train_group, trained


def claimed(store: Store, optimizer: int = 0, worker: str = "w") -> GroupKey:
    (race_id,) = store.create_races([plan()])
    key = GroupKey(race_id, optimizer)
    store.claim_race_group(key, worker)
    return key


def left(store: Store, key: GroupKey, place: int = 0, epochs: int = 3) -> Member:
    """Leave a run of a group in the middle."""
    member = store.missing_race_members(key)[place]
    assert store.end_race_group(key, "w", "queued", paused=paused(member, epochs))
    return member


def pauses(store: Store) -> int:
    with reading(store._engine) as session:
        return session.scalar(select(func.count()).select_from(RacePauseRow)) or 0


def test_where_a_run_was_left_comes_back_to_the_last_bit(store: Store) -> None:
    key = claimed(store)
    assert store.paused_race_run(key) is None
    member = left(store, key)
    assert store.waiting_race_groups()[0] == key
    found, wanted = store.paused_race_run(key), paused(member)
    assert found is not None
    assert found.member == member
    assert found.history.last_epoch == 3
    np.testing.assert_array_equal(found.history["loss"], wanted.history["loss"])
    one, other = found.checkpoint, wanted.checkpoint
    assert one is not None
    assert other is not None
    assert (one.epoch, one.best, one.train_seconds) == (3, (1 / 3, 2), 1 / 7)
    assert one.memorisation == other.memorisation
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert store.paused_race_run(key._replace(optimizer=1)) is None


def test_of_a_group_the_last_one_that_was_left_is_kept(store: Store) -> None:
    key = claimed(store)
    left(store, key, 0, 3)
    store.claim_race_group(key, "w")
    second = left(store, key, 1, 4)
    found = store.paused_race_run(key)
    assert found is not None
    assert (found.member, found.history.last_epoch) == (second, 4)
    assert pauses(store) == 1


def test_it_is_forgotten_when_the_run_is_there(store: Store) -> None:
    key = claimed(store)
    left(store, key, 1)
    store.claim_race_group(key, "w")
    first, second, *_ = store.missing_race_members(key)
    store.add_race_runs(key, "w", [trained(first)])
    assert store.paused_race_run(key) is not None, "that was another one"
    store.add_race_runs(key, "w", [trained(second)])
    assert store.paused_race_run(key) is None


def test_a_worker_that_has_lost_its_group_leaves_nothing(store: Store) -> None:
    key = claimed(store, worker="another")
    member = store.missing_race_members(key)[0]
    assert not store.end_race_group(key, "w", "queued", paused=paused(member))
    assert store.paused_race_run(key) is None


def test_a_race_that_is_stopped_meanwhile_goes_on_there_when_it_is_repeated(store: Store) -> None:
    key = claimed(store)
    store.stop_race(key.race_id)
    left(store, key)
    assert statuses(store, key.race_id) == ["stopped"] * 3
    assert store.repeat_race(key.race_id)
    assert store.paused_race_run(key) is not None
    train_group(store, key)
    assert store.paused_race_run(key) is None


@pytest.mark.parametrize("column", ["checkpoint", "history"])
@pytest.mark.parametrize("end", [0, 300])
def test_what_this_version_cannot_read_begins_again(store: Store, column: str, end: int) -> None:
    key = claimed(store)
    left(store, key)
    kept = getattr(RacePauseRow, column)
    with writing(store._engine) as session:
        start = (session.scalar(select(kept)) or b"")[:end]
        session.execute(update(RacePauseRow).values({kept: start + b"of another version"}))
    assert store.paused_race_run(key) is None


@pytest.mark.parametrize("running", [1, 2])
def test_references_are_asked_last_and_not_for_ever(library: Store, running: int) -> None:
    reference = claimed(library, REFERENCE)
    others = [claimed(library) for _ in range(running)]
    asked = [*others, reference]
    first, second = library.missing_race_members(reference)
    for again in range(MOST_AGAIN):
        assert list(library.yielding_race_groups()) == asked, again
        library.end_race_group(reference, "w", "queued", paused=paused(first, ends=True))
        found = library.paused_race_run(reference)
        assert found is not None
        assert (found.member, found.checkpoint) == (first, None)
        library.claim_race_group(reference, "w")
    assert list(library.yielding_race_groups()) == others
    assert set(library.running_race_groups()) == set(asked)
    library.add_race_runs(reference, "w", [trained(first)])
    assert list(library.yielding_race_groups()) == asked, "the next fit has not been left yet"
    library.end_race_group(reference, "w", "queued", paused=paused(second, ends=True))
    library.claim_race_group(reference, "w")
    assert list(library.yielding_race_groups()) == asked


def test_it_goes_with_its_race(library: Store, ticking: TickingClock) -> None:
    key = claimed(library)
    left(library, key)
    library.delete_races([key.race_id], by=None)
    ticking.forward(100_000)
    assert library.purge() == 1
    assert pauses(library) == 0
