"""When a batch counts as memorised by a network with several outputs: when it is by each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overfit_core.training.criterion import Criterion
from overfit_core.training.result import Task
from overfit_core.training.types import Arrays, Tensor

_Part = tuple[Tensor, Tensor, Tensor]
"""Labels, output and mask of one output."""


@dataclass(frozen=True)
class Criteria(Criterion):
    """What is right for a network with several outputs.

    Attributes:
        task: Of no meaning: each output has its own.
        each: By output, in the order in which Keras lays them out; None for one that is not judged.
    """

    task: Task = "multiclass"
    each: tuple[Criterion | None, ...] = ()

    def right(self, y: Arrays, prediction: Arrays, mask: None = None) -> Tensor:
        """Tell which samples are right in every output that is judged.

        Args:
            y: Labels, nested as the outputs are.
            prediction: Outputs, each with its own Keras mask.
            mask: None: a structure of outputs has none.

        Returns:
            Booleans of shape ``(samples,)``.
        """
        import tensorflow as tf

        parts = self._parts(y, prediction)
        return tf.reduce_all([one.right(*part) for one, part in parts], axis=0)

    def all_right(self, y: Arrays, prediction: Arrays, right: Tensor, mask: None = None) -> Tensor:
        """Tell, as one boolean, whether the whole batch is right in every output."""
        import tensorflow as tf

        return tf.reduce_all(
            [
                one.all_right(labels, output, one.right(labels, output, own), own)
                for one, (labels, output, own) in self._parts(y, prediction)
            ]
        )

    def _parts(self, y: Arrays, prediction: Arrays) -> Iterator[tuple[Criterion, _Part]]:
        """Yield labels, output and mask of each output that is judged."""
        import keras
        from keras.src.backend import get_keras_mask

        flat = keras.tree.flatten(y), keras.tree.flatten(prediction)
        for one, labels, output in zip(self.each, *flat, strict=True):
            if one is not None:
                yield one, (labels, output, get_keras_mask(output))
