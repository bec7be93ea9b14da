from typing import Any

import pytest

from overfit_core.batches import SOURCES
from overfit_core.errors import Problem
from overfit_core.fields import argument_field, fields_of, message_of, source_field
from overfit_core.models.layers import LAYERS
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.schedules import SCHEDULES
from overfit_core.spec import BatchSpec, HeadSpec, TrainingSpec

DENSE = fields_of(LAYERS["dense"])


def test_a_layer_is_described_as_its_class_describes_it() -> None:
    units = DENSE["units"]
    assert (units.kind, units.default, units.minimum, units.maximum) == ("whole", 16, 1, 4096)
    assert units.help == "Number of outputs. From 1 to 4,096."
    assert "relu" in DENSE["activation"].choices
    assert DENSE["kernel_stddev"].optional
    assert "kind" not in DENSE


@pytest.mark.parametrize("model", [*LAYERS.values(), *SCHEDULES.values()], ids=lambda m: m.__name__)
def test_no_setting_is_left_out_and_untouched_fields_give_the_default(model: Any) -> None:  # noqa: ANN401
    fields = fields_of(model)
    assert set(fields) == set(model.model_fields) - {"kind"}
    given = {name: field.given(field.default_shown) for name, field in fields.items()}
    assert model(**given) == model()


@pytest.mark.parametrize("model", [BatchSpec, HeadSpec, TrainingSpec])
def test_what_a_spec_holds_is_shown_and_given_back(model: Any) -> None:  # noqa: ANN401
    for name, field in fields_of(model).items():
        value = getattr(model(), name)
        assert field.given(field.shown(value)) == value


def test_every_argument_of_every_optimizer_has_a_field() -> None:
    for optimizer in OPTIMIZERS.values():
        for argument in optimizer.arguments:
            field = argument_field(argument)
            assert field.given(field.default_shown) == argument.default
            assert field.help


def test_a_setting_of_a_source_is_empty_until_it_is_set() -> None:
    field = source_field("noise", SOURCES["moons"].settings["noise"])
    assert field.default is None
    assert (field.optional, field.default_text) == (True, "0.1")


@pytest.mark.parametrize("value", ["many", True, float("nan"), 2**60, [], {}, 1.5, None])
def test_what_a_widget_cannot_show_becomes_the_default(value: object) -> None:
    assert DENSE["units"].shown(value) == 16


def test_a_value_out_of_range_is_shown_to_be_named() -> None:
    assert DENSE["units"].shown(9999) == 9999


def test_numbers_are_read_from_text_and_nonsense_is_left_to_be_named() -> None:
    field = fields_of(SCHEDULES["piecewise"])["boundaries"]
    assert field.given("10, 2e1, x,") == [10, 20.0, "x"]
    assert field.shown((10, 20)) == "10, 20"
    assert field.given(field.shown((10, 20))) == [10, 20]


@pytest.mark.parametrize(
    ("default", "maximum", "step"),
    [
        (0.001, None, 0.001),
        (0.9, 1.0, 0.1),
        (0.999, 1.0, 0.001),
        (2.0, 10.0, 1.0),
        (0.0, 1.0, 0.01),
    ],
)
def test_an_arrow_moves_a_number_by_what_suits_its_size(
    default: float, maximum: float | None, step: float
) -> None:
    from overfit_core.fields import FormField

    field = FormField("x", "number", default, maximum=maximum)
    assert field.step == pytest.approx(step)


def test_a_problem_calls_the_setting_as_the_form_does() -> None:
    problem = Problem(("optimizer", "arguments", "beta_1"), "beta_1 is 2. The largest value is 1.")
    assert message_of(problem) == "Beta 1 is 2. The largest value is 1."
    assert message_of(Problem((), "the whole is wrong.")) == "The whole is wrong."
