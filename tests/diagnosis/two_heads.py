"""A network with two outputs, classes and numbers, and a batch that it memorises."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

CLASS_LOSS = "sparse_categorical_crossentropy"
_DRAW = np.random.default_rng(0)
X = _DRAW.normal(size=(24, 2)).astype("float32")
KIND = _DRAW.integers(0, 3, 24)
SIZE = np.stack([np.sin(2 * X[:, 0]), X[:, 1] ** 2 - 1], axis=1).astype("float32")


def model(
    *,
    nested: str = "list",
    by_name: bool = False,
    weights: Any = None,  # noqa: ANN401
    size: str | None = None,
    hidden: str | None = "tanh",
    units: int = 32,
    rate: float = 0.02,
) -> keras.Model:
    """Make the model; equal each time.

    Args:
        nested: Whether it returns a ``list`` or a ``dict``.
        by_name: Whether losses are given by name.
        weights: Of the losses.
        size: Activation of the output with numbers.
        hidden: Activation of the hidden layers.
        units: Their width.
        rate: Learning rate.
    """
    keras.utils.set_random_seed(1)
    into = keras.Input((2,))
    inner = into
    for place in range(2):
        inner = keras.layers.Dense(units, hidden, name=f"hidden_{place}")(inner)
    outputs = {
        "kind": keras.layers.Dense(3, "softmax", name="kind")(inner),
        "size": keras.layers.Dense(2, size, name="size")(inner),
    }
    made = keras.Model(into, outputs if nested == "dict" else list(outputs.values()))
    losses = {"kind": CLASS_LOSS, "size": "mean_squared_error"}
    made.compile(keras.optimizers.Adam(rate), losses if by_name else list(losses.values()), weights)
    return made
