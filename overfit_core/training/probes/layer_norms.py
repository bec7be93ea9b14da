"""Sums over the weights of every layer at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.probes.norms import weights_by_layer
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras

# A strictly ordered sum of many numbers is slow on a CPU, and one per layer and measure costs
# more than the training step of a small net. Up to this many numbers, one product with a matrix
# of zeros and ones adds up all layers and measures together.
_MATRIX_NUMBERS = 250_000


class LayerNorms:
    """Euclidean norms per layer, of vectors that hold one number per trainable weight.

    Args:
        model: The model whose trainable weights the vectors hold, one after the other.
    """

    def __init__(self, model: keras.Model) -> None:
        """Note which places of a vector belong to which layer."""
        layer_of = {
            id(weight): place
            for place, weights in enumerate(weights_by_layer(model).values())
            for weight in weights
        }
        self._layer = [layer_of[id(w)] for w in model.trainable_variables]
        self._sizes = [int(np.prod(w.shape, dtype=int)) for w in model.trainable_variables]
        self._layers = len(set(self._layer))

    def __call__(self, vectors: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the norms of each of the vectors of shape ``(weights,)``: shape ``(layers,)``."""
        import tensorflow as tf

        squares = [tf.square(vector) for vector in vectors]
        if self._layers * sum(self._sizes) > _MATRIX_NUMBERS:
            return [tf.sqrt(self._added_one_by_one(square)) for square in squares]
        owner = np.repeat(self._layer, self._sizes)
        members = tf.constant(owner[:, None] == np.arange(self._layers), squares[0].dtype)
        norms: list[Tensor] = tf.unstack(tf.sqrt(tf.matmul(tf.stack(squares), members)))
        return norms

    def _added_one_by_one(self, square: Tensor) -> Tensor:
        import tensorflow as tf

        sums: list[list[Tensor]] = [[] for _ in range(self._layers)]
        for layer, part in zip(self._layer, tf.split(square, self._sizes), strict=True):
            sums[layer].append(tf.reduce_sum(part))
        return tf.stack([tf.add_n(parts) for parts in sums])
