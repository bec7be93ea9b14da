"""Euclidean norms over the weights of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.probes.norms import weights_by_layer
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras


class LayerNorms:
    """Norms per layer of what holds one number per trainable weight.

    Args:
        model: The model whose trainable weights it is about.
        groups: The places of the weights that each tensor holds, one after the other.
    """

    def __init__(self, model: keras.Model, groups: Sequence[Sequence[int]]) -> None:
        """Note which stretches of the tensors belong to which layer."""
        weights = model.trainable_variables
        layer_of = {
            id(weight): place
            for place, owned in enumerate(weights_by_layer(model).values())
            for weight in owned
        }
        self._stretches = [
            [
                (layer, sum(int(np.prod(weights[i].shape)) for i in run))
                for layer, run in groupby(group, key=lambda i: layer_of[id(weights[i])])
            ]
            for group in groups
        ]

    def __call__(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the norms of tensors, one for each group: shape ``(layers,)``."""
        import tensorflow as tf

        squares: dict[int, list[Tensor]] = {}
        for stretches, tensor in zip(self._stretches, tensors, strict=True):
            parts = tf.split(tf.reshape(tensor, [-1]), [size for _, size in stretches])
            for (layer, _), part in zip(stretches, parts, strict=True):
                # As a product: a sum in strict order takes a CPU several times as long.
                square = tf.matmul(part[None, :], part[:, None])
                squares.setdefault(layer, []).append(tf.reshape(square, []))
        return tf.sqrt(tf.stack([tf.add_n(squares[layer]) for layer in sorted(squares)]))
