"""What ``overfit`` takes, and what it refuses."""

import warnings
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from overfit_core.errors import ModelError
from overfit_core.training import overfit
from overfit_core.training.types import Arrays, Tensor
from tests.training.oracle import ARTICLE_X, ARTICLE_Y, dense_model


def test_lists_are_taken_as_arrays() -> None:
    model = dense_model()()
    assert len(overfit(model, [[1, 2], [3, 4]], [0, 1], epochs=3)) == 3


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.array([[1.0, np.nan]]), [[1]], r"x holds nan at \(0, 1\)"),
        (ARTICLE_X, np.array([[0], [1], [np.inf], [0]]), "y holds inf"),
        (ARTICLE_X, ARTICLE_Y[:3], "4 and 3 samples"),
        (np.zeros((0, 2)), np.zeros((0, 1)), "at least one sample"),
        ([["a", "b"]], [[1]], "give numbers"),
    ],
)
def test_a_batch_that_cannot_be_learned_is_refused(x: Arrays, y: Arrays, said: str) -> None:
    model = dense_model()()
    before = model.get_weights()
    with pytest.raises(ModelError, match=said):
        overfit(model, x, y, epochs=1)
    for own, was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, was)


def test_a_model_that_is_not_compiled_is_refused() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ModelError, match="not compiled"):
        overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)


def test_a_thing_that_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError, match="str"):
        overfit("model", ARTICLE_X, ARTICLE_Y, epochs=1)  # type: ignore[arg-type]


class OwnStep(keras.Sequential):
    """Trains in its own way."""

    def train_step(self, data: Arrays) -> Arrays:
        return super().train_step(data)


def test_a_model_that_trains_in_its_own_way_is_refused() -> None:
    model = OwnStep([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    with pytest.raises(ModelError, match="train_step of its own"):
        overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": 1, "stop_when_memorised": True}, "needs a task"),
        ({"epochs": 1, "probes": ["gradient_size"]}, "gradient_size"),
    ],
)
def test_an_argument_out_of_range_is_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        overfit(dense_model()(), ARTICLE_X, ARTICLE_Y, **arguments)


def dropout_model() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def test_dropout_with_one_seed_gives_one_history() -> None:
    weights = dropout_model().get_weights()
    losses = []
    for _ in range(2):
        model = dropout_model()
        model.set_weights(weights)
        losses.append(overfit(model, ARTICLE_X, ARTICLE_Y, epochs=30)["loss"])
    np.testing.assert_array_equal(*losses)
    assert len(set(np.diff(losses[0]) > 0)) == 2


@pytest.mark.few(1)
@pytest.mark.parametrize("layer", ["dropout", "batch_normalization"])
@pytest.mark.usefixtures("float64")
def test_inference_figures_equal_evaluate(layer: str) -> None:
    def make() -> keras.Model:
        kinds = {
            "dropout": keras.layers.Dropout(0.5, seed=3),
            "batch_normalization": keras.layers.BatchNormalization(),
        }
        stack = [keras.Input((2,)), keras.layers.Dense(8, "relu"), kinds[layer]]
        model = keras.Sequential([*stack, keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
        return model

    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    history = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=6)
    for epoch in range(6):
        loss, accuracy = twin.evaluate(ARTICLE_X, ARTICLE_Y, verbose=0)
        assert history["inference_loss"][epoch] == pytest.approx(loss, rel=1e-9)
        assert history["inference_accuracy"][epoch] == accuracy
        overfit(twin, ARTICLE_X, ARTICLE_Y, epochs=1)
    assert not np.allclose(history["loss"], history["inference_loss"])


def test_a_plain_network_has_no_inference_columns() -> None:
    history = overfit(dense_model()(), ARTICLE_X, ARTICLE_Y, epochs=2)
    assert set(history) == {"loss", "accuracy", "learning_rate"}


@pytest.mark.exhaustive
def test_a_frozen_network_trains_without_moving() -> None:
    model = dense_model()()
    model.trainable = False
    model.compile("sgd", loss="mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=5)
    assert len(set(history["loss"])) == 1


@keras.saving.register_keras_serializable("tests")
class InPython(keras.layers.Layer):
    """Doubles its input in Python, which XLA cannot compile."""

    def call(self, inputs: Tensor) -> Tensor:
        doubled = tf.py_function(lambda t: 2 * t, [inputs], inputs.dtype)
        doubled.set_shape(inputs.shape)
        return doubled


def test_a_layer_that_xla_does_not_know_runs_on_tensorflows_kernels() -> None:
    model = keras.Sequential([keras.Input((2,)), InPython(), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", loss="binary_crossentropy", jit_compile=False)
    twin = keras.models.clone_model(model)
    twin.compile("sgd", loss="binary_crossentropy", jit_compile=False)
    twin.set_weights(model.get_weights())
    for _ in range(2):
        history = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=5)
        expected = twin.fit(ARTICLE_X, ARTICLE_Y, epochs=5, batch_size=4, verbose=0)
        np.testing.assert_allclose(history["loss"], expected.history["loss"], 1e-5)
