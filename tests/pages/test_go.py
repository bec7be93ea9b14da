"""From one page to another, with what is shown there and what was typed before."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from overfit_core.comparison.view import MAX_RUNS
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, notices, pick, status

UNITS_2 = "set.layer.2.units"
BOTH = "adam-against-sgd"


def recorded(store: Store, workers: FakeWorkers) -> str:
    """An earlier run with settings of its own."""
    run_id = store.create_run(RunSpec.load({"training": {"epochs": 123}}))
    workers.train(run_id)
    return run_id


def open_last_listed(at: AppTest) -> None:
    """Go to the Runs page, and from there open its last run."""
    at.switch_page("pages/runs.py").run()
    pick(at, len(at.dataframe[0].value) - 1)
    at.button(key="open-run").click().run()
    assert not at.exception
    # AppTest does not notice that the script went to another page.
    at.switch_page("pages/train.py")


def epochs(at: AppTest) -> int:
    """What the form says."""
    return int(at.number_input(key="set.training.epochs").value)


def test_opening_a_run_leaves_settings_that_were_typed(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    run_id = recorded(store, workers)
    at = open_app(preset="iris", hide="samples")
    at.number_input(key="set.training.epochs").set_value(77).run()
    open_last_listed(at)
    assert address(at)["run"] == run_id
    assert status(at)["text"].startswith("Memorised")
    assert epochs(at) == 77
    assert at.selectbox(key="preset").value == "iris"
    assert address(at)["hide"] == "samples"
    at.button(key="take-settings").click().run()
    assert epochs(at) == 123


def test_opening_a_run_leaves_settings_that_are_not_right_yet(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    recorded(store, workers)
    at = open_app()
    at.number_input(key="set.training.epochs").set_value(-1).run()
    open_last_listed(at)
    assert epochs(at) == -1


def test_opening_a_run_fills_a_form_that_holds_nothing_of_ones_own(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    recorded(store, workers)
    at = open_app("runs")
    open_last_listed(at)
    assert epochs(at) == 123
    for address_ in ({}, {"preset": BOTH}):
        at = open_app(**address_)
        open_last_listed(at)
        assert epochs(at) == 123
        assert "set.beside.1.name" not in [box.key for box in at.selectbox]


def test_opening_a_run_fills_a_form_that_is_as_the_run_shown_before(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    recorded(store, workers)
    at = open_app(preset=BOTH)
    at.number_input(key="set.training.epochs").set_value(77).run()
    at.button(key="train").click().run()
    open_last_listed(at)
    assert epochs(at) == 123


def test_a_run_that_is_gone_when_it_is_opened_leaves_the_form(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    run_id = recorded(store, workers)
    at = open_app(preset="iris")
    at.switch_page("pages/runs.py").run()
    pick(at, 0)
    deleted, store.run = store.run, lambda asked: deleted("gone" if asked == run_id else asked)  # type: ignore[method-assign]
    at.button(key="open-run").click().run()
    assert "There is no run" in notices(at)[0]
    assert at.selectbox(key="preset").value == "iris"


def test_more_runs_than_fit_are_counted_on_the_way_to_the_compare_page(
    open_app: OpenApp, store: Store
) -> None:
    for _ in range(MAX_RUNS + 2):
        store.create_run(RunSpec())
    at = open_app("runs")
    pick(at, *range(MAX_RUNS + 2))
    at.button(key="compare-runs").click().run()
    assert len(at.session_state[keys.COMPARED]) == MAX_RUNS
    said = f"At most {MAX_RUNS} runs are compared at once: the last 2 were left out."
    assert notices(at) == [said]
