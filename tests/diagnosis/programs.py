"""Small programs, healthy and with one fault each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

LAYERS = keras.layers
Array = NDArray[Any]


@dataclass(frozen=True)
class Program:
    """A compiled model to be made, and its batch.

    Attributes:
        x: Inputs.
        y: Labels.
        units: Hidden layers.
        hidden: Their activation.
        output: Activation of the output.
        outputs: Units of the output.
        loss: Its loss.
        optimizer: Class name.
        rate: Learning rate.
        epochs: How long it trains.
        more: Arguments of every hidden layer.
        between: Layers behind each hidden one: functions that make them.
    """

    x: Array
    y: Array
    units: Sequence[int] = (32,)
    hidden: str | None = "tanh"
    output: str | None = "sigmoid"
    outputs: int = 1
    loss: Any = "binary_crossentropy"
    optimizer: str = "Adam"
    rate: float = 0.01
    epochs: int = 300
    more: dict[str, Any] = field(default_factory=dict)
    between: tuple[Any, ...] = ()

    def model(self) -> keras.Model:
        """Make the model; equal each time."""
        keras.utils.set_random_seed(1)
        layers: list[Any] = [keras.Input(self.x.shape[1:])]
        for units in self.units:
            layers.append(LAYERS.Dense(units, self.hidden, **self.more))
            layers += [make() for make in self.between]
        layers.append(LAYERS.Dense(self.outputs, self.output))
        model = keras.Sequential(layers)
        optimizer = getattr(keras.optimizers, self.optimizer)(learning_rate=self.rate)
        model.compile(optimizer, loss=self.loss)
        return model


def points(samples: int = 24, seed: int = 0) -> tuple[Array, Array]:
    """Two classes that no straight line tells apart: inside a ring, and on it."""
    draw = np.random.default_rng(seed)
    angle = draw.uniform(0, 2 * np.pi, samples)
    label = np.arange(samples) % 2
    radius = np.where(label, 1.5, 0.4) + draw.normal(0, 0.05, samples)
    x = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return x.astype("float32"), label.astype("float32")[:, None]


def curve(samples: int = 16) -> tuple[Array, Array]:
    """A sine."""
    x = np.linspace(-1.5, 1.5, samples, dtype="float32")[:, None]
    return x, np.sin(2 * x)


def classes(samples: int = 24, count: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Points around three corners, and their numbers."""
    draw = np.random.default_rng(seed)
    label = np.arange(samples) % count
    corners = np.array([[0, 1], [1, -1], [-1, -1]])[:count]
    return (corners[label] + draw.normal(0, 0.2, (samples, 2))).astype("float32"), label


X, Y = points()
HEALTHY = Program(X, Y)
"""Memorises."""
CURVE = Program(*curve(), output=None, loss="mean_squared_error", epochs=800)
"""Memorises."""
_XC, _YC = classes()
NUMBERS = Program(
    _XC, _YC, output="softmax", outputs=3, loss="sparse_categorical_crossentropy", epochs=200
)
"""Memorises; labels are class numbers."""
ONE_HOT = Program(
    _XC, np.eye(3, dtype="float32")[_YC], output="softmax", outputs=3,
    loss="categorical_crossentropy", epochs=200,
)  # fmt: skip
"""Memorises; labels are one-hot rows."""
