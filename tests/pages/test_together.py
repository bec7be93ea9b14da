"""Several optimizers in one start, and runs that are drawn beside each other."""

from __future__ import annotations

from datetime import datetime

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.presets import PRESETS
from overfit_core.store import RunRecord, Store, visits_side
from overfit_core.store.engine import reading
from overfit_core.store.tables import RunRow
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, charts, reasons, status, wrong

BOTH = "adam-against-sgd"


def curves(at: AppTest, title: str = "Loss, logarithmic axis") -> list[str]:
    return [trace["name"] for trace in charts(at)[title]["data"] if trace.get("name")]


def test_the_articles_examples_2_and_3_are_one_click(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    at = open_app(preset=BOTH)
    at.button(key="train").click().run()
    adam, sgd = _made(workers, store)
    assert adam.spec == PRESETS["article-2"].spec
    assert sgd.spec == PRESETS["article-3"].spec
    assert adam.group_id == sgd.group_id is not None
    assert adam.preset == BOTH
    assert status(at)["text"].startswith("Memorised")
    assert curves(at) == ["Adam 0.001", "SGD 0.01"]


def test_an_optimizer_is_added_and_taken_away(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    at = open_app()
    at.selectbox(key="add-optimizer").set_value("Lion").run()
    at.button(key="copy-optimizer").click().run()
    at.number_input(key="set.beside.2.learning_rate").set_value(0.01).run()
    at.button(key="train").click().run()
    made = [(run.optimizer, run.spec.optimizer.learning_rate) for run in _made(workers, store)]
    assert made == [("Adam", None), ("Lion", None), ("Adam", 0.01)]
    at.button(key="remove-beside-1").click().run()
    at.button(key="train").click().run()
    assert [run.optimizer for run in _made(workers, store)[3:]] == ["Adam", "Adam"]


def _made(workers: FakeWorkers, store: Store) -> list[RunRecord]:
    """The runs of all starts: one of each group is submitted, and takes the others with it."""
    first = store.runs_of(workers.submitted)
    groups = [store.group(run.group_id) if run.group_id else [run] for run in first]
    return [run for group in groups for run in group]


@pytest.mark.exhaustive
def test_twelve_optimizers_are_the_most(open_app: OpenApp) -> None:
    at = open_app()
    for _ in range(11):
        at.button(key="copy-optimizer").click().run()
    assert at.button(key="copy-optimizer").disabled
    assert at.selectbox(key="add-optimizer").disabled
    at.button(key="train").click().run()
    assert not at.exception


def test_a_wrong_setting_of_an_optimizer_beside_is_named_in_its_row(open_app: OpenApp) -> None:
    at = open_app(preset=BOTH)
    at.number_input(key="set.beside.1.learning_rate").set_value(0.0).run()
    assert at.button(key="train").disabled
    assert len(wrong(at)) == 1
    assert "Learning rate is 0" in wrong(at)[0]
    assert reasons(at)[0].startswith("Optimizer 2: Learning rate is 0")


def test_what_all_runs_share_is_named_once(open_app: OpenApp) -> None:
    at = open_app(preset=BOTH)
    at.number_input(key="set.batch.samples").set_value(0).run()
    assert len(reasons(at)) == 1


def test_changing_one_thing_adds_a_run_beside_the_last_one(open_app: OpenApp) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.number_input(key="set.optimizer.learning_rate").set_value(0.01).run()
    at.button(key="train").click().run()
    assert curves(at) == ["Adam 0.001", "Adam 0.01"]
    at.button(key="alone").click().run()
    assert curves(at) == ["Training"]


def test_other_settings_altogether_start_with_a_clean_sheet(open_app: OpenApp) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.selectbox(key="preset").set_value("iris").run()
    at.button(key="train").click().run()
    assert "Training" in curves(at)


def test_a_reload_shows_the_same_runs_together(open_app: OpenApp) -> None:
    at = open_app(preset=BOTH)
    at.button(key="train").click().run()
    at.number_input(key="set.optimizer.learning_rate").set_value(0.01).run()
    at.button(key="train").click().run()
    again = open_app(**address(at))
    assert curves(again) == curves(at)
    assert len(curves(again)) == 4
    assert address(again) == address(at)
    assert again.selectbox(key="set.beside.1.name").value == "SGD"


def test_settings_with_optimizers_beside_stand_in_the_address(open_app: OpenApp) -> None:
    at = open_app()
    at.selectbox(key="add-optimizer").set_value("Muon").run()
    at.number_input(key="set.beside.1.learning_rate").set_value(0.0).run()
    again = open_app(**address(at))
    assert again.selectbox(key="set.beside.1.name").value == "Muon"
    assert again.number_input(key="set.beside.1.learning_rate").value == 0.0
    assert again.button(key="train").disabled


def test_an_optimizer_that_was_taken_away_stays_away_after_a_reload(open_app: OpenApp) -> None:
    at = open_app(preset=BOTH)
    at.button(key="remove-beside-1").click().run()
    again = open_app(**address(at))
    assert "set.beside.1.name" not in [box.key for box in again.selectbox]
    assert address(again)["preset"] == BOTH


def test_pause_step_and_stop_mean_the_whole_group(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app(preset=BOTH)
    at.button(key="train").click().run()
    group = [run.id for run in _made(workers, store)]
    at.button(key="pause").click().run()
    assert {store.run(run_id).wish for run_id in group} == {"pause"}
    at.button(key="step").click().run()
    assert [store.run(run_id).steps_wanted for run_id in group] == [1, 1]
    at.button(key="stop").click().run()
    assert {store.run(run_id).status for run_id in group} == {"stopped"}


def test_somebody_else_can_watch_a_run_and_not_steer_it(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    (run_id,) = workers.submitted
    other = open_app(visitor="somebody", run=run_id)
    assert all(other.button(key=key).disabled for key in ("pause", "step", "stop"))
    assert any("Somebody else made this run" in caption.value for caption in other.caption)
    other.selectbox(key="pace").set_value("10 epochs/s").run()
    other.button(key="train").click().run()
    assert store.run(run_id).wish == "run"
    assert store.run(run_id).pace is None
    assert store.run(workers.submitted[1]).owner != store.run(run_id).owner


def test_a_link_hides_settings(open_app: OpenApp) -> None:
    at = open_app(hide="preset,model,nonsense,samples")
    assert [tab.label for tab in at.tabs] == ["Batch", "Optimizer", "Training"]
    assert "preset" not in [box.key for box in at.selectbox]
    at.button(key="train").click().run()
    assert not at.dataframe
    assert address(at)["hide"] == "preset,model,samples"


def test_a_page_that_is_open_keeps_its_run_from_being_forgotten(
    open_app: OpenApp, store: Store, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    (run_id,) = workers.submitted
    before = _seen_at(store, run_id)
    monkeypatch.setattr(visits_side, "LOOK_SECONDS", 0.0)
    at.run()
    assert _seen_at(store, run_id) > before


def test_other_settings_of_a_preset_with_several_optimizers_survive_a_reload(
    open_app: OpenApp,
) -> None:
    at = open_app(preset=BOTH)
    at.number_input(key="set.training.epochs").set_value(321).run()
    kept = address(at)
    assert "spec" in kept
    again = open_app(**kept)
    assert again.selectbox(key="set.beside.1.name").value == "SGD"
    assert address(again) == kept


def test_other_settings_than_those_of_a_group_that_is_shown_survive_a_reload(
    open_app: OpenApp,
) -> None:
    at = open_app(preset=BOTH)
    at.button(key="train").click().run()
    at.number_input(key="set.training.epochs").set_value(321).run()
    kept = address(at)
    assert {"run", "spec"} <= set(kept)
    again = open_app(**kept)
    assert again.selectbox(key="set.beside.1.name").value == "SGD"
    assert address(again) == kept


def test_a_run_that_was_named_is_listed_by_its_name(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    at = open_app()
    for _ in range(2):
        at.button(key="train").click().run()
    store.label(workers.submitted[0], by=store.run(workers.submitted[0]).owner, name="The first")
    at.run()
    assert "1. The first · finished" in at.selectbox(key="shown-run").options


def test_a_reload_of_a_run_names_the_preset_that_it_was_made_from(open_app: OpenApp) -> None:
    at = open_app(preset="iris")
    at.number_input(key="set.training.epochs").set_value(12).run()
    at.button(key="train").click().run()
    again = open_app(run=address(at)["run"])
    assert again.selectbox(key="preset").value == "iris"
    assert any(caption.value == "Changed: training." for caption in again.caption)


def test_the_page_says_that_it_compiles_before_the_first_epoch(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app(preset=BOTH)
    at.button(key="train").click().run()
    store.claim_group(workers.submitted[0], "somewhere")
    at.run()
    assert status(at)["text"].startswith("Compiling 2 training loops")


def _seen_at(store: Store, run_id: str) -> datetime:
    with reading(store._engine) as session:
        seen = session.get_one(RunRow, run_id).seen_at
    assert seen is not None
    return seen
