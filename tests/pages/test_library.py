"""The Runs page: what is listed. What is done with picked rows is tried in a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import captions, pick


def trained(open_app: OpenApp, workers: FakeWorkers) -> str:
    """A run of the visitor's own, made on the Train page."""
    open_app().button(key="train").click().run()
    return workers.submitted[-1]


def deletes(at: AppTest) -> list[str]:
    """The titles of the runs that the button would delete."""
    at.button(key="delete-runs").click().run()
    return at.text[0].value.split("\n")


def test_an_empty_library_says_what_to_do(open_app: OpenApp) -> None:
    at = open_app("runs")
    assert at.header[0].value == "No runs yet"


def test_runs_are_listed_newest_first_with_their_loss(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    first = trained(open_app, workers)
    second = trained(open_app, workers)
    at = open_app("runs")
    table = at.dataframe[0].value
    assert list(table.index) == [second, first]
    assert len(table["loss curve"].iloc[0]) == 40
    assert any("2 runs of yours" in caption.value for caption in at.caption)
    assert any("kept until you delete them" in caption.value for caption in at.caption)


def test_runs_of_others_are_not_listed(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    store.create_run(RunSpec(), owner="somebody")
    assert open_app("runs").header[0].value == "No runs yet"


def test_a_filter_that_matches_nothing_says_so(open_app: OpenApp, workers: FakeWorkers) -> None:
    trained(open_app, workers)
    at = open_app("runs")
    at.text_input(key="search").set_value("no such thing").run()
    assert at.header[0].value == "No run matches"
    at.text_input(key="search").set_value("adam").run()
    assert len(at.dataframe[0].value) == 1
    at.multiselect(key="filter-state").set_value(["failed"]).run()
    assert at.header[0].value == "No run matches"


def named(store: Store, *names: str) -> None:
    for name in names:
        store.create_run(RunSpec(name=name))


def test_a_picked_run_stays_picked_when_a_search_leaves_it_in(
    open_app: OpenApp, store: Store
) -> None:
    named(store, "first", "second", "second again")
    at = open_app("runs")
    pick(at, 1)
    at.text_input(key="search").set_value("second").run()
    assert list(at.dataframe[0].value["run"]) == ["second again", "second"]
    assert deletes(at) == ["second"]
    at.text_input(key="search").set_value("").run()
    assert deletes(at) == ["second"]


def test_a_picked_run_that_a_search_hides_stays_picked_and_is_counted(
    open_app: OpenApp, store: Store
) -> None:
    named(store, "first", "second")
    at = open_app("runs")
    pick(at, 0, 1)
    assert "2 runs picked" in captions(at)
    at.text_input(key="search").set_value("second").run()
    assert "2 runs picked, 1 not in this list" in captions(at)
    assert deletes(at) == ["second", "first"]


def test_runs_are_picked_search_by_search(open_app: OpenApp, store: Store) -> None:
    named(store, "first", "second")
    at = open_app("runs")
    for name in ("first", "second"):
        at.text_input(key="search").set_value(name).run()
        pick(at, 0)
    at.text_input(key="search").set_value("neither of them").run()
    assert at.header[0].value == "No run matches"
    assert "2 runs picked, 2 not in this list" in captions(at)
    assert sorted(deletes(at)) == ["first", "second"]


def test_all_picks_are_taken_away_at_once(open_app: OpenApp, store: Store) -> None:
    named(store, "first", "second")
    at = open_app("runs")
    assert at.button(key="pick-none-library").disabled
    pick(at, 0, 1)
    at.text_input(key="search").set_value("second").run()
    at.button(key="pick-none-library").click().run()
    assert "Pick rows at their left edge." in captions(at)
    at.text_input(key="search").set_value("").run()
    assert at.button(key="delete-runs").disabled


def test_a_picked_run_that_is_gone_is_picked_no_more(open_app: OpenApp, store: Store) -> None:
    named(store, "first", "second")
    at = open_app("runs")
    pick(at, 1)
    store.delete([run.id for run in store.find() if run.name == "first"], by=None)
    at.run()
    assert at.button(key="delete-runs").disabled


@pytest.mark.parametrize(
    ("going", "said"),
    [
        ([], None),
        (["one"], "One of them goes on and is stopped; an undo does not start it again."),
        (["one", "two"], "2 of them go on and are stopped; an undo does not start them again."),
    ],
)
def test_deleting_says_that_runs_that_go_on_are_stopped(
    open_app: OpenApp, store: Store, workers: FakeWorkers, going: list[str], said: str | None
) -> None:
    ended = store.create_run(RunSpec(name="ended"))
    workers.train(ended)
    named(store, *going)
    at = open_app("runs")
    pick(at, *range(len(going) + 1))
    deletes(at)
    assert [text for text in captions(at) if "stopped" in text] == ([said] if said else [])


def test_deleting_one_run_that_goes_on_says_so(open_app: OpenApp, store: Store) -> None:
    named(store, "one")
    at = open_app("runs")
    pick(at, 0)
    deletes(at)
    assert "It goes on and is stopped; an undo does not start it again." in captions(at)


def test_a_run_made_in_another_tab_moves_no_pick(open_app: OpenApp, store: Store) -> None:
    named(store, "first", "second")
    at = open_app("runs")
    pick(at, 0)
    named(store, "third")
    at.run()
    assert list(at.dataframe[0].value["run"]) == ["third", "second", "first"]
    assert deletes(at) == ["second"]
