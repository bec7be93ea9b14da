"""The watcher places groups of races, and notices which of them are lost."""

import pytest

from overfit_core.store import GroupKey, Store
from overfit_core.workers import watcher as rules
from overfit_core.workers.giving_way import group_name
from overfit_core.workers.race_watcher import MAX_ATTEMPTS, NO_ANSWER
from overfit_core.workers.watcher import Watcher

from .race_plans import race_plan
from .watching import Clock, FakeWorkers, its_watcher, late_clock, late_store

clock = pytest.fixture(late_clock)
store = pytest.fixture(late_store)
watcher = pytest.fixture(its_watcher)

A, B = "tcp://a#1", "tcp://b#2"


def groups(store: Store) -> list[GroupKey]:
    store.create_races([race_plan()], reference=False)
    return store.waiting_race_groups()


def statuses(store: Store, key: GroupKey) -> list[str]:
    return [group.status for group in store.race(key.race_id).groups]


def test_groups_that_wait_are_submitted_again_and_again(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers(A)
    first, second = groups(store)
    watcher.look(workers)
    store.claim_race_group(first, A)
    watcher.look(workers)
    one, other = group_name(first), group_name(second)
    assert workers.race_groups == [one, other, other]
    store.stop_race(first.race_id)
    watcher.look(workers)
    assert workers.race_groups[3:] == []


def test_a_worker_that_is_gone_takes_its_group_only(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers(A, B)
    first, second = groups(store)
    store.claim_race_group(first, A)
    store.claim_race_group(second, B)
    watcher.look(workers)
    workers.names = [B]
    watcher.look(workers)
    assert statuses(store, first) == ["interrupted", "running"]
    assert store.race(first.race_id).groups[0].reason == rules.DIED
    assert workers.restarted == []


def test_without_a_sign_of_life_it_is_interrupted_and_its_worker_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    workers = FakeWorkers(A, B)
    first, second = groups(store)
    with clock.ago(10):
        store.claim_race_group(first, A)
    store.claim_race_group(second, B)
    watcher.look(workers)
    assert statuses(store, first) == ["interrupted", "running"]
    assert workers.restarted == ["tcp://a"]


def test_a_stop_that_is_not_answered_ends_it_and_restarts_its_worker(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    workers = FakeWorkers(A)
    first, _ = groups(store)
    store.claim_race_group(first, A)
    with clock.ago(1.0):
        store.stop_race(first.race_id)
    watcher.look(workers)
    assert statuses(store, first) == ["running", "stopped"]
    with clock.ago(2.0):
        store.stop_race(first.race_id)
    watcher.look(workers)
    assert store.race(first.race_id).groups[0].reason == NO_ANSWER
    assert workers.restarted == ["tcp://a"]


def test_a_worker_that_is_stuck_in_a_group_that_has_ended_is_restarted(
    store: Store, watcher: Watcher, clock: Clock
) -> None:
    workers = FakeWorkers(A, B)
    first, second = groups(store)
    workers.race_tasks = {"tcp://a": [group_name(first)], "tcp://b": [group_name(second)]}
    for key, worker, ago in ((first, A, 20.0), (second, B, 5.0)):
        store.claim_race_group(key, worker)
        with clock.ago(ago):
            store.end_race_group(key, worker, "stopped")
    watcher.look(workers)
    assert workers.restarted == ["tcp://a"]


def test_a_group_whose_task_always_fails_is_given_up(store: Store, watcher: Watcher) -> None:
    workers = FakeWorkers(A)
    first, _ = groups(store)
    for _ in range(MAX_ATTEMPTS):
        assert statuses(store, first) == ["queued", "queued"]
        workers.failed_races = {group_name(first): "No module named 'overfit_core'"}
        watcher.look(workers)
    assert statuses(store, first) == ["failed", "queued"]
    reason = store.race(first.race_id).groups[0].reason
    assert reason is not None
    assert "No module named 'overfit_core'" in reason


def test_a_worker_with_a_group_is_not_the_first_to_be_replaced(
    store: Store, watcher: Watcher
) -> None:
    workers = FakeWorkers(A, B)
    first, _ = groups(store)
    workers.memory = 801
    store.claim_race_group(first, A)
    watcher.look(workers)
    assert workers.replaced == [("tcp://b", 800)]
