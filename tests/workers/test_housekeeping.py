"""Forgotten runs are stopped, old ones removed, and neither at every look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from overfit_core import RunSpec
from overfit_core.settings import Settings, SettingsError
from overfit_core.store import Store
from overfit_core.workers.housekeeping import Housekeeping

from .race_plans import race_plan


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}", clock.now)
    yield store
    store.close()


def test_a_run_that_nobody_looks_at_is_stopped(store: Store, clock: Clock) -> None:
    housekeeping = Housekeeping(store, Settings(idle_minutes=2), clock)
    forgotten, watched = store.create_run(RunSpec()), store.create_run(RunSpec())
    store.claim(forgotten, "w")
    housekeeping.look()
    clock.seconds = 110
    store.look([watched])
    clock.seconds = 125
    housekeeping.look()
    assert store.control_all([forgotten], worker="w")[forgotten].wish == "stop"
    store.finish(forgotten, "stopped", worker="w")
    assert store.run(forgotten).reason == "Nobody had looked at it for 2 minutes."
    assert store.run(watched).wish == "run"


def test_a_race_that_nobody_looks_at_is_stopped(store: Store, clock: Clock) -> None:
    housekeeping = Housekeeping(store, Settings(idle_minutes=2), clock)
    forgotten, watched = store.create_races([race_plan()] * 2, reference=False)
    clock.seconds = 110
    store.look_races([watched])
    clock.seconds = 125
    housekeeping.look()
    race = store.race(forgotten)
    assert race.status == "stopped"
    assert {group.reason for group in race.groups} == {"Nobody had looked at it for 2 minutes."}
    assert store.race(watched).status == "queued"


def test_without_the_setting_no_run_is_stopped(store: Store, clock: Clock) -> None:
    run_id = store.create_run(RunSpec())
    clock.seconds = 1e6
    Housekeeping(store, Settings(), clock).look()
    assert store.run(run_id).status == "queued"


def test_old_runs_are_removed_every_ten_minutes(store: Store, clock: Clock) -> None:
    housekeeping = Housekeeping(store, Settings(keep_days=1), clock)
    housekeeping.look()
    run_id = store.create_run(RunSpec())
    store.set_wish_all([run_id], "stop")
    clock.seconds = 599
    housekeeping.look()
    assert store.run(run_id).ended
    clock.seconds = 86_400 * 1.01
    housekeeping.look()
    assert store.find() == []


@pytest.mark.parametrize("setting", ["OVERFIT_KEEP_DAYS", "OVERFIT_IDLE_MINUTES"])
def test_a_time_longer_than_there_are_dates_is_refused(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(setting, "1e9")
    with pytest.raises(SettingsError, match=setting):
        Settings.load()
