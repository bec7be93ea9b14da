"""The Race page: set up, started, watched, opened again, its runs opened elsewhere."""

from __future__ import annotations

from overfit_core.store import Store
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.racing import SMALL, finished, started, train
from tests.pages.reading import address, captions, charts, status


def test_a_first_visit_explains_and_is_ready_to_start(open_app: OpenApp) -> None:
    at = open_app("race")
    assert at.header[0].value == "No race yet"
    assert not at.button(key="start-race").disabled
    assert at.button(key="stop-race").disabled
    # 8 optimizers with 13 rates, SGD's two defaults among them, and 5 seeds; L-BFGS with each seed.
    told = "525 runs: 520 of 500 epochs and 5 of L-BFGS for comparison, about "
    assert any(said.startswith(told) for said in captions(at))
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


def test_the_runs_page_lists_races(open_app: OpenApp, workers: FakeWorkers, store: Store) -> None:
    finished(open_app, store)
    store.create_races(SMALL.plans(), owner="somebody")
    at = open_app("runs")
    table = at.dataframe[0].value
    assert list(table.index) == workers.races
    assert list(table["state"]) == ["Finished"]
    assert list(table["runs"]) == [36]
