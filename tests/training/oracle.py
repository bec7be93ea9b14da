"""What the engine's tests share: ``fit`` as the oracle, and a small network."""

from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt

from overfit_core.training import History, overfit
from overfit_core.training.types import Arrays, KerasObject

MakeModel = Callable[[], keras.Model]
EPOCHS = 100
RTOL = 1e-9


def assert_equals_fit(
    make: MakeModel, x: Arrays, y: npt.ArrayLike, *, epochs: int = EPOCHS, **arguments: Arrays
) -> History:
    """Train two equal models, one with ``fit``, and compare history, weights and optimizer."""
    keras.utils.set_random_seed(0)
    ours, theirs = make(), make()
    theirs.set_weights(ours.get_weights())
    samples = len(keras.tree.flatten(y)[0])
    expected = theirs.fit(
        x, y, epochs=epochs, batch_size=samples, shuffle=False, verbose=0, **arguments
    )
    history = overfit(ours, x, y, epochs=epochs, **arguments)
    assert len(history) == epochs
    for name, values in expected.history.items():
        np.testing.assert_allclose(history[name], values, RTOL, 1e-13, err_msg=name)
    state = [*zip(ours.weights, theirs.weights, strict=True)]
    state += zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True)
    for own, their in state:
        np.testing.assert_allclose(own.numpy(), their.numpy(), 1e-7, 1e-8, err_msg=own.path)
    return history


def dense_model(optimizer: KerasObject = "adam", **layer: KerasObject) -> MakeModel:
    """Return a maker of a small binary classifier on two inputs."""

    def make() -> keras.Model:
        model = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(8, activation="tanh", **layer),
                keras.layers.Dense(4, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        copied = optimizer if isinstance(optimizer, str) else _copy(optimizer)
        model.compile(copied, loss="binary_crossentropy", metrics=["accuracy"])
        return model

    return make


def _copy(optimizer: keras.Optimizer) -> keras.Optimizer:
    return type(optimizer).from_config(optimizer.get_config())


ARTICLE_X = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], float)
ARTICLE_Y = np.array([[0], [1], [0], [1]], float)
