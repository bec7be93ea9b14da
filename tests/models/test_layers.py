from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from overfit_core.batches import Array
from overfit_core.errors import ShapeError
from overfit_core.models.layers import (
    LAYERS,
    Attention,
    BaseLayer,
    BuildContext,
    Dense,
    Layer,
    Shape,
)

ANY_LAYER: TypeAdapter[BaseLayer] = TypeAdapter(Layer)

FLAT, SEQUENCE, IMAGE = (5,), (8, 3), (8, 8, 1)

TAKES = {
    "conv1d": {SEQUENCE},
    "conv2d": {IMAGE},
    "max_pooling1d": {SEQUENCE},
    "max_pooling2d": {IMAGE},
    "average_pooling1d": {SEQUENCE},
    "average_pooling2d": {IMAGE},
    "global_average_pooling": {SEQUENCE, IMAGE},
    "global_max_pooling": {SEQUENCE, IMAGE},
    "simple_rnn": {SEQUENCE},
    "lstm": {SEQUENCE},
    "gru": {SEQUENCE},
    "attention": {SEQUENCE},
    "dense": {FLAT, SEQUENCE},
}


@pytest.mark.parametrize("kind", LAYERS)
def test_every_setting_of_a_layer_has_a_default_and_a_meaning(kind: str) -> None:
    layer = ANY_LAYER.validate_python({"kind": kind})
    assert type(layer) is LAYERS[kind]
    assert all(
        field.description for name, field in type(layer).model_fields.items() if name != "kind"
    )
    assert layer.label and layer.meaning


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_survives_json(kind: str) -> None:
    layer = LAYERS[kind]()
    assert ANY_LAYER.validate_json(layer.model_dump_json()) == layer


@pytest.mark.parametrize("shape", [FLAT, SEQUENCE, IMAGE])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_refuses_the_ranks_it_cannot_take_and_names_itself_and_the_shape(
    kind: str, shape: Shape
) -> None:
    layer = LAYERS[kind]()
    if shape in TAKES.get(kind, {FLAT, SEQUENCE, IMAGE}):
        assert all(axis >= 1 for axis in layer.output_shape(shape))
        return
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(shape)
    assert caught.value.layer == kind
    assert caught.value.shape == shape
    assert kind in str(caught.value) and str(shape) in str(caught.value)


def test_a_window_longer_than_the_input_is_refused_with_the_way_out() -> None:
    layer = LAYERS["conv2d"].model_validate({"kernel_size": 9})
    with pytest.raises(ShapeError, match=r'window of 9.*\(8, 8, 1\).*padding to "same"'):
        layer.output_shape(IMAGE)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("dense", {"units": 0}),
        ("dense", {"units": 4097}),
        ("dense", {"units": True}),
        ("dense", {"units": "16"}),
        ("dense", {"l2": float("nan")}),
        ("dense", {"l1": -0.1}),
        ("dense", {"activation": "no such"}),
        ("dense", {"unit": 3}),
        ("dropout", {"rate": 1.0}),
        ("conv1d", {"padding": "full"}),
        ("conv2d", {"padding": "causal"}),
        ("batch_normalization", {"epsilon": 0.0}),
        ("no such", {}),
    ],
)
def test_settings_out_of_range_are_refused(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ANY_LAYER.validate_python({"kind": kind, **settings})


def test_a_standard_deviation_is_refused_where_the_initialiser_has_none() -> None:
    with pytest.raises(ValidationError, match="glorot_uniform has no standard deviation"):
        Dense(kernel_stddev=0.1)
    assert Dense(kernel_initializer="random_normal", kernel_stddev=0.1).kernel_stddev == 0.1


def test_a_seed_depends_on_the_layers_name_its_part_and_the_training_seed() -> None:
    contexts = [BuildContext("dense_1", "float32", 0), BuildContext("dense_2", "float32", 0)]
    contexts.append(BuildContext("dense_1", "float32", 1))
    seeds = {context.seed_for(part) for context in contexts for part in ("kernel", "recurrent")}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert contexts[0].seed_for("kernel") == BuildContext("dense_1", "float64", 0).seed_for(
        "kernel"
    )


def test_an_attention_block_computes_its_formula() -> None:
    import keras
    import numpy as np

    inputs = keras.Input((6, 4), dtype="float64")
    block = keras.Model(
        inputs, Attention(heads=2).build(inputs, BuildContext("attention_1", "float64", 3))
    )
    x = np.random.default_rng(0).standard_normal((2, 6, 4))
    inner = block.get_layer("attention_1")

    normed = normalised(x)
    attended = x + np.asarray(inner.get_layer("attention")(normed, normed))
    kernel_1, bias_1 = inner.get_layer("feed_forward_1").get_weights()
    kernel_2, bias_2 = inner.get_layer("feed_forward_2").get_weights()
    hidden = np.maximum(normalised(attended) @ kernel_1 + bias_1, 0)
    np.testing.assert_allclose(block(x), attended + hidden @ kernel_2 + bias_2, rtol=1e-9)
    assert kernel_1.shape == (4, 16)


def normalised(x: Array) -> Array:
    return (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + 1e-3) ** 0.5
