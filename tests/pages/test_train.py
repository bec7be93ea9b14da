"""The Train page: what a person does, and what they see and keep."""

from __future__ import annotations

import pytest

from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.pages.conftest import OpenApp
from tests.pages.fake import LEARNED_AT, FakeWorkers
from tests.pages.reading import address, charts, notices, reasons, status, wrong

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


def test_the_loss_axis_is_logarithmic_until_a_person_asks_for_a_linear_one(
    open_app: OpenApp,
) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.button_group(key="log-axis").set_value("Linear").run()
    assert charts(at)["Loss, linear axis"]["layout"]["yaxis"]["type"] == "linear"


def test_a_wrong_layer_is_named_in_its_row_and_nothing_can_be_started(
    open_app: OpenApp, workers: FakeWorkers
) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(9999).run()
    assert wrong(at)[0] == "▲ Units is 9999. The largest value is 4096."
    assert reasons(at) == ["Model, layer 2: Units is 9999. The largest value is 4096."]
    assert at.button(key="train").disabled
    assert at.button(key="step").disabled
    assert at.number_input(key=UNITS_2).value == 9999
    assert not workers.submitted


def test_a_layer_that_cannot_take_its_shape_is_named_with_the_shape(open_app: OpenApp) -> None:
    at = open_app()
    at.selectbox(key="set.layer.2.kind").set_value("conv2d").run()
    (reason,) = reasons(at)
    assert reason.startswith("Model, layer 2:")
    assert "(64,)" in reason
    assert at.button(key="train").disabled


def test_a_click_that_overtakes_the_check_starts_nothing(
    open_app: OpenApp, workers: FakeWorkers
) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(0)
    at.button(key="train").click().run()
    assert not workers.submitted
    assert at.number_input(key=UNITS_2).value == 0


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("set.batch.samples", 5, "5"),
        ("set.batch.label_noise", 1.5, "Label noise is 1.5"),
        ("set.optimizer.learning_rate", 0.0, "Learning rate is 0"),
        ("set.optimizer.arguments.Adam.beta_1", 2.0, "Beta 1 is 2.0"),
        ("set.training.epochs", 0, "Epochs is 0"),
        ("set.training.epochs", 1_000_001, "Epochs is 1000001"),
    ],
)
def test_a_wrong_number_is_named_once_beside_its_widget(
    open_app: OpenApp, key: str, value: float, message: str
) -> None:
    at = open_app()
    at.number_input(key=key).set_value(value).run()
    assert not at.exception
    (named,) = wrong(at)
    assert message in named
    assert at.button(key="train").disabled


def test_text_in_a_list_of_numbers_is_named_and_kept(open_app: OpenApp) -> None:
    at = open_app()
    at.selectbox(key="set.optimizer.schedule.kind").set_value("piecewise").run()
    at.text_input(key="set.schedule.piecewise.boundaries").set_value("10, <b>x</b>").run()
    assert not at.exception
    assert "<b>x</b>" in wrong(at)[0]
    assert at.text_input(key="set.schedule.piecewise.boundaries").value == "10, <b>x</b>"


@pytest.mark.parametrize("preset_id", list(PRESETS))
def test_a_preset_fills_every_field(open_app: OpenApp, preset_id: str) -> None:
    at = open_app()
    at.selectbox(key="preset").set_value(preset_id).run()
    assert not at.exception
    at.number_input(key="set.training.epochs").increment().run()
    changed = RunSpec.from_link_code(address(at)["spec"])
    spec = PRESETS[preset_id].spec
    epochs = spec.training.epochs + 1
    assert changed == RunSpec.load(
        spec.model_dump() | {"training": spec.training.model_dump() | {"epochs": epochs}}
    )


def test_a_change_is_said_beside_the_preset_and_can_be_taken_back(open_app: OpenApp) -> None:
    at = open_app()
    assert "reset" not in [button.key for button in at.button]
    at.number_input(key="set.batch.seed").set_value(3).run()
    assert any(c.value == "Changed from this preset: batch." for c in at.caption)
    at.button(key="reset").click().run()
    assert at.number_input(key="set.batch.seed").value == 0
    assert "reset" not in [button.key for button in at.button]


