"""A race is named by whoever made it, on the Race page and on the Runs page."""

from __future__ import annotations

import csv
import io

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.errors import StoreError
from overfit_core.limits import LIMITS
from overfit_core.racing.words import task_name
from overfit_core.store import Store
from pages.parts import race_scores
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.racing import SMALL, finished, started
from tests.pages.reading import address, captions, pick, wrong

SEVERAL = SMALL.model_copy(update={"tasks": ("xor", "sine")})
FIELD = "Name of the race"


def fields(at: AppTest) -> list[str]:
    return [field.label for field in at.text_input if field.label == FIELD]


def rename(at: AppTest, name: str) -> AppTest:
    """Type a name and save it."""
    next(field for field in at.text_input if field.label == FIELD).set_value(name)
    next(button for button in at.button if button.label == "Save").click().run()
    assert not at.exception
    return at


def headings(at: AppTest) -> list[str]:
    bodies = [element.proto.body for element in at.get("html")]
    return [body for body in bodies if body.startswith("<h2>")]


def test_its_name_is_its_title_and_is_seen_by_whoever_has_the_link(
    open_app: OpenApp, store: Store
) -> None:
    at = started(open_app)
    before = headings(at)
    rename(at, "  Adam [and] <friends> ")
    assert headings(at) == ["<h2>Adam [and] &lt;friends&gt;</h2>"] != before
    other = open_app("race", visitor="stranger", **address(at))
    assert headings(other) == headings(at)
    assert fields(other) == [], "it is not theirs to change"
    rename(at, "")
    assert headings(at) == before
    assert store.race(address(at)["race"]).given_name is None


def test_a_race_over_several_tasks_is_named_as_one(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app, SEVERAL)
    assert headings(at) == []
    rename(at, "Both")
    assert headings(at) == ["<h2>Both</h2>"]
    at.selectbox(key=keys.race("shown")).set_value(workers.races[1]).run()
    assert headings(at) == ["<h2>Both</h2>"]
    tasks = [task_name(store.race(race_id)) for race_id in workers.races]
    assert list(at.selectbox(key=keys.race("shown")).options) == tasks
    assert list(open_app("runs").dataframe[0].value["race"]) == ["Both"]


def test_the_picked_race_of_the_runs_page_is_named_there(open_app: OpenApp, store: Store) -> None:
    started(open_app)
    started(open_app, SEVERAL)
    at = open_app("runs")
    assert fields(at) == []
    pick(at, 0, 1)
    assert fields(at) == [], "one at a time"
    pick(at, 0)
    rename(at, "The second")
    names = list(at.dataframe[0].value["race"])
    assert names[0] == "The second" != names[1]
    assert {race.given_name for race in store.races() if race.set_id} == {"The second"}


@pytest.mark.parametrize("page", ["race", "runs"])
def test_a_name_is_no_longer_than_that_of_a_run_and_a_refusal_is_said(
    open_app: OpenApp, store: Store, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("database is locked")

    at = started(open_app)
    if page == "runs":
        at = open_app("runs")
        pick(at, 0)
    field = next(field for field in at.text_input if field.label == FIELD)
    assert field.proto.max_chars == LIMITS.name_length
    monkeypatch.setattr(store, "rename_race", refuse)
    rename(at, "Mine")
    assert wrong(at) == ["▲ database is locked"]


def test_a_race_of_somebody_else_cannot_be_named(open_app: OpenApp, store: Store) -> None:
    at = started(open_app)
    race_id = address(at)["race"]
    rename(at, "Mine")
    other = open_app("race", visitor="stranger", race=race_id)
    assert fields(other) == []
    assert store.race(race_id).given_name == "Mine"
    assert any("Somebody else made this race" in said for said in captions(other))


def test_its_files_say_its_name(open_app: OpenApp, store: Store) -> None:
    at = finished(open_app, store)
    rename(at, "Mine")
    record = store.race(address(at)["race"])
    text = race_scores._file("runs_csv", record).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["race"], row["task"]) for row in rows} == {("Mine", task_name(record))}
    assert len(rows) == 36
