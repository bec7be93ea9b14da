import random
from typing import Any

import pytest

from overfit_core.errors import ShapeError
from overfit_core.models.build import build_model
from overfit_core.models.layers import LAYERS
from overfit_core.models.summary import summarise
from overfit_core.spec import RunSpec
from tests.models.random_stacks import random_stack

SOURCES = {"article": (2,), "sensor": (32, 3), "digits": (8, 8, 1)}


def spec_of(source: str, layers: list[dict[str, Any]], **parts: Any) -> RunSpec:  # noqa: ANN401
    return RunSpec.load({"batch": {"source": source}, "model": {"layers": layers}, **parts})


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("source", SOURCES)
def test_a_summary_says_what_keras_says(source: str, number: int) -> None:
    import numpy as np

    layers = random_stack(random.Random(f"{source} {number}"), SOURCES[source], length=4)
    spec = spec_of(source, [layer.model_dump() for layer in layers])
    summary, model = summarise(spec), build_model(spec)
    assert summary.parameters == model.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert summary.trainable_parameters == trainable
    rows = [(row.name, row.output_shape, row.parameters) for row in summary.layers]
    # The first Keras layer is the input, which is no layer of a spec.
    built = [
        (layer.name, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers[1:]
    ]
    assert rows == built


def test_the_random_stacks_hold_every_kind() -> None:
    kinds = {
        layer.kind
        for source, inputs in SOURCES.items()
        for number in range(12)
        for layer in random_stack(random.Random(f"{source} {number}"), inputs, length=4)
    }
    assert kinds == set(LAYERS)


def test_the_articles_second_example_has_2817_parameters() -> None:
    summary = summarise(RunSpec())
    assert summary.parameters == summary.trainable_parameters == 2817
    assert [row.name for row in summary.layers] == ["dense_1", "dense_2", "dense_3", "head"]
    # Two operations for each weight, forward and twice that backward, for four samples.
    assert summary.flops_per_epoch == pytest.approx(2 * 2817 * 3 * 4, rel=0.1)


def test_moving_statistics_are_not_trained() -> None:
    summary = summarise(spec_of("article", [{"kind": "batch_normalization"}]))
    assert summary.parameters - summary.trainable_parameters == 4


def test_frozen_weights_are_counted_and_not_trained() -> None:
    layers = [{"kind": "dense", "units": 3}, {"kind": "batch_normalization"}]
    frozen = [{**layer, "trainable": False} for layer in layers]
    summary = summarise(spec_of("article", [*frozen, {"kind": "dense", "units": 5}]))
    assert (
        summary.parameters
        == summarise(spec_of("article", [*layers, layers[0] | {"units": 5}])).parameters
    )
    assert summary.trainable_parameters == (3 + 1) * 5 + (5 + 1)
    spec = RunSpec.load({"model": {"layers": frozen, "head": {"trainable": False}}})
    assert summarise(spec).trainable_parameters == 0


def test_a_summary_refuses_what_cannot_be_built() -> None:
    flat = RunSpec()
    model = flat.model.model_copy(update={"layers": (LAYERS["conv2d"](),)})
    with pytest.raises(ShapeError, match="layer 1, conv2d"):
        summarise(flat.model_copy(update={"model": model}))