def test_layers_are_added_moved_copied_and_removed(open_app: OpenApp) -> None:
    at = open_app()

    def sizes() -> list[int]:
        spec = RunSpec.from_link_code(address(at)["spec"])
        return [layer.units for layer in spec.model.layers]

    at.selectbox(key="add-layer").set_value("dense").run()
    assert sizes() == [64, 32, 16, 16]
    at.button(key="up-4").click().run()
    at.number_input(key="set.layer.4.units").set_value(8).run()
    assert sizes() == [64, 32, 8, 16]
    at.button(key="copy-1").click().run()
    assert sizes() == [64, 64, 32, 8, 16]
    at.button(key="remove-1").click().run()
    at.button(key="down-2").click().run()
    assert sizes() == [64, 8, 32, 16]


def test_what_was_typed_for_one_optimizer_is_there_when_it_is_chosen_again(
    open_app: OpenApp,
) -> None:
    at = open_app()
    at.number_input(key="set.optimizer.arguments.Adam.beta_1").set_value(0.8).run()
    at.selectbox(key="set.optimizer.name").set_value("SGD").run()
    at.selectbox(key="set.optimizer.name").set_value("Adam").run()
    assert at.number_input(key="set.optimizer.arguments.Adam.beta_1").value == 0.8


def test_a_reload_keeps_the_run_and_its_settings(open_app: OpenApp, store: Store) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(5).run()
    at.button(key="train").click().run()
    assert set(address(at)) == {"run"}
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 5
    assert status(again) == status(at)
    assert charts(again) == charts(at)


def test_a_reload_keeps_settings_that_were_typed_after_the_run(open_app: OpenApp) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.number_input(key=UNITS_2).set_value(7).run()
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 7
    assert status(again) == status(at)


def test_a_reload_keeps_settings_that_are_not_right_yet(open_app: OpenApp) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(9999).run()
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 9999
    assert wrong(again) == wrong(at)


def test_a_link_code_fills_the_form(open_app: OpenApp) -> None:
    at = open_app(spec=CODE)
    assert not notices(at)
    assert at.selectbox(key="set.batch.source").value == "moons"
    assert at.number_input(key="set.batch.samples").value == 32
    assert at.selectbox(key="preset").value is None


@pytest.mark.parametrize(
    "code",
    [
        "nonsense",
        "1.",
        "9.abc",
        "1." + "A" * 20_000,
        "<script>alert(1)</script>",
        CODE[:-9],
        "\x00",
    ],
)
@pytest.mark.parametrize("name", ["spec", "draft"])
def test_a_hostile_code_gets_a_kind_word_and_the_preset(
    open_app: OpenApp, name: str, code: str
) -> None:
    at = open_app(**{name: code})
    assert not at.exception
    (notice,) = notices(at)
    assert notice.startswith("The settings in this address cannot be used:")
    assert at.number_input(key=UNITS_2).value == 32
    assert not at.button(key="train").disabled


def test_a_draft_of_nonsense_shows_defaults(open_app: OpenApp) -> None:
    from overfit_core import link

    draft = {
        "name": ["x"],
        "batch": {"source": {}, "samples": "many", "seed": 1e300, "scaling": 3},
        "model": {"layers": [1, {"kind": []}, {"kind": "dense", "units": None}], "loss": {}},
        "optimizer": {"name": [], "arguments": 4, "schedule": {"kind": {}}},
        "training": {"probes": [{}], "epochs": True},
    }
    at = open_app(draft=link.encode(draft))
    assert not at.exception
    assert at.number_input(key="set.batch.samples").value == 4
    assert len([w for w in at.number_input if w.key.endswith(".units") and "layer" in w.key]) == 1


def test_an_unknown_run_gets_a_kind_word(open_app: OpenApp) -> None:
    at = open_app(run="<i>gone</i>")
    (notice,) = notices(at)
    assert "There is no run '<i>gone</i>' here" in notice
    assert at.header[0].value == "Nothing trained yet"


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
    assert status(at)["text"].startswith("Training")
    at.button(key="pause").click().run()
    assert store.run(run_id).wish == "pause"
    at.button(key="step").click().run()
    assert store.run(run_id).steps_wanted == 1
    at.button(key="resume").click().run()
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
