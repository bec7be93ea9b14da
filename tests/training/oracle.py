"""What the engine's tests share: Keras' own training as the oracle, and a small network."""

from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt

from overfit_core.training import History, overfit
from overfit_core.training.types import Arrays, KerasObject

MakeModel = Callable[[], keras.Model]
Figures = dict[str, list[float]]
EPOCHS = 100
RTOL = 1e-9


def fitted(
    model: keras.Model, x: Arrays, y: npt.ArrayLike, *, epochs: int, **arguments: Arrays
) -> Figures:
    """Train with ``fit``, one step an epoch; return its history."""
    samples = len(keras.tree.flatten(y)[0])
    recorded = model.fit(
        x, y, epochs=epochs, batch_size=samples, shuffle=False, verbose=0, **arguments
    )
    figures: Figures = recorded.history
    return figures


def stepped(model: keras.Model, x: Arrays, y: npt.ArrayLike, *, epochs: int) -> Figures:
    """Do what `fitted` does, to the last bit, in an eighth of its time; return its history."""
    figures: Figures = {}
    for _ in range(epochs):
        model.reset_metrics()
        for name, value in model.train_on_batch(x, y, return_dict=True).items():
            figures.setdefault(name, []).append(float(value))
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return figures


def assert_equals_fit(
    make: MakeModel,
    x: Arrays,
    y: npt.ArrayLike,
    *,
    epochs: int = EPOCHS,
    train: Callable[..., Figures] = stepped,
    **arguments: Arrays,
) -> History:
    """Train two equal models, one with Keras, and compare history, weights and optimizer."""
    keras.utils.set_random_seed(0)
    ours, theirs = make(), make()
    theirs.set_weights(ours.get_weights())
    expected = train(theirs, x, y, epochs=epochs, **arguments)
    history = overfit(ours, x, y, epochs=epochs, **arguments)
    assert len(history) == epochs
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, RTOL, 1e-13, err_msg=name)
    for own, their in zip(state_of(ours), state_of(theirs), strict=True):
        np.testing.assert_allclose(own.numpy(), their.numpy(), 1e-7, 1e-8, err_msg=own.path)
    return history


def state_of(model: keras.Model) -> list[keras.Variable]:
    """All that training changes: weights and the optimizer's variables."""
    return [*model.weights, *model.optimizer.variables]


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
