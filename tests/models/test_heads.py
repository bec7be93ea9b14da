from typing import Any

import pytest

from overfit_core.batches import SOURCES, BatchShape
from overfit_core.errors import ShapeError, SpecError
from overfit_core.models.heads import head_of, head_shape
from overfit_core.spec import ModelSpec, RunSpec


def parts(source: str, model: dict[str, Any]) -> tuple[ModelSpec, BatchShape]:
    spec = RunSpec.load({"batch": {"source": source}, "model": model})
    return spec.model, SOURCES[source].shape(spec.batch)


@pytest.mark.parametrize(
    ("source", "units", "activation", "loss"),
    [
        ("article", 1, "sigmoid", "binary_crossentropy"),
        ("iris", 3, "softmax", "sparse_categorical_crossentropy"),
        ("diabetes", 1, "linear", "mean_squared_error"),
    ],
)
def test_head_and_loss_follow_from_the_task(
    source: str, units: int, activation: str, loss: str
) -> None:
    head = head_of(*parts(source, {}))
    assert (head.units, head.activation, head.loss) == (units, activation, loss)


def test_head_and_loss_can_be_overridden_wrongly() -> None:
    model = {
        "head": {"activation": "softmax", "kernel_initializer": "zeros"},
        "loss": "mean_absolute_error",
    }
    head = head_of(*parts("article", model))
    assert (head.units, head.activation, head.loss) == (1, "softmax", "mean_absolute_error")
    assert head.kernel_initializer == "zeros"


@pytest.mark.parametrize(
    ("loss", "activation", "threshold"),
    [
        ("hinge", "tanh", 0.0),
        ("squared_hinge", "linear", 0.0),
        ("hinge", "sigmoid", 0.5),
        ("binary_crossentropy", "linear", 0.5),
        ("mean_squared_error", "tanh", 0.5),
    ],
)
def test_the_threshold_lies_between_what_the_loss_pulls_to(
    loss: str, activation: str, threshold: float
) -> None:
    head = head_of(*parts("article", {"loss": loss, "head": {"activation": activation}}))
    assert head.threshold == threshold


def test_a_head_on_what_is_not_flat_is_refused_with_the_way_out() -> None:
    model, batch = parts("iris", {})
    with pytest.raises(ShapeError, match=r"head takes a flat shape.*\(8, 8, 16\).*put flatten"):
        head_shape(model, batch, (8, 8, 16))
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"batch": {"source": "digits"}, "model": {"layers": [{"kind": "conv2d"}]}})
    assert caught.value.problems[0].path == ("model", "head")
