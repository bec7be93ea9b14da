"""Old runs removed for good, and secrets that stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from overfit_core.store import Store, upkeep_side

from .conftest import TickingClock, ended, spec

DAY = 86_400.0


def test_deleted_runs_are_removed_for_good_after_a_day(
    library: Store, ticking: TickingClock
) -> None:
    gone = ended(library, library.create_run(spec()))
    kept = ended(library, library.create_run(spec()))
    library.delete([gone], by=None)
    assert library.purge() == 0
    before = library.storage().bytes
    ticking.forward(1.1 * DAY)
    assert library.purge() == 1
    assert library.restore([gone], by=None) == []
    assert [run.id for run in library.find()] == [kept]
    assert 0 < library.storage().bytes < before


def test_old_runs_and_too_many_are_removed(library: Store, ticking: TickingClock) -> None:
    old = ended(library, library.create_run(spec()))
    ticking.forward(40 * DAY)
    newer = [ended(library, library.create_run(spec())) for _ in range(3)]
    going = library.create_run(spec())
    assert library.purge(keep_days=30) == 1
    assert library.purge(keep_runs=2) == 1
    assert {run.id for run in library.find()} == {going, *newer[1:]}
    assert old not in {run.id for run in library.find()}


def test_what_was_deleted_does_not_count_among_those_that_are_kept(library: Store) -> None:
    runs = [ended(library, library.create_run(spec())) for _ in range(6)]
    library.delete(runs[3:], by=None)
    assert library.purge(keep_runs=3) == 0
    assert library.restore(runs[3:], by=None) == sorted(runs[3:])


def test_a_deleted_run_comes_back_for_a_day_and_no_longer(
    library: Store, ticking: TickingClock
) -> None:
    run_id = ended(library, library.create_run(spec()))
    library.delete([run_id], by=None)
    ticking.forward(1.1 * DAY)
    assert library.restore([run_id], by=None) == []


def test_runs_are_removed_batch_by_batch(library: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_side, "_RUNS", replace(upkeep_side._RUNS, batch=2))
    runs = [ended(library, library.create_run(spec())) for _ in range(7)]
    assert library.purge(keep_runs=2) == 5
    assert {run.id for run in library.find()} == set(runs[5:])


def test_a_secret_is_made_once(library: Store, url: str) -> None:
    first = library.secret("cookie")
    assert len(first) == 43
    other = Store(url)
    assert other.secret("cookie") == first
    other.close()
    assert library.secret("another") != first
