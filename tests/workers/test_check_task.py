"""The search for a cause in a worker: what it writes down, and when it ends."""

from __future__ import annotations

import threading
import time

import pytest

from overfit_core import RunSpec
from overfit_core.errors import StoreError
from overfit_core.models.summary import summarise
from overfit_core.presets import PRESETS
from overfit_core.store import CheckRecord, Store
from overfit_core.workers import giving_way
from overfit_core.workers.check_task import GAVE_WAY, Heart, look_for_cause
from overfit_core.workers.giving_way import give_way

from .fakes import PATIENCE, sqlite_store, wait_for

store = pytest.fixture(sqlite_store)


def asked(store: Store, spec: RunSpec, budget: float = 30.0) -> str:
    run_id = store.create_run(spec)
    store.claim(run_id, "w")
    store.finish(run_id, "finished", worker="w")
    store.ask_check(run_id, budget)
    return run_id


def found(store: Store, run_id: str) -> CheckRecord:
    check = store.check(run_id)
    assert check is not None
    return check


def in_a_thread(store: Store, run_id: str) -> threading.Thread:
    thread = threading.Thread(target=look_for_cause, args=(store, run_id, "w"))
    thread.start()
    wait_for(lambda: found(store, run_id).report is not None)
    return thread


def test_the_cause_of_a_run_and_a_change_that_memorises_are_written_down(store: Store) -> None:
    run_id = asked(store, PRESETS["unscaled-inputs"].spec)
    look_for_cause(store, run_id, "w")
    check = found(store, run_id)
    assert check.status == "finished"
    assert check.report is not None
    assert check.report.causes[0].rule == "unscaled_inputs"
    assert check.report.fixes[0].outcome == "memorised"
    assert check.report.trying is None


def test_a_search_is_held_to_what_a_run_may_take(store: Store) -> None:
    spec = PRESETS["unscaled-inputs"].spec
    samples = spec.batch.samples + spec.batch.held_out
    # The run memorises nothing in so few epochs, and no trial may have more.
    limit = 6 * summarise(spec).parameters * samples
    run_id = asked(store, spec)
    look_for_cause(store, run_id, "w", limit)
    report = found(store, run_id).report
    assert report is not None
    assert report.epochs == 6
    assert "which is 6 epochs of this network" in report.to_markdown()
    store.ask_check(run_id, 30.0)
    look_for_cause(store, run_id, "w", 1)
    check = found(store, run_id)
    assert check.status == "failed"
    assert check.reason is not None
    assert "here a run may take 1 " in check.reason


# Its trials would take half a minute: what ends the search is what is asked for here.
SLOW = RunSpec.load(
    {
        "batch": {"source": "xor"},
        "model": {"layers": [{"kind": "dense", "units": 1, "activation": "tanh"}]},
        "optimizer": {"name": "SGD", "learning_rate": 1e-6},
        "training": {"epochs": 50_000},
    }
)


def test_a_stop_ends_it_and_keeps_what_was_found(store: Store) -> None:
    run_id = asked(store, SLOW, budget=60.0)
    thread = in_a_thread(store, run_id)
    assert store.stop_check(run_id)
    thread.join(PATIENCE)
    check = found(store, run_id)
    assert (check.status, check.reason) == ("stopped", None)
    assert check.report is not None
    assert check.report.trying is None


def test_it_gives_way_to_a_run_that_waits(store: Store) -> None:
    run_id = asked(store, SLOW, budget=60.0)
    thread = in_a_thread(store, run_id)
    store.create_run(RunSpec())
    thread.join(PATIENCE)
    check = found(store, run_id)
    assert (check.status, check.reason) == ("stopped", GAVE_WAY)


def test_it_gives_way_to_an_export_for_whose_sake_it_is_asked(store: Store) -> None:
    run_id = asked(store, SLOW, budget=60.0)
    thread = in_a_thread(store, run_id)
    give_way("another run")
    give_way(run_id)
    thread.join(PATIENCE)
    check = found(store, run_id)
    assert (check.status, check.reason) == ("stopped", GAVE_WAY)
    give_way(run_id)


def test_as_many_give_way_as_runs_or_groups_wait_and_the_oldest_first(store: Store) -> None:
    ids = [asked(store, SLOW) for _ in range(3)]
    for run_id in ids:
        store.claim_check(run_id, "w")
    with Heart(store, ids[0], "w") as first, Heart(store, ids[1], "w") as second:
        store.create_runs([RunSpec()] * 2)
        wait_for(lambda: first.gave_way)
        time.sleep(4 * giving_way.BEAT_SECONDS)
        assert not second.stopped, "one worker is enough for a group"
        store.create_run(RunSpec())
        wait_for(lambda: second.gave_way)


@pytest.mark.exhaustive
def test_none_gives_way_for_a_run_to_which_another_just_gave_its_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "BEAT_SECONDS", 1.0)
    first, second = asked(store, SLOW), asked(store, SLOW)
    for run_id in (first, second):
        store.claim_check(run_id, "w")
    with Heart(store, second, "w") as heart:
        waiting = store.create_run(RunSpec())
        time.sleep(0.8)
        # When it looks, the first one is over and the run has not begun yet.
        store.end_check(first, "w", "stopped", reason=GAVE_WAY)
        wait_for(lambda: heart._was_needed)
        store.claim(waiting, "w")
        wait_for(lambda: not heart._was_needed)
        assert not heart.stopped


def test_what_goes_wrong_is_said(store: Store) -> None:
    run_id = asked(store, RunSpec())
    store.delete([run_id], by=None)
    look_for_cause(store, run_id, "w")
    check = found(store, run_id)
    assert check.status == "failed"
    assert check.reason is not None
    assert "no run" in check.reason


@pytest.mark.exhaustive
def test_of_a_run_that_somebody_stopped_its_own_epochs_are_asked_about(store: Store) -> None:
    spec = PRESETS["article-2"].spec
    run_id = store.create_run(spec)
    store.claim(run_id, "w")
    from overfit_core import run

    store.append(run_id, run(RunSpec.load({"training": {"epochs": 40}})).history, worker="w")
    store.set_wish_all([run_id], "stop")
    store.finish(run_id, "stopped", worker="w")
    store.ask_check(run_id, 20.0)
    look_for_cause(store, run_id, "w")
    report = found(store, run_id).report
    assert report is not None
    assert report.epochs == 40
    assert not report.memorised


def test_what_an_earlier_search_had_found_outlasts_one_that_found_nothing(store: Store) -> None:
    run_id = asked(store, PRESETS["unscaled-inputs"].spec)
    look_for_cause(store, run_id, "w")
    before = found(store, run_id).report_json
    assert store.ask_check(run_id, 1e-3)
    look_for_cause(store, run_id, "w")
    assert found(store, run_id).report_json == before


def test_a_write_that_the_store_refuses_is_no_outcome_of_a_trial(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = asked(store, PRESETS["unscaled-inputs"].spec)
    renew, refused = store.renew_check, []

    def sometimes(run_id: str, worker: str, report: str | None = None) -> bool:
        if report is not None and len(refused) < 3:
            refused.append(report)
            raise StoreError("database is locked")
        return renew(run_id, worker, report)

    monkeypatch.setattr(store, "renew_check", sometimes)
    look_for_cause(store, run_id, "w")
    check = found(store, run_id)
    assert len(refused) == 3
    assert check.report is not None
    assert check.report.fixes[0].outcome == "memorised"
