"""What one visitor, and all of them together, may ask of the workers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.settings import Settings
from overfit_core.store import Store
from pages.parts import engine as engine_module
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import notices


def test_a_visitor_has_so_many_runs_at_a_time(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, runs_per_visitor=1)
    at = open_app(preset="adam-against-sgd")
    at.button(key="train").click().run()
    assert not workers.submitted
    assert "This would start 2 runs at once, and here 1 one visitor may" in notices(at)[0]


def test_a_run_goes_on_when_the_one_that_was_to_end_it_is_refused(
    open_app: OpenApp, store: Store, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, runs_waiting=1)
    at = _with_a_run_that_waits(open_app, workers)
    (run_id,) = workers.submitted
    store.claim(run_id, "somewhere")
    store.create_run(store.run(run_id).spec)
    at.button(key="train").click().run()
    assert "1 runs that may wait" in notices(at)[0]
    assert store.run(run_id).wish == "run"
    assert workers.submitted == [run_id]


def test_a_visitor_whose_run_makes_way_for_the_next_has_room_for_it(
    open_app: OpenApp, store: Store, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, runs_per_visitor=1)
    at = _with_a_run_that_waits(open_app, workers)
    at.button(key="train").click().run()
    assert not notices(at)
    assert [store.run(run_id).status for run_id in workers.submitted] == ["stopped", "queued"]


def test_more_work_than_a_run_may_take_is_refused_with_what_to_make_smaller(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, run_work=1_000.0)
    at = open_app()
    at.button(key="train").click().run()
    assert not workers.submitted
    assert "epochs" in notices(at)[0]
    assert "1,000" in notices(at)[0]


def _with_a_run_that_waits(open_app: OpenApp, workers: FakeWorkers) -> AppTest:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    return at


def _limit(monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    limited = replace(engine_module.make_engine(), settings=Settings(**limits))
    monkeypatch.setattr(engine_module, "make_engine", lambda: limited)
