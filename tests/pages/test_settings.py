"""The settings of the Train page: what a person types, and what is wrong with it."""

from __future__ import annotations

import pytest

from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, reasons, wrong

UNITS_2 = "set.layer.2.units"
CODE = RunSpec.load({"batch": {"source": "moons", "samples": 32}}).link_code()


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
        ("set.batch.contradictions", 3, "Contradictions is 3, but samples is 4"),
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
    at.text_input(key="set.optimizer.schedule.piecewise.boundaries").set_value("10, <b>x</b>").run()
    assert not at.exception
    assert "<b>x</b>" in wrong(at)[0]
    assert at.text_input(key="set.optimizer.schedule.piecewise.boundaries").value == "10, <b>x</b>"


@pytest.mark.few(3)
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
    assert at.button(key="reset").disabled
    at.number_input(key="set.batch.seed").set_value(3).run()
    assert any(c.value == "Changed: batch." for c in at.caption)
    at.button(key="reset").click().run()
    assert at.number_input(key="set.batch.seed").value == 0
    assert at.button(key="reset").disabled


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


def test_layers_and_head_are_frozen_and_samples_contradicted(open_app: OpenApp) -> None:
    at = open_app()
    at.checkbox(key="set.layer.2.trainable").uncheck().run()
    at.checkbox(key="set.head.trainable").uncheck().run()
    at.number_input(key="set.batch.contradictions").set_value(2).run()
    assert not at.exception
    spec = RunSpec.from_link_code(address(at)["spec"])
    assert [layer.trainable for layer in spec.model.layers] == [True, False, True]
    assert not spec.model.head.trainable
    assert spec.batch.contradictions == 2


def test_what_was_typed_for_one_optimizer_is_there_when_it_is_chosen_again(
    open_app: OpenApp,
) -> None:
    at = open_app()
    at.number_input(key="set.optimizer.arguments.Adam.beta_1").set_value(0.8).run()
    at.selectbox(key="set.optimizer.name").set_value("SGD").run()
    at.selectbox(key="set.optimizer.name").set_value("Adam").run()
    assert at.number_input(key="set.optimizer.arguments.Adam.beta_1").value == 0.8
