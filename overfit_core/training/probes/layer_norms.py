"""Euclidean norms over the weights of each layer."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.probes.norms import weights_by_layer
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras


class LayerNorms:
    """Norms per layer of vectors that hold one number per trainable weight.

    Args:
        model: The model whose trainable weights the vectors hold, one after the other.
    """

    def __init__(self, model: keras.Model) -> None:
        """Note which stretches of a vector belong to which layer."""
        layer_of = {
            id(weight): place
            for place, weights in enumerate(weights_by_layer(model).values())
            for weight in weights
        }
        weights = groupby(model.trainable_variables, key=lambda w: layer_of[id(w)])
        stretches = [(layer, sum(int(np.prod(w.shape)) for w in run)) for layer, run in weights]
        self._layer = [layer for layer, _ in stretches]
        self._sizes = [size for _, size in stretches]

    def __call__(self, vector: Tensor) -> Tensor:
        """Return the norms of a vector of shape ``(weights,)``: shape ``(layers,)``."""
        import tensorflow as tf

        squares: dict[int, list[Tensor]] = {}
        for layer, part in zip(self._layer, tf.split(vector, self._sizes), strict=True):
            # As a product: a sum in strict order takes a CPU several times as long.
            square = tf.matmul(part[None, :], part[:, None])
            squares.setdefault(layer, []).append(tf.reshape(square, []))
        return tf.sqrt(tf.stack([tf.add_n(squares[layer]) for layer in sorted(squares)]))
