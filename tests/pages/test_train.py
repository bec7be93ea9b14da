"""The Train page: what a person does, and what they see and keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from overfit_core.store import RunRecord, Store
from pages.parts import run_panel
from pages.parts.live_part import LIVE_SECONDS
from tests.pages.conftest import OpenApp
from tests.pages.fake import LEARNED_AT, FakeWorkers
from tests.pages.reading import address, charts, notices, status, wrong

UNITS_2 = "set.layer.2.units"
CODE = RunSpec.load({"batch": {"source": "moons", "samples": 32}}).link_code()


def test_the_first_page_says_what_to_do_and_offers_article_2(open_app: OpenApp) -> None:
    at = open_app()
    assert at.title[0].value == "Train one batch"
    assert at.selectbox(key="preset").value == "article-2"
    assert at.header[0].value == "Nothing trained yet"
    assert any("2,817 parameters · 4 samples · 500 epochs" in c.value for c in at.caption)
    assert not at.button(key="train").disabled
    assert all(at.button(key=key).disabled for key in ("pause", "stop"))


def test_train_on_the_first_page_trains_article_2(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    at = open_app()
    at.button(key="train").click().run()
    (run_id,) = workers.submitted
    assert store.run(run_id).spec == PRESETS["article-2"].spec
    assert status(at)["text"].startswith(f"Memorised at epoch {LEARNED_AT}")
    assert status(at)["tone"] == "good"
    assert list(charts(at)) == [
        "Loss, logarithmic axis",
        "Accuracy, % of the samples",
        "Learning rate, step size per update",
    ]


def test_the_samples_of_a_run_that_ended_are_listed(open_app: OpenApp) -> None:
    at = open_app()
    at.button(key="train").click().run()
    table = at.dataframe[0].value
    assert list(table["input"]) == ["1, 2", "3, 4", "5, 6", "7, 8"]
    assert list(table["label"]) == list(table["prediction"]) == ["0", "1", "0", "1"]
    assert list(table["learned"]) == [30, LEARNED_AT, LEARNED_AT, LEARNED_AT]


def test_a_run_that_ends_while_its_page_is_drawn_is_looked_at_once_more(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_app()
    at.button(key="train").click().run()
    looks: list[float | None] = []
    reads: list[RunRecord] = []

    def read(store: Store, run_id: str) -> RunRecord:
        reads.append(run(store, run_id))
        return reads[-1] if len(reads) > 1 else replace(reads[-1], status="running")

    def follow(*args: Any) -> None:  # noqa: ANN401
        looks.append(args[-1])
        live_part(*args)

    run, live_part = Store.run, run_panel.live_part
    monkeypatch.setattr(Store, "run", read)
    monkeypatch.setattr(run_panel, "live_part", follow)
    at.run()
    assert not at.button(key="stop").disabled
    # Otherwise its buttons would stay for ever.
    assert looks == [LIVE_SECONDS]


def test_the_loss_axis_is_logarithmic_until_a_person_asks_for_a_linear_one(
    open_app: OpenApp,
) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.button_group(key="log-axis").set_value("Linear").run()
    assert charts(at)["Loss, linear axis"]["layout"]["yaxis"]["type"] == "linear"


def test_a_failed_run_shows_its_reason_and_keeps_the_settings(open_app: OpenApp) -> None:
    at = open_app()
    at.text_input(key="set.name").set_value("fail").run()
    at.number_input(key=UNITS_2).set_value(5).run()
    at.button(key="train").click().run()
    assert status(at) == {"text": "Failed: ValueError: <b>made to fail</b>", "tone": "bad"}
    assert at.number_input(key=UNITS_2).value == 5
    assert not at.button(key="train").disabled


def test_a_run_that_cannot_be_submitted_says_why(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overfit_core.errors import WorkerError

    def refuse(run_id: str) -> None:
        raise WorkerError("No workers: the scheduler does not answer.")

    monkeypatch.setattr(workers, "submit", refuse)
    at = open_app()
    at.button(key="train").click().run()
    assert not at.exception
    assert notices(at) == ["The run was not started: No workers: the scheduler does not answer."]


def test_an_app_that_cannot_start_says_why(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overfit_core.errors import StoreError
    from pages.parts import engine as engine_module

    def refuse() -> None:
        raise StoreError("The database file is not one of ours.")

    monkeypatch.setattr(engine_module, "make_engine", refuse)
    at = open_app()
    assert wrong(at) == ["▲ The app cannot start: The database file is not one of ours."]


def test_a_database_that_is_gone_is_said_where_the_run_stands(
    open_app: OpenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overfit_core.charts.feed import Feed
    from overfit_core.errors import StoreError

    def refuse(feed: Feed, run_id: str) -> None:
        raise StoreError("The database does not answer.")

    at = open_app()
    at.button(key="train").click().run()
    monkeypatch.setattr(Feed, "lines", refuse)
    at.run()
    assert not at.exception
    assert status(at) == {"text": "The database does not answer.", "tone": "bad"}


def test_a_click_that_fails_says_why_and_keeps_the_page(
    open_app: OpenApp, store: Store, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overfit_core.errors import StoreError

    def refuse(store: Store, run_ids: list[str], wish: str) -> None:
        raise StoreError("The database is locked.")

    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    with monkeypatch.context() as patched:
        patched.setattr(Store, "set_wish_all", refuse)
        at.button(key="stop").click().run()
    assert not at.exception
    assert notices(at) == ["The database is locked."]
    assert at.number_input(key="set.training.epochs").value == 500
    at.button(key="stop").click().run()
    assert notices(at) == []


def test_a_database_that_fails_leaves_the_settings(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overfit_core.errors import StoreError

    def refuse(store: Store, run_id: str) -> None:
        raise StoreError("The database is locked.")

    at = open_app()
    at.button(key="train").click().run()
    monkeypatch.setattr(Store, "run", refuse)
    at.run()
    assert not at.exception
    assert wrong(at) == ["▲ The database is locked."]
    assert at.number_input(key="set.training.epochs").value == 500


def test_the_buttons_of_a_run_that_ended_before_the_page_was_drawn_are_off(
    open_app: OpenApp, workers: FakeWorkers
) -> None:
    workers.threaded = True
    at = open_app()
    at.button(key="train").click().run()
    workers.wait()
    at.run()
    assert status(at)["tone"] == "good"
    assert at.button(key="pause").disabled
    assert at.button(key="stop").disabled


def test_pause_resume_step_and_stop_are_wished_of_the_run(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    (run_id,) = workers.submitted
    store.claim(run_id, "fake")
    at.run()
    assert status(at)["text"].startswith("Compiling")
    at.button(key="pause").click().run()
    assert store.run(run_id).wish == "pause"
    at.button(key="step").click().run()
    assert store.run(run_id).steps_wanted == 1
    at.button(key="pause").click().run()
    assert store.run(run_id).wish == "run"
    at.button(key="stop").click().run()
    assert store.run(run_id).wish == "stop"
    assert status(at)["text"] == "Stopping …"


def test_step_without_a_run_starts_one_that_stands_still(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="step").click().run()
    record = store.run(workers.submitted[0])
    assert (record.wish, record.steps_wanted) == ("pause", 1)


def test_the_pace_counts_from_the_start_and_can_be_changed(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app()
    at.selectbox(key="pace").set_value("10 epochs/s").run()
    at.button(key="train").click().run()
    (run_id,) = workers.submitted
    assert store.run(run_id).pace == 10
    assert open_app(**address(at)).selectbox(key="pace").value == "10 epochs/s"
    at.selectbox(key="pace").set_value("As fast as it goes").run()
    assert store.run(run_id).pace is None


def test_train_ends_the_run_that_goes_on(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    at.button(key="train").click().run()
    first, second = workers.submitted
    assert store.run(first).status == "stopped"
    assert address(at)["run"] == second


def test_a_run_that_waits_says_how_the_workers_are(open_app: OpenApp, workers: FakeWorkers) -> None:
    workers.hold = True
    at = open_app()
    at.button(key="train").click().run()
    assert status(at)["text"] == "Waiting for a worker. 1 worker: ready."


def test_earlier_runs_of_the_session_can_be_shown_again(
    open_app: OpenApp, workers: FakeWorkers
) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.selectbox(key="preset").set_value("xor").run()
    at.button(key="train").click().run()
    first, second = workers.submitted
    assert at.selectbox(key="shown-run").value == second
    at.selectbox(key="shown-run").set_value(first).run()
    assert address(at)["run"] == first
    at.button(key="take-settings").click().run()
    assert at.number_input(key="set.training.epochs").value == 500
    assert address(at)["run"] == first
    assert "spec" not in address(at)


@pytest.mark.parametrize("preset_id", ["digits-cnn", "sensor-lstm", "sine", "random-labels"])
def test_every_kind_of_batch_is_shown_with_its_samples(open_app: OpenApp, preset_id: str) -> None:
    at = open_app(preset=preset_id)
    at.button(key="train").click().run()
    assert not at.exception
    assert len(at.dataframe[0].value) == PRESETS[preset_id].spec.batch.samples


def test_probes_held_out_and_inference_mode_have_their_curves(open_app: OpenApp) -> None:
    at = open_app(preset="dropout")
    at.number_input(key="set.batch.held_out").set_value(8).run()
    at.button_group(key="set.training.probes").set_value(["gradient_norm", "dead_share"]).run()
    at.button(key="train").click().run()
    figures = charts(at)
    assert "Gradient norm per layer, L2, logarithmic axis" in figures
    assert "Dead units per layer, % of its units" in figures
    names = [trace["name"] for trace in figures["Loss, logarithmic axis"]["data"]]
    assert names == ["Training", "Inference", "Held out"]
