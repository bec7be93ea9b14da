"""Units that have stopped working: dead at zero, or saturated at the end of their range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.probes.base import Step
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras

# Beyond ±5 a sigmoid passes on less than 3 % of its largest gradient, a tanh less than 0.02 %.
SATURATION_INPUT = 5.0
_RANGES = {
    "sigmoid": (
        1 / (1 + math.exp(SATURATION_INPUT)),
        1 / (1 + math.exp(-SATURATION_INPUT)),
    ),
    "tanh": (math.tanh(-SATURATION_INPUT), math.tanh(SATURATION_INPUT)),
}


class _Activation:
    """A share over the units of each layer whose activation is one of ``activations``."""

    name: str
    activations: frozenset[str]

    def __init__(self, model: keras.Model) -> None:
        self.layers = tuple(
            layer.name for layer in model.layers if activation(layer) in self.activations
        )
        self.watched = self.layers
        self._activation = {layer.name: activation(layer) for layer in model.layers}

    @property
    def columns(self) -> tuple[str, ...]:
        """One column for each layer with such an activation."""
        return tuple(f"{self.name}/{layer}" for layer in self.layers)


class DeadShare(_Activation):
    """Share of a ReLU layer's units that are zero for every sample (and every position)."""

    name = "dead_share"
    activations = frozenset({"relu", "relu6"})

    def measure(self, step: Step) -> Tensor:
        """Return shares from 0 to 1."""
        import tensorflow as tf

        def alive(output: Tensor) -> Tensor:
            return tf.reduce_max(output, axis=list(range(output.shape.rank - 1))) > 0

        return _shares([tf.logical_not(alive(step.outputs[layer])) for layer in self.layers])


class SaturatedShare(_Activation):
    """Share of a sigmoid or tanh layer's outputs whose input lies beyond ±5."""

    name = "saturated_share"
    activations = frozenset(_RANGES)

    def measure(self, step: Step) -> Tensor:
        """Return shares from 0 to 1, over all samples and units."""
        import tensorflow as tf

        def saturated(layer: str) -> Tensor:
            low, high = _RANGES[self._activation[layer]]
            output = step.outputs[layer]
            return tf.reshape((output <= low) | (output >= high), [-1])

        return _shares([saturated(layer) for layer in self.layers])


def _shares(flags: Sequence[Tensor]) -> Tensor:
    """Return the share of True in each of several vectors, shape ``(vectors,)``."""
    import tensorflow as tf

    sizes = [flag.shape[0] for flag in flags]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    members = (owner[:, None] == np.arange(len(sizes))) / np.array(sizes)
    return tf.linalg.matvec(
        tf.constant(members, tf.float32), tf.cast(tf.concat(flags, 0), tf.float32), transpose_a=True
    )


def activation(layer: keras.Layer) -> str:
    """Return the name of the activation at a layer's output; empty when it has none.

    Gated recurrent layers are left out: what they give is a product of activations.
    """
    import keras

    if isinstance(layer, keras.layers.ReLU):
        plain = not layer.negative_slope and not layer.threshold
        return "relu" if plain else ""
    if isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        return ""
    return getattr(getattr(layer, "activation", None), "__name__", "")
