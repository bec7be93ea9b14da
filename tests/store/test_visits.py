"""Looks at runs that go on, places in the queue, and room for new runs."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from overfit_core import RunSpec
from overfit_core.errors import TooManyRunsError
from overfit_core.store import Room, Store


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def looked_at(tmp_path: Path, clock: Clock) -> Store:
    return Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}", clock)


def test_a_run_that_nobody_looks_at_is_told(looked_at: Store, clock: Clock) -> None:
    watched, forgotten, done = (looked_at.create_run(RunSpec()) for _ in range(3))
    looked_at.set_wish_all([done], "stop")
    clock.now += timedelta(seconds=50)
    looked_at.look([watched, done])
    clock.now += timedelta(seconds=20)
    assert looked_at.unseen(60) == [forgotten]
    clock.now += timedelta(seconds=50)
    assert set(looked_at.unseen(60)) == {watched, forgotten}


def test_a_look_is_noted_every_ten_seconds_only(looked_at: Store, clock: Clock) -> None:
    run_id = looked_at.create_run(RunSpec())
    looked_at.look([run_id])
    clock.now += timedelta(seconds=9)
    looked_at.look([run_id])
    clock.now += timedelta(seconds=8)
    assert looked_at.unseen(16) == [run_id]
    looked_at.look([run_id])
    assert looked_at.unseen(16) == []


def test_a_group_takes_one_place_in_the_queue(looked_at: Store, clock: Clock) -> None:
    first = looked_at.create_run(RunSpec())
    clock.now += timedelta(seconds=1)
    group = looked_at.create_runs([RunSpec(), RunSpec()])
    clock.now += timedelta(seconds=1)
    last = looked_at.create_run(RunSpec())
    assert [looked_at.place_in_queue(run_id) for run_id in (first, *group, last)] == [1, 2, 2, 3]
    looked_at.claim(first, "w")
    assert looked_at.place_in_queue(first) is None
    assert looked_at.place_in_queue(last) == 2


def test_one_visitor_may_have_so_many_runs(looked_at: Store) -> None:
    room = Room(per_owner=2)
    first = looked_at.create_run(RunSpec(), owner="me")
    with pytest.raises(TooManyRunsError, match="1 of at most 2 runs going, and this would start 2"):
        looked_at.create_runs([RunSpec(), RunSpec()], owner="me", room=room)
    looked_at.create_runs([RunSpec(), RunSpec()], owner="somebody", room=room)
    looked_at.create_runs([RunSpec()], owner="me", room=room)
    with pytest.raises(TooManyRunsError):
        looked_at.create_runs([RunSpec()], owner="me", room=room)
    looked_at.set_wish_all([first], "stop")
    looked_at.create_runs([RunSpec()], owner="me", room=room)
    assert len(looked_at.find()) == 5


def test_so_many_runs_may_wait(looked_at: Store) -> None:
    room = Room(waiting=1)
    first = looked_at.create_run(RunSpec())
    with pytest.raises(TooManyRunsError, match="at most 1 runs that may wait for a worker, 1 do"):
        looked_at.create_runs([RunSpec()], room=room)
    looked_at.claim(first, "w")
    looked_at.create_runs([RunSpec()], room=room)


@pytest.mark.parametrize("room", [Room(per_owner=2), Room(waiting=2)])
def test_more_at_once_than_there_is_ever_room_for_is_said_to_be_too_many(
    looked_at: Store, room: Room
) -> None:
    with pytest.raises(TooManyRunsError, match="would start 3 runs at once, and here 2"):
        looked_at.create_runs([RunSpec()] * 3, owner="me", room=room)


def test_of_many_clicks_at_once_no_more_start_than_there_is_room_for(looked_at: Store) -> None:
    def click() -> None:
        with contextlib.suppress(TooManyRunsError):
            looked_at.create_runs([RunSpec()], owner="me", room=Room(per_owner=1))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked_at.find()) == 1
