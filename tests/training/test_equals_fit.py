"""The compiled loop gives what ``model.fit`` gives, to 1e-9 in float64, over 100 epochs.

Where nothing else is said, the oracle is Keras' own step in a loop, which gives what ``fit`` gives
to the last bit (``test_oracle.py``).
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core.models.build import build_model
from overfit_core.presets import PRESETS
from overfit_core.training import overfit
from overfit_core.training.types import KerasObject, Tensor
from tests.training.oracle import (
    ARTICLE_X,
    ARTICLE_Y,
    EPOCHS,
    RTOL,
    MakeModel,
    assert_equals_fit,
    dense_model,
    fitted,
    stepped,
)

pytestmark = pytest.mark.usefixtures("float64")
SCHEDULES = keras.optimizers.schedules


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape)


@pytest.mark.parametrize("preset", ["article-1", "article-2", "article-3"])
def test_article_presets_equal_fit(preset: str) -> None:
    spec = PRESETS[preset].spec
    training = spec.training.model_copy(update={"dtype": "float64"})
    exact = spec.model_copy(update={"training": training})
    assert_equals_fit(lambda: build_model(exact), ARTICLE_X, ARTICLE_Y, train=fitted)


@pytest.mark.few(5)
@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.05),
        keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        keras.optimizers.Adam(0.01),
        keras.optimizers.Adam(0.01, amsgrad=True),
        keras.optimizers.AdamW(0.01),
        keras.optimizers.Adamax(0.01),
        keras.optimizers.Nadam(0.01),
        keras.optimizers.Adagrad(0.05),
        keras.optimizers.Adadelta(0.5),
        keras.optimizers.Adafactor(0.01),
        keras.optimizers.Ftrl(0.05, l1_regularization_strength=0.001),
        keras.optimizers.Lion(0.001),
        keras.optimizers.Lamb(0.01),
        keras.optimizers.Muon(0.01),
        keras.optimizers.ScheduleFreeAdamW(0.01, warmup_steps=10),
    ],
    ids=lambda o: o.name,
)
def test_every_optimizer_equals_fit(optimizer: keras.Optimizer) -> None:
    assert_equals_fit(dense_model(optimizer), ARTICLE_X, ARTICLE_Y)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "inner",
    [
        keras.optimizers.Adam(0.01),
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.5, EPOCHS)),
        keras.optimizers.AdamW(0.01, weight_decay=0.1),
    ],
    ids=lambda inner: type(inner).__name__,
)
def test_a_scaled_loss_equals_fit(inner: keras.Optimizer) -> None:
    # What Keras wraps an optimizer in for mixed precision; the scale doubles nine times.
    make = dense_model(
        keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=10)
    )
    history = assert_equals_fit(make, ARTICLE_X, ARTICLE_Y)
    keras.utils.set_random_seed(0)
    plain = dense_model(inner)()
    alone = overfit(plain, ARTICLE_X, ARTICLE_Y, epochs=EPOCHS)
    np.testing.assert_allclose(history["loss"], alone["loss"], RTOL)
    np.testing.assert_allclose(history["learning_rate"], alone["learning_rate"], RTOL)


def test_schedule_free_from_its_weights_equals_fit() -> None:
    make = dense_model(keras.optimizers.ScheduleFreeAdamW(0.01))

    def built() -> keras.Model:
        model = make()
        model.set_weights(
            list(np.random.default_rng(1).normal(size=w.shape) for w in model.weights)
        )
        model.optimizer.build(model.trainable_variables)
        return model

    assert_equals_fit(built, ARTICLE_X, ARTICLE_Y)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "arguments",
    [
        {"clipnorm": 0.01},
        {"clipvalue": 0.01},
        {"global_clipnorm": 0.01},
        {"weight_decay": 0.1},
        {"use_ema": True, "ema_momentum": 0.9},
        {"use_ema": True, "ema_overwrite_frequency": 7},
        {"gradient_accumulation_steps": 4},
        {"loss_scale_factor": 8.0},
    ],
    ids=lambda a: next(reversed(a)),
)
def test_clipping_decay_and_averages_equal_fit(arguments: dict[str, Any]) -> None:
    assert_equals_fit(dense_model(keras.optimizers.Adam(0.01, **arguments)), ARTICLE_X, ARTICLE_Y)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "schedule",
    [
        SCHEDULES.ExponentialDecay(0.1, 13, 0.7),
        SCHEDULES.ExponentialDecay(0.1, 13, 0.7, staircase=True),
        SCHEDULES.InverseTimeDecay(0.1, 13, 0.7),
        SCHEDULES.PolynomialDecay(0.1, 60, 0.001, power=2.0),
        SCHEDULES.PolynomialDecay(0.1, 30, 0.001, cycle=True),
        SCHEDULES.CosineDecay(0.1, 60, alpha=0.1),
        SCHEDULES.CosineDecay(0.001, 60, warmup_target=0.1, warmup_steps=20),
        SCHEDULES.CosineDecayRestarts(0.1, 15, t_mul=2.0, m_mul=0.8),
        SCHEDULES.CosineDecayRestarts(0.1, 15, t_mul=1.0, alpha=0.05),
        SCHEDULES.PiecewiseConstantDecay([20, 50], [0.1, 0.01, 0.05]),
    ],
    ids=lambda s: type(s).__name__,
)
def test_every_schedule_equals_fit(schedule: KerasObject) -> None:
    # Keras computes a rate in float32, and XLA rounds it as the rest of a step lets it. On the
    # article's own unscaled inputs a difference in the seventh digit grows beyond 1e-9.
    optimizer = keras.optimizers.SGD(schedule, momentum=0.5)
    assert_equals_fit(dense_model(optimizer), ARTICLE_X / 8, ARTICLE_Y)


@keras.saving.register_keras_serializable("tests")
class Sawtooth(SCHEDULES.LearningRateSchedule):
    """A schedule that Keras does not have."""

    def __call__(self, step: Tensor) -> Tensor:
        return 0.01 * (1 + keras.ops.cast(step % 5, "float64"))

    def get_config(self) -> dict[str, Any]:
        return {}


def test_a_schedule_of_the_callers_own_equals_fit() -> None:
    history = assert_equals_fit(dense_model(keras.optimizers.SGD(Sawtooth())), ARTICLE_X, ARTICLE_Y)
    np.testing.assert_allclose(history["learning_rate"][:6], [0.01, 0.02, 0.03, 0.04, 0.05, 0.01])


def test_penalties_equal_fit() -> None:
    penalty = keras.regularizers.L1L2(0.01, 0.02)
    assert_equals_fit(
        dense_model(kernel_regularizer=penalty, activity_regularizer="l2"), ARTICLE_X, ARTICLE_Y
    )


def test_constraints_equal_fit() -> None:
    assert_equals_fit(dense_model(kernel_constraint="non_neg"), ARTICLE_X, ARTICLE_Y)


LAYERS = keras.layers
# Layers are made when a test runs: only then does Keras compute in float64.
NETWORKS: dict[str, tuple[Callable[[], list[keras.Layer]], tuple[int, ...]]] = {
    "cnn": (
        lambda: [LAYERS.Conv2D(4, 3, activation="relu"), LAYERS.MaxPooling2D(), LAYERS.Flatten()],
        (8, 8, 1),
    ),
    "conv1d": (
        lambda: [LAYERS.Conv1D(4, 3, activation="relu"), LAYERS.GlobalMaxPooling1D()],
        (12, 2),
    ),
    "lstm": (lambda: [LAYERS.LSTM(5)], (6, 2)),
    "gru": (
        lambda: [LAYERS.GRU(5, return_sequences=True), LAYERS.GlobalAveragePooling1D()],
        (6, 2),
    ),
    "simple_rnn": (lambda: [LAYERS.SimpleRNN(5)], (6, 2)),
    "batch_normalization": (lambda: [LAYERS.Dense(6), LAYERS.BatchNormalization()], (4,)),
    "layer_normalization": (lambda: [LAYERS.Dense(6), LAYERS.LayerNormalization()], (4,)),
}


def network(name: str) -> MakeModel:
    layers, shape = NETWORKS[name]

    def make() -> keras.Model:
        head = LAYERS.Dense(3, activation="softmax")
        model = keras.Sequential([keras.Input(shape), *layers(), head])
        model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return make


@pytest.mark.few(2)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network_equals_fit(name: str) -> None:
    shape = NETWORKS[name][1]
    assert_equals_fit(network(name), noise(6, *shape), np.arange(6) % 3)


def attention_model() -> keras.Model:
    inputs = keras.Input((6, 4))
    attended = LAYERS.MultiHeadAttention(2, 3)(inputs, inputs)
    hidden = LAYERS.LayerNormalization()(LAYERS.Add()([inputs, attended]))
    outputs = LAYERS.Dense(1)(LAYERS.GlobalAveragePooling1D()(hidden))
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss="mse", metrics=["mae"])
    return model


def test_attention_equals_fit() -> None:
    assert_equals_fit(attention_model, noise(5, 6, 4), noise(5, 1))


def test_moving_statistics_equal_fit() -> None:
    make = network("batch_normalization")
    x, y = noise(6, 4), np.arange(6) % 3
    ours, theirs = make(), make()
    theirs.set_weights(ours.get_weights())
    stepped(theirs, x, y, epochs=30)
    overfit(ours, x, y, epochs=30)
    statistics = [v.name for v in ours.non_trainable_variables]
    assert statistics == ["moving_mean", "moving_variance"]
    for own, their in zip(
        ours.non_trainable_variables, theirs.non_trainable_variables, strict=True
    ):
        assert not np.allclose(own, 0)
        np.testing.assert_allclose(own.numpy(), their.numpy(), 1e-9)


def test_sample_weights_equal_fit() -> None:
    weights = np.array([1.0, 0.5, 0.0, 2.0])
    assert_equals_fit(dense_model(), ARTICLE_X, ARTICLE_Y, train=fitted, sample_weight=weights)


@pytest.mark.exhaustive
def test_validation_figures_equal_fit() -> None:
    held_out = (ARTICLE_X[:3] + 0.5, ARTICLE_Y[:3])
    history = assert_equals_fit(
        dense_model(), ARTICLE_X, ARTICLE_Y, train=fitted, validation_data=held_out
    )
    assert {"val_loss", "val_accuracy"} <= set(history)


@pytest.mark.exhaustive
def test_validation_with_batch_normalisation_equals_fit() -> None:
    held_out = (noise(4, 4), np.arange(4) % 3)
    make = network("batch_normalization")
    assert_equals_fit(make, noise(6, 4), np.arange(6) % 3, train=fitted, validation_data=held_out)


def two_branches() -> keras.Model:
    first, second = keras.Input((2,), name="first"), keras.Input((3,), name="second")
    joined = LAYERS.Concatenate()([LAYERS.Dense(4, "relu")(first), LAYERS.Dense(4, "tanh")(second)])
    model = keras.Model([first, second], LAYERS.Dense(1)(joined))
    model.compile("sgd", loss="mse")
    return model


def test_a_model_with_two_inputs_equals_fit() -> None:
    assert_equals_fit(two_branches, [noise(5, 2), noise(5, 3)], noise(5, 1))


@pytest.mark.exhaustive
def test_training_goes_on_where_it_ended_as_fit_does() -> None:
    make = dense_model(keras.optimizers.Adam(SCHEDULES.ExponentialDecay(0.1, 13, 0.7)))
    ours, theirs = make(), make()
    theirs.set_weights(ours.get_weights())
    for epochs in (20, 30):
        expected = fitted(theirs, ARTICLE_X, ARTICLE_Y, epochs=epochs)
        history = overfit(ours, ARTICLE_X, ARTICLE_Y, epochs=epochs)
        np.testing.assert_allclose(history["loss"], expected["loss"], 1e-9)


@pytest.mark.few(1)
@pytest.mark.parametrize("backend", ["xla", "tensorflow"])
def test_both_backends_equal_fit(backend: str) -> None:
    make = dense_model()
    ours, theirs = make(), make()
    theirs.set_weights(ours.get_weights())
    expected = stepped(theirs, ARTICLE_X, ARTICLE_Y, epochs=50)
    history = overfit(ours, ARTICLE_X, ARTICLE_Y, epochs=50, backend=backend)
    np.testing.assert_allclose(history["loss"], expected["loss"], 1e-9)
