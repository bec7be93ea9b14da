"""Probes against measurements taken by hand with Keras, epoch by epoch."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from overfit_core.training import History, overfit
from overfit_core.training.probes import PROBES
from tests.training.oracle import ARTICLE_X, ARTICLE_Y

pytestmark = pytest.mark.usefixtures("float64")
EPOCHS = 5


def make() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(12, "relu", name="first", bias_initializer="random_normal"),
            keras.layers.Dense(6, "tanh", name="second"),
            keras.layers.Dense(1, "sigmoid", name="head"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.5), loss="binary_crossentropy")
    return model


@pytest.fixture(scope="module")
def scale() -> float:
    return 3.0


@pytest.fixture
def measured(scale: float) -> Iterator[tuple[History, keras.Model]]:
    keras.utils.set_random_seed(1)
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    history = overfit(model, scale * ARTICLE_X, ARTICLE_Y, epochs=EPOCHS, probes=list(PROBES))
    yield history, twin


def norm(arrays: list[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.square(a).sum() for a in arrays)))


def test_norms_are_those_of_a_gradient_tape(
    measured: tuple[History, keras.Model], scale: float
) -> None:
    history, twin = measured
    x, y = tf.constant(scale * ARTICLE_X), tf.constant(ARTICLE_Y)
    for epoch in range(EPOCHS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, twin(x)))
        gradients = [g.numpy() for g in tape.gradient(loss, twin.trainable_variables)]
        before = twin.get_weights()
        twin.optimizer.apply(gradients, twin.trainable_variables)
        moved = [b - a for a, b in zip(before, twin.get_weights(), strict=True)]
        for i, layer in enumerate(("first", "second", "head")):
            part = slice(2 * i, 2 * i + 2)
            expected = {
                "gradient_norm": norm(gradients[part]),
                "weight_norm": norm(before[part]),
                "update_ratio": norm(moved[part]) / norm(before[part]),
            }
            for name, value in expected.items():
                assert history[f"{name}/{layer}"][epoch] == pytest.approx(value, rel=1e-9)


def test_shares_are_those_of_the_layers_outputs(
    measured: tuple[History, keras.Model], scale: float
) -> None:
    history, twin = measured
    outputs = keras.Model(twin.inputs, [layer.output for layer in twin.layers])
    for epoch in range(EPOCHS):
        first, second, head = (t.numpy() for t in outputs([scale * ARTICLE_X]))
        dead = (first == 0).all(axis=0).mean()
        tanh = (np.abs(np.arctanh(np.clip(second, -1 + 1e-15, 1 - 1e-15))) >= 5).mean()
        sigmoid = (np.abs(np.log(head / (1 - head))) >= 5).mean()
        assert history["dead_share/first"][epoch] == pytest.approx(dead)
        assert history["saturated_share/second"][epoch] == pytest.approx(tanh)
        assert history["saturated_share/head"][epoch] == pytest.approx(sigmoid)
        overfit(twin, scale * ARTICLE_X, ARTICLE_Y, epochs=1)
    assert history["dead_share/first"].max() > 0
    assert history["saturated_share/second"].max() > 0


def test_only_layers_with_the_activation_are_measured(
    measured: tuple[History, keras.Model],
) -> None:
    history, _ = measured
    assert [n for n in history if n.startswith("dead")] == ["dead_share/first"]
    saturated = [n for n in history if n.startswith("saturated")]
    assert saturated == ["saturated_share/second", "saturated_share/head"]
