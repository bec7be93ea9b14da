"""The Race page: set up, started, watched, opened again, its runs opened elsewhere."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core import link
from overfit_core.charts.feed import Feed
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.presets import PRESETS
from overfit_core.racing.setup import ENTRANTS, RaceSetup
from overfit_core.settings import Settings
from overfit_core.store import Store
from pages.parts import engine as engine_module
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.racing import train
from tests.pages.reading import address, captions, charts, notices, status, wrong

SMALL = RaceSetup(
    optimizers=(ENTRANTS["SGD"], ENTRANTS["Adam"], ENTRANTS["Lion"]), rates=5, seeds=2, epochs=100
)


def started(open_app: OpenApp, setup: RaceSetup = SMALL, visitor: str = "me") -> AppTest:
    at = open_app("race", setup=setup.link_code(), visitor=visitor)
    at.button(key="start-race").click().run()
    assert not at.exception
    return at


def limit(workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Run the app with a setting of a place that many people share."""
    monkeypatch.setenv(name, value)
    handles = engine_module.Engine(workers.store, Feed(workers.store), workers, Settings.load())
    engine_module.engine.clear()
    monkeypatch.setattr(engine_module, "make_engine", lambda: handles)


def finished(open_app: OpenApp, store: Store, setup: RaceSetup = SMALL) -> AppTest:
    at = started(open_app, setup)
    for record in store.race_set(address(at)["race"]):
        train(store, record.id)
    return at.run()


def test_a_first_visit_explains_and_is_ready_to_start(open_app: OpenApp) -> None:
    at = open_app("race")
    assert at.header[0].value == "No race yet"
    assert not at.button(key="start-race").disabled
    assert at.button(key="stop-race").disabled
    # 8 optimizers with 13 rates, SGD's two defaults among them, and 5 seeds.
    assert any(said.startswith("520 runs of 500 epochs, about ") for said in captions(at))
    assert address(at) == {}


