"""What the Race page makes of its address, of wrong settings, and of a place's limits."""

from __future__ import annotations

import pytest

from overfit_core import link
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.presets import PRESETS
from overfit_core.racing.setup import RaceSetup
from overfit_core.store import Store
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.racing import SMALL, limit, started
from tests.pages.reading import address, captions, notices, wrong


def test_the_address_keeps_what_was_typed_even_if_it_is_wrong(open_app: OpenApp) -> None:
    at = open_app("race")
    at.number_input(key=keys.race("seeds")).set_value(99).run()
    assert at.button(key="start-race").disabled
    assert any("Seeds is 99" in said for said in wrong(at))
    again = open_app("race", **address(at))
    assert again.number_input(key=keys.race("seeds")).value == 99
    again.number_input(key=keys.race("seeds")).set_value(3).run()
    assert RaceSetup.from_link_code(address(again)["setup"]) == RaceSetup(seeds=3)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"race": "nonsense"}, "There is no race 'nonsense' here"),
        ({"setup": "1.nonsense"}, "The race in this address cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_says_so(
    open_app: OpenApp, query: dict[str, str], said: str
) -> None:
    at = open_app("race", **query)
    assert said in notices(at)[0]
    assert not at.button(key="start-race").disabled


def test_a_target_out_of_range_is_named_in_its_unit(open_app: OpenApp) -> None:
    at = open_app("race")
    at.selectbox(key=keys.race("kind")).set_value("accuracy").run()
    assert at.number_input(key=keys.race("value")).value == 100
    at.number_input(key=keys.race("value")).set_value(120).run()
    assert any("between 0 and 100 %, not 120 %" in said for said in wrong(at))


def test_nobody_and_nothing_to_fit_are_named(open_app: OpenApp) -> None:
    at = open_app("race")
    at.multiselect(key=keys.race("optimizers")).set_value([]).run()
    at.multiselect(key=keys.race("tasks")).set_value([]).run()
    assert len(wrong(at)) == 2
    assert at.button(key="start-race").disabled


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("OVERFIT_RACE_WORK", "here a race may take 1,000. Take fewer seeds"),
        ("OVERFIT_RUN_WORK", "here a run may take 1,000"),
    ],
)
def test_what_is_too_large_here_is_refused_with_the_way_out(
    open_app: OpenApp,
    workers: FakeWorkers,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    said: str,
) -> None:
    limit(workers, monkeypatch, variable, "1000")
    at = open_app("race")
    assert at.button(key="start-race").disabled
    assert said in " ".join(element.proto.body for element in at.get("html"))
    assert any("525 runs: 520 of 500 epochs" in caption for caption in captions(at))


@pytest.mark.parametrize(
    "setup",
    [
        {"tasks": list(PRESETS)},
        {"optimizers": [{"name": name} for name in OPTIMIZERS] + [{"name": "Adam"}]},
        {"tasks": ["xor", "no-such"]},
        {"optimizers": [{"name": "Adam"}, {"name": "Nope"}]},
        {"tasks": [5, {"batch": 7}, None], "optimizers": "Adam"},
    ],
)
def test_what_of_a_link_cannot_be_used_is_said(open_app: OpenApp, setup: dict[str, object]) -> None:
    at = open_app("race", setup=link.encode(setup))
    assert any("in this address" in said for said in notices(at))


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "loss", "value": 10**400},
        {"kind": "accuracy", "value": 1e308},
        {"kind": "loss", "value": True},
        {"kind": ["loss"], "value": {}},
        "loss",
    ],
)
def test_a_target_that_is_no_number_is_left_out(open_app: OpenApp, target: object) -> None:
    at = open_app("race", setup=link.encode({"target": target}))
    assert at.selectbox(key=keys.race("kind")).value is None
    assert not at.button(key="start-race").disabled


def test_a_preset_and_the_train_pages_same_settings_are_one_task_twice(open_app: OpenApp) -> None:
    at = open_app()
    at.switch_page("pages/race.py").run()
    at.multiselect(key=keys.race("tasks")).set_value(["article-2", "train-page"]).run()
    assert any("is there twice" in said for said in wrong(at))
    assert at.button(key="start-race").disabled


def test_a_race_that_was_deleted_says_so_and_a_new_one_takes_its_notice_away(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    owner = store.race(workers.races[0]).owner
    store.delete_races(workers.races, by=owner)
    at.run()
    assert "the race was deleted" in notices(open_app("race", race=workers.races[0]))[0]
    assert at.header[0].value == "No race yet"
    at.button(key="start-race").click().run()
    assert not notices(at)


def test_a_typed_name_is_shown_as_it_stands(open_app: OpenApp, store: Store) -> None:
    spec = PRESETS["xor"].spec.model_copy(update={"name": "[a](https://b.example) <b>"})
    at = started(open_app, SMALL.model_copy(update={"tasks": (spec,)}))
    assert not any("b.example" in header.value for header in at.header)
    bodies = [element.proto.body for element in at.get("html")]
    assert "<h2>[a](https://b.example) &lt;b&gt;</h2>" in bodies


def test_what_is_missing_needs_room_as_a_new_race_does(
    open_app: OpenApp, workers: FakeWorkers, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(workers, monkeypatch, "OVERFIT_RUNS_PER_VISITOR", "1")
    at = started(open_app)
    at.button(key="stop-race").click().run()
    at.button(key="start-race").click().run()
    first = open_app("race", race=workers.races[0])
    first.button(key="repeat-race").click().run()
    assert "at most 1 races going" in notices(first)[0]
