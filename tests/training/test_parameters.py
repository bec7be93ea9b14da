"""Which weights lie in one vector, and that they train as Keras trains them one by one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from overfit_core.training import overfit
from overfit_core.training.parameters import JOINED, Parameters
from tests.training.oracle import assert_equals_fit

FEATURES = 64
SAMPLES = 16
EPOCHS = 20
LARGE = 600
"""Units of a layer whose kernel is too large for the vector."""


def _batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(SAMPLES, FEATURES)), rng.integers(0, 2, (SAMPLES, 1)).astype(float)


def _model(optimizer: keras.Optimizer, units: int = LARGE) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            keras.layers.Dense(8, "tanh", name="small"),
            keras.layers.Dense(units, "tanh", name="wide"),
            keras.layers.Dense(64, "relu", name="large"),
            keras.layers.Dense(1, "sigmoid", name="head"),
        ]
    )
    copied = type(optimizer).from_config(optimizer.get_config())
    model.compile(copied, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _parameters(model: keras.Model) -> Parameters:
    return Parameters(model, lambda: tf.constant(0.01))


def test_small_weights_lie_in_one_vector_and_large_ones_alone() -> None:
    model = _model(keras.optimizers.Adam())
    parameters = _parameters(model)
    sizes = [int(np.prod(w.shape)) for w in model.trainable_variables]
    assert parameters.groups == [[0, 1, 2, 3, 5, 6, 7], [4]]
    assert sizes[4] > JOINED
    assert parameters.variables[0].shape == (sum(sizes) - sizes[4],)
    assert parameters.variables[1].shape == model.trainable_variables[4].shape


def test_a_vector_never_holds_more_than_its_most_and_every_weight_lies_once() -> None:
    for units in (1, 8, 70, 450, 500, 4000):
        model = _model(keras.optimizers.Adam(), units)
        parameters = _parameters(model)
        assert sorted(i for group in parameters.groups for i in group) == list(range(8))
        assert all(np.prod(v.shape) <= JOINED for v in parameters.variables[:1])
        together = sum(int(np.prod(w.shape)) for w in model.trainable_variables) <= JOINED
        assert (len(parameters.groups) == 1) is together


@pytest.mark.parametrize(
    "optimizer", [keras.optimizers.SGD(0.1), keras.optimizers.Lamb()], ids=lambda o: o.name
)
def test_each_weight_lies_alone_where_the_vector_gains_nothing_or_alters_the_update(
    optimizer: keras.Optimizer,
) -> None:
    model = _model(optimizer)
    assert _parameters(model).groups == [[i] for i in range(8)]


@pytest.mark.few(1)
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.AdamW(0.001, weight_decay=0.1, use_ema=True, ema_overwrite_frequency=7),
        keras.optimizers.Adam(0.001, global_clipnorm=0.1, amsgrad=True),
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        keras.optimizers.RMSprop(0.001, momentum=0.9, centered=True),
        keras.optimizers.Ftrl(0.01),
        keras.optimizers.ScheduleFreeAdamW(0.001, warmup_steps=10),
    ],
    ids=lambda o: o.name,
)
def test_a_network_with_large_and_small_weights_equals_fit(optimizer: keras.Optimizer) -> None:
    assert_equals_fit(lambda: _model(optimizer), *_batch(), epochs=EPOCHS)


@pytest.mark.usefixtures("float64")
def test_a_large_embedding_whose_gradient_is_sparse_equals_fit() -> None:
    def words() -> keras.Model:
        model = keras.Sequential(
            [
                keras.Input((12,)),
                keras.layers.Embedding(2_000, 32),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        model.compile(keras.optimizers.Adam(0.01), loss="binary_crossentropy")
        return model

    x = np.random.default_rng(1).integers(0, 2_000, (SAMPLES, 12))
    assert_equals_fit(words, x, _batch()[1], epochs=EPOCHS)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("units", [8, LARGE], ids=["one vector", "a vector and a large weight"])
def test_norms_of_each_layer_are_those_of_a_gradient_tape(units: int) -> None:
    x, y = _batch()
    keras.utils.set_random_seed(0)
    model, twin = (_model(keras.optimizers.Adam(0.01), units) for _ in range(2))
    twin.set_weights(model.get_weights())
    probes = ["gradient_norm", "weight_norm", "update_ratio"]
    history = overfit(model, x, y, epochs=3, probes=probes)
    for epoch in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, twin(x)))
        gradients = [g.numpy() for g in tape.gradient(loss, twin.trainable_variables)]
        before = twin.get_weights()
        twin.optimizer.apply(gradients, twin.trainable_variables)
        moved = [b - a for a, b in zip(before, twin.get_weights(), strict=True)]
        for place, layer in enumerate(("small", "wide", "large", "head")):
            slope, weight, update = (
                np.sqrt(sum(np.square(a).sum() for a in arrays[2 * place : 2 * place + 2]))
                for arrays in (gradients, before, moved)
            )
            expected = (slope, weight, update / weight)
            found = [history[f"{probe}/{layer}"][epoch] for probe in probes]
            np.testing.assert_allclose(found, expected, 1e-9, err_msg=f"{layer}, {epoch}")