def test_start_stores_the_race_and_hands_it_to_the_workers(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    (race_id,) = workers.races
    assert address(at) == {"race": race_id}
    assert store.race(race_id).plan == SMALL.plans()[0]
    assert status(at)["text"].startswith("Waiting for a worker.")
    assert not at.button(key="stop-race").disabled


def test_results_stream_in_while_it_runs(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    train(store, workers.races[0], without=(1, 2, -1), most=3)
    at.run()
    assert status(at)["text"] == "Racing."
    # Which cell is the best changes still: nothing is picked by itself.
    assert "open-rate" not in str([box.key for box in at.selectbox])
    assert "Epochs to target, optimizer by learning rate" in charts(at)
    assert len(at.dataframe[0].value) == 1
    train(store, workers.races[0], without=(-1,))
    at.run()
    assert len(at.dataframe[0].value) == 3


def test_at_the_end_the_first_is_named_and_everything_is_drawn(
    open_app: OpenApp, store: Store
) -> None:
    at = finished(open_app, store)
    said = status(at)
    assert said["tone"] == "good"
    assert said["text"].startswith("SGD with 0.01 is first: Accuracy 100 % or more after 21 epochs")
    assert len(charts(at)) == 5
    for figure in charts(at).values():
        text = str(figure["layout"])
        assert "speed of fitting one batch, not generalisation" in text.lower()
    table = at.dataframe[0].value
    assert list(table["optimizer"]) == ["SGD", "Adam", "Lion"]
    assert list(table["epochs"]) == [21, 22, 23]
    assert at.button(key="stop-race").disabled


def test_stop_keeps_what_is_there_and_one_button_trains_the_rest(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    race_id = workers.races[0]
    train(store, race_id, without=(1, 2, -1))
    at.run()
    at.button(key="stop-race").click().run()
    assert status(at)["text"].startswith("Stopped: 26 runs missing of 36. SGD with 0.01")
    at.button(key="repeat-race").click().run()
    assert workers.races == [race_id, race_id]
    train(store, race_id)
    at.run()
    assert status(at)["tone"] == "good"
    assert "repeat-race" not in [button.key for button in at.button]


def test_a_lost_group_is_told_with_its_reason(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    train(store, workers.races[0], without=(0, 1, -1), most=2)
    store.interrupt_lost_race_groups(dead_workers=["fake"])
    train(store, workers.races[0])
    at.run()
    assert status(at)["tone"] == "bad"
    assert "10 runs missing of 36. Lion: " in status(at)["text"]
    assert at.button(key="repeat-race").label == "Train what is missing (10)"


def test_a_link_shows_the_race_to_somebody_else_who_cannot_stop_it(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    at = started(open_app)
    other = open_app("race", visitor="stranger", **address(at))
    assert other.button(key="stop-race").disabled
    assert any("Somebody else made this race" in said for said in captions(other))
    assert other.number_input(key=keys.race("rates")).value == 5
    train(store, workers.races[0])
    other.run()
    assert status(other)["text"].startswith("SGD with 0.01 is first")
    assert address(other) == address(at)


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


def test_several_tasks_are_one_set_with_a_profile(
    open_app: OpenApp, workers: FakeWorkers, store: Store
) -> None:
    setup = SMALL.model_copy(update={"tasks": ("xor", "sine")})
    at = finished(open_app, store, setup)
    assert len(workers.races) == 2
    assert "Performance profile, equally tuned" in charts(at)
    at.selectbox(key=keys.race("shown")).set_value(workers.races[1]).run()
    assert address(at) == {"race": workers.races[1]}
    assert "R² 0.99 or more" in status(at)["text"]


def test_the_train_pages_settings_can_race(open_app: OpenApp, store: Store) -> None:
    at = open_app()
    at.number_input(key="set.batch.samples").set_value(3).run()
    at.switch_page("pages/race.py").run()
    at.multiselect(key=keys.race("tasks")).set_value(["train-page"]).run()
    at.button(key="start-race").click().run()
    plan = store.race(address(at)["race"]).plan
    assert plan.spec.batch.samples == 3


def test_runs_of_a_cell_are_opened_with_their_histories(open_app: OpenApp, store: Store) -> None:
    at = open_app("race", **address(finished(open_app, store)))
    at.selectbox(key=keys.race("open-optimizer")).set_value(1).run()
    at.selectbox(key=keys.race("open-rate")).set_value(0.01).run()
    at.selectbox(key=keys.race("open-seed")).set_value(1).run()
    assert any("reaches the target after 23 epochs" in said for said in captions(at))
    at.button(key="race-train").click().run()
    runs = store.runs_of([address(at)["run"]])
    assert runs[0].spec.optimizer.name == "Adam"
    assert runs[0].spec.training.seed == 1
    assert len(store.history(runs[0].id)) == 100
    # AppTest stays on the page that it has left: a new visit shows the other one.
    there = open_app("train", run=runs[0].id)
    there.button(key="its-race").click().run()
    assert address(there)["race"] == runs[0].race_id


def test_a_race_that_is_too_large_here_is_refused_with_the_way_out(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(workers, monkeypatch, "OVERFIT_RACE_WORK", "1000")
    at = open_app("race")
    assert at.button(key="start-race").disabled
    bodies = " ".join(element.proto.body for element in at.get("html"))
    assert "here a race may take 1,000. Take fewer seeds" in bodies


def test_the_runs_page_lists_races(open_app: OpenApp, workers: FakeWorkers, store: Store) -> None:
    finished(open_app, store)
    store.create_races(SMALL.plans(), owner="somebody")
    at = open_app("runs")
    table = at.dataframe[0].value
    assert list(table.index) == workers.races
    assert list(table["state"]) == ["Finished"]
    assert list(table["runs"]) == [36]


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


def test_a_race_of_runs_that_are_too_large_here_is_refused(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(workers, monkeypatch, "OVERFIT_RUN_WORK", "1000")
    at = open_app("race")
    assert at.button(key="start-race").disabled
    assert any("runs of 500 epochs" in said for said in captions(at))
