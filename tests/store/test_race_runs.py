"""Runs of a race in the store: read, opened by themselves."""

import math

import numpy as np
import pytest
from sqlalchemy import event

from overfit_core.errors import UnknownRunError
from overfit_core.racing.plan import REFERENCE, Member
from overfit_core.racing.trained import Trained
from overfit_core.store import GroupKey, Store

from .conftest import TickingClock
from .racing import history, missed, plan, race_run, train_race, trained


def started(store: Store, **changes: object) -> GroupKey:
    """The group of the first optimizer of a race, which a worker has just taken."""
    (race_id,) = store.create_races([plan(**changes)])
    key = GroupKey(race_id, 0)
    store.claim_race_group(key, "w")
    return key


def test_scores_come_back_to_the_last_bit_and_misses_stay_infinite(store: Store) -> None:
    key = started(store)
    first, second, third, fourth = store.missing_race_members(key)
    fallen = race_run(second, drift=math.inf, best_loss=np.float32(0.1), epochs=np.int64(5))
    runs = [race_run(first), fallen, missed(third), race_run(fourth, stopped=True, epochs=3)]
    assert store.add_race_runs(key, "w", [Trained(run, history(run.epochs)) for run in runs])
    found = store.race_runs(key.race_id)
    assert found == runs
    assert isinstance(found[1].best_loss, float)
    assert found[2].best_loss is None
    assert [run.member for run in found] == list(plan().members(0))


def test_what_is_there_is_not_added_again(store: Store) -> None:
    key = started(store)
    first, second, *_ = store.missing_race_members(key)
    assert store.add_race_runs(key, "w", [trained(first)])
    assert store.add_race_runs(key, "w", [trained(first, seconds=9.0), trained(second)])
    assert [run.seconds for run in store.race_runs(key.race_id)] == [1 / 3, 1 / 3]
    assert store.race(key.race_id).done == 2


def test_one_that_was_cut_short_does_not_count_and_is_replaced(store: Store) -> None:
    key = started(store)
    first, *_ = store.missing_race_members(key)
    store.add_race_runs(key, "w", [trained(first, stopped=True, epochs=2)])
    assert store.race(key.race_id).done == 0
    assert first in store.missing_race_members(key)
    store.add_race_runs(key, "w", [trained(first)])
    (run,) = store.race_runs(key.race_id)
    assert (run.stopped, run.epochs) == (False, 5)
    assert len(store.race_histories(key.race_id, [first])[first]) == 5
    assert store.race(key.race_id).done == 1


def test_histories_are_those_of_the_members_asked_for(store: Store) -> None:
    key = started(store)
    first, second, third, absent = store.missing_race_members(key)
    for epochs, member in enumerate((first, second, third), start=3):
        store.add_race_runs(key, "w", [Trained(race_run(member), history(epochs))])
    found = store.race_histories(key.race_id, [third, absent, first])
    assert list(found) == [third, first]
    assert [len(one) for one in found.values()] == [5, 3]
    np.testing.assert_array_equal(found[third]["loss"], history(5)["loss"])
    assert store.race_histories(key.race_id, []) == {}


def test_a_run_that_is_opened_is_an_ordinary_run_with_its_full_history(store: Store) -> None:
    (race_id,) = store.create_races([plan()], owner="maker")
    train_race(store, race_id)
    member = Member(1, 0.0123, 4)
    run = store.run(store.open_race_runs(race_id, [member], owner="me")[0])
    assert (run.status, run.ended, run.epoch, run.owner) == ("finished", True, 5, "me")
    assert (run.name, run.optimizer) == ("SGD at 0.0123, seed 4", "SGD")
    assert run.spec.hash == plan().spec_of(member).hash
    assert run.summary == trained(member).summary
    assert (run.batch_hash, run.weights_hash) == ("b" * 64, f"{4:064d}")
    assert (run.race_id, run.preset, run.group_id) == (race_id, None, None)
    np.testing.assert_array_equal(store.history(run.id)["loss"], history()["loss"])
    assert len(store.history(run.id, after_epoch=3)) == 2
    assert run.sparkline[-1] == pytest.approx(math.log10(1 / 5), abs=1e-4)
    assert store.waiting() == []
    assert [found.id for found in store.find()] == [run.id]


def test_opening_it_again_finds_the_same_run_unless_it_was_deleted(store: Store) -> None:
    (race_id,) = store.create_races([plan()])
    train_race(store, race_id)
    every = list(plan().members())
    ids = store.open_race_runs(race_id, every[:3], owner="me")
    assert store.open_race_runs(race_id, [every[3], *every[2::-1]], owner="me")[1:] == ids[::-1]
    assert store.open_race_runs(race_id, [every[0]], owner="you")[0] not in ids
    store.delete(ids[:1], by="me")
    assert store.open_race_runs(race_id, [every[0]], owner="me")[0] not in ids
    assert store.open_race_runs(race_id, [every[1]], owner="me")[0] == ids[1]


def test_a_run_outlasts_the_race_that_it_was_opened_from(
    library: Store, ticking: TickingClock
) -> None:
    (race_id,) = library.create_races([plan()])
    train_race(library, race_id)
    run_id = library.open_race_runs(race_id, [Member(0, 0.1, 3)])[0]
    library.delete_races([race_id], by=None)
    ticking.forward(100_000)
    assert library.purge() == 1
    assert library.run(run_id).race_id == race_id
    assert len(library.history(run_id)) == 5


def test_what_was_cut_short_is_opened_as_stopped(store: Store) -> None:
    key = started(store)
    first, *_ = store.missing_race_members(key)
    store.add_race_runs(key, "w", [trained(first, stopped=True, epochs=2)])
    run = store.run(store.open_race_runs(key.race_id, [first])[0])
    assert (run.status, run.epoch) == ("stopped", 2)


def test_a_run_that_is_not_there_yet_cannot_be_opened(store: Store) -> None:
    key = started(store)
    first, second, *_ = store.missing_race_members(key)
    store.add_race_runs(key, "w", [trained(first)])
    with pytest.raises(UnknownRunError, match=r"Adam at 0\.1, seed 3 of the race is not there"):
        store.open_race_runs(key.race_id, [first, second])
    assert store.find() == []
    reference = Member(REFERENCE, 1.0, 3)
    with pytest.raises(UnknownRunError, match="SciPy's"):
        store.open_race_runs(key.race_id, [reference])


def test_scores_are_read_in_one_query_without_the_histories(store: Store) -> None:
    (race_id,) = store.create_races([plan()])
    train_race(store, race_id)
    asked: list[str] = []
    event.listen(
        store._engine, "before_cursor_execute", lambda *args: asked.append(args[2]), named=False
    )
    assert len(store.race_runs(race_id)) == 10
    tables = [table for table in ("race_histories", "race_runs") for one in asked if table in one]
    assert tables == ["race_runs"]
