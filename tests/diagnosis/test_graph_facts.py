"""How an output comes about, and which rules stay silent where no graph tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core.diagnosis.blame import holding
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.graph_facts import UNKNOWN, is_transparent, output_of
from overfit_core.diagnosis.layer_facts import layer_facts
from overfit_core.diagnosis.model_facts import read_model
from tests.diagnosis.programs import HEALTHY, LAYERS, Array, X
from tests.diagnosis.test_drawings import facts_of

STEPS = np.random.default_rng(0).normal(size=(24, 8, 2)).astype("float32")
OPS = keras.ops


def functional(body: Callable[[Any], Any]) -> keras.Model:
    inputs = keras.Input((2,))
    return keras.Model(inputs, body(inputs))


def facts_about(model: keras.Model, x: Array = X) -> Facts:
    """What is seen of a model and a batch from the start."""
    model.compile("adam", loss="binary_crossentropy")
    facts, _ = facts_of(HEALTHY, train=False)
    return replace(facts, batch=replace(facts.batch, x={"x": x}), model=read_model(model, x))


def rules_of(facts: Facts) -> list[str]:
    return [rule.id for rule in holding(facts).rules]


class Own(keras.layers.Layer):
    """Bends, and nobody knows."""

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return OPS.abs(x)


class Subclassed(keras.Model):
    """Does what its layers do not say."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = LAYERS.Dense(8), LAYERS.Dense(1)

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return OPS.sigmoid(self.out(OPS.relu(self.hidden(x))))


DENSE = LAYERS.Dense
BENT = {
    "operations": lambda: functional(lambda t: OPS.sigmoid(DENSE(1)(OPS.relu(DENSE(8)(t))))),
    "a product": lambda: functional(lambda t: DENSE(1, "sigmoid")(DENSE(8)(t) * DENSE(8)(t))),
    "a layer of one's own": lambda: functional(lambda t: DENSE(1, "sigmoid")(Own()(DENSE(8)(t)))),
    "layer normalisation": lambda: keras.Sequential(
        [keras.Input((2,)), DENSE(8), LAYERS.LayerNormalization(), DENSE(1, "sigmoid")]
    ),
    "an activation that is a layer": lambda: keras.Sequential(
        [keras.Input((2,)), DENSE(8, LAYERS.LeakyReLU()), DENSE(1, "sigmoid")]
    ),
    "a model in the model": lambda: functional(
        lambda t: DENSE(1, "sigmoid")(functional(lambda u: OPS.relu(DENSE(8)(u)))(t))
    ),
}  # fmt: skip
"""Models whose hidden layers are linear and that are not."""
STRAIGHT = {
    "layers": lambda: keras.Sequential([keras.Input((2,)), DENSE(8), DENSE(1, "sigmoid")]),
    "operations": lambda: functional(lambda t: DENSE(1, "sigmoid")(DENSE(8)(t) * 2.0 + 1.0)),
    "branches": lambda: functional(
        lambda t: DENSE(1, "sigmoid")(LAYERS.Concatenate()([DENSE(8)(t), DENSE(8)(t)]))
    ),
    "a model in the model": lambda: functional(
        lambda t: DENSE(1, "sigmoid")(functional(lambda u: DENSE(8)(u))(t))
    ),
    "an activation behind the output": lambda: keras.Sequential(
        [keras.Input((2,)), DENSE(8), DENSE(1), LAYERS.Activation("sigmoid")]
    ),
}


@pytest.mark.parametrize("kind", BENT)
def test_what_bends_anywhere_is_not_linear(kind: str) -> None:
    assert rules_of(facts_about(BENT[kind]())) == []


@pytest.mark.parametrize("kind", STRAIGHT)
def test_what_is_linear_all_the_way_is(kind: str) -> None:
    model = STRAIGHT[kind]()
    assert is_transparent(model)
    assert rules_of(facts_about(model)) == ["missing_nonlinearity"]


@pytest.mark.parametrize("pooling", [LAYERS.GlobalMaxPooling1D, LAYERS.MaxPooling1D])
def test_pooling_of_largest_values_bends(pooling: Callable[[], Any]) -> None:
    layers = [LAYERS.Conv1D(8, 3), pooling(), LAYERS.Flatten(), DENSE(1, "sigmoid")]
    model = keras.Sequential([keras.Input((8, 2)), *layers])
    assert rules_of(facts_about(model, STEPS)) == []


def test_a_model_without_a_graph_is_not_judged_by_its_layers() -> None:
    model = Subclassed()
    model(X)
    assert output_of(model).activation == UNKNOWN
    assert not is_transparent(model)
    assert rules_of(facts_about(model)) == []


OUTPUTS = {
    "linear": lambda t: DENSE(1)(t),
    "sigmoid": lambda t: LAYERS.Flatten()(DENSE(1, "sigmoid")(t)),
    "softmax": lambda t: LAYERS.Softmax()(LAYERS.Rescaling(2.0)(DENSE(3)(t))),
    "tanh": lambda t: OPS.squeeze(functional(DENSE(1, "tanh"))(t), -1),
    "leaky_relu": lambda t: LAYERS.ReLU(negative_slope=0.1)(DENSE(1)(t)),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_activation_of_the_output_is_found_behind_what_leaves_numbers_alone(name: str) -> None:
    output = output_of(functional(OUTPUTS[name]))
    assert output.activation == name
    assert output.name is not None


@pytest.mark.parametrize(
    "body",
    [
        lambda t: OPS.sigmoid(DENSE(1)(t)),
        lambda t: LAYERS.Rescaling(100.0)(DENSE(1, "sigmoid")(t)),
        lambda t: LAYERS.Add()([DENSE(1)(t), DENSE(1, "relu")(t)]),
        lambda t: LAYERS.Lambda(lambda v: v)(DENSE(1)(t)),
        lambda t: Own()(DENSE(1)(t)),
        lambda t: DENSE(1, lambda v: v * 1.0)(t),
    ],
)
def test_what_cannot_be_told_of_an_output_is_unknown(body: Callable[[Any], Any]) -> None:
    model = functional(body)
    assert output_of(model).activation == UNKNOWN
    assert "output_cannot_reach_target" not in rules_of(facts_about(model))


def test_rescaling_behind_a_linear_output_keeps_it_linear() -> None:
    model = functional(lambda t: LAYERS.Rescaling(100.0)(DENSE(1)(t)))
    assert output_of(model).activation == "linear"


def test_a_layer_may_be_the_activation_of_another() -> None:
    assert layer_facts(DENSE(3, LAYERS.ELU())).activation == "elu"
    assert layer_facts(DENSE(3, LAYERS.ReLU(negative_slope=0.2))).activation == "leaky_relu"
    assert layer_facts(LAYERS.LSTM(3)).activation == ""
