"""When a sample counts as right, and when a batch counts as memorised.

Judged from predictions in inference mode, never from a compiled metric, which can be the wrong
one. Classification: the predicted class is the label (argmax, or a threshold per output).
Regression: R² of the worst output is at least 0.99; a single sample is right when its squared
error is at most 1 % of the variance of the batch's targets, the same measure sample by sample.
What stands for the variance of a target that is the same in all samples, ``result.spread`` says.
What a Keras mask leaves out of the loss is neither right nor wrong.
A batch is memorised at the first of five epochs running in which it is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from overfit_core.training.result import R2_MEMORISED, Task, column_mean, spread
from overfit_core.training.types import FloatArray, IntArray, Tensor

EPOCHS_RUNNING = 5


@dataclass(frozen=True)
class Criterion:
    """What is right for a task.

    Attributes:
        task: ``binary`` compares each output with ``threshold``, ``multiclass`` takes the largest
            output, ``regression`` compares numbers.
        threshold: For ``binary``: 0.5 for probabilities, 0 for logits and hinge losses.
    """

    task: Task
    threshold: float = 0.5

    def right(self, y: Tensor, prediction: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tell which samples are right.

        Args:
            y: Labels, shape ``(samples,)``, ``(samples, outputs)``, or as the prediction; class
                numbers may leave out its last axis.
            prediction: Network output, shape ``(samples, …, outputs)``.
            mask: Which steps count, shape ``(samples, steps)``: the output's Keras mask. None
                where all do. A sample of which nothing counts is right.

        Returns:
            Booleans of shape ``(samples,)``.
        """
        import tensorflow as tf

        agrees = self._agrees(y, prediction, mask)
        if mask is not None:
            counted = counted_columns(mask, prediction)
            # One answer for each step, or one for each of its outputs.
            agrees |= ~counted[:, :: counted.shape[1] // agrees.shape[1]]
        return tf.reduce_all(agrees, axis=1)

    def _agrees(self, y: Tensor, prediction: Tensor, mask: Tensor | None) -> Tensor:
        """Tell which answers are right; shape ``(samples, answers)``."""
        import tensorflow as tf

        y, shape = _columns(y, prediction), tf.shape(prediction)
        # What is no number is never right, though it compares like a 0 or like the first class.
        finite = tf.math.is_finite(prediction)
        if self.task == "multiclass":
            answers = _columns(tf.argmax(prediction, -1), prediction)
            if y.shape[1] == math.prod(prediction.shape[1:]):
                y = _columns(tf.argmax(tf.reshape(y, shape), -1), prediction)
            answered = tf.reshape(tf.reduce_all(finite, axis=-1), (shape[0], -1))
            return answered & (answers == y)
        counted = None if mask is None else counted_columns(mask, prediction)
        prediction = _columns(prediction, prediction)
        if self.task == "binary":
            answer = tf.cast(prediction > self.threshold, y.dtype)
            # Hinge losses are also given labels of -1 and 1.
            return tf.reshape(finite, (shape[0], -1)) & (answer == tf.maximum(y, 0))
        return tf.square(prediction - y) <= _tolerance(y, counted)

    def all_right(
        self, y: Tensor, prediction: Tensor, right: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Tell, as one boolean, whether the whole batch is right.

        Args:
            y: Labels, as for ``right``.
            prediction: Network output, shape ``(samples, …, outputs)``.
            right: What ``right`` returned for them.
            mask: As for ``right``.
        """
        import keras
        import tensorflow as tf

        if self.task != "regression":
            return tf.reduce_all(right)
        counted = None if mask is None else counted_columns(mask, prediction)
        y, prediction = _columns(y, prediction), _columns(prediction, prediction)
        residual = column_mean(tf.square(prediction - y), keras.ops, counted)
        return tf.reduce_all(residual <= _tolerance(y, counted))


def _tolerance(y: Tensor, counted: Tensor | None) -> Tensor:
    """Return the largest mean squared error of each column that counts as right."""
    import keras

    return (1 - R2_MEMORISED) * spread(y, keras.ops, counted)


def counted_columns(mask: Tensor, prediction: Tensor) -> Tensor:
    """Say of each number of an output whether it counts.

    Args:
        mask: The output's Keras mask: its first axes.
        prediction: The output, shape ``(samples, …, outputs)``.

    Returns:
        Booleans of shape ``(samples, columns)``.
    """
    import tensorflow as tf

    mask, shape = tf.cast(mask, tf.bool), tf.shape(prediction)
    missing = len(prediction.shape) - len(mask.shape)
    mask = tf.reshape(mask, tf.concat([tf.shape(mask), tf.ones(missing, tf.int32)], 0))
    return tf.reshape(tf.broadcast_to(mask, shape), (shape[0], -1))


def _columns(y: Tensor, prediction: Tensor) -> Tensor:
    """Bring labels into the shape ``(samples, columns)`` and the type of the prediction."""
    import tensorflow as tf

    return tf.cast(tf.reshape(y, (tf.shape(prediction)[0], -1)), prediction.dtype)


@dataclass
class Memorisation:
    """Follows a run, chunk by chunk, and says when its batch was memorised and lost again.

    Attributes:
        epoch: First of the first five epochs running in which the batch was right, or None.
        forgotten: First later epoch in which it was not right, or None.
    """

    epoch: int | None = None
    forgotten: int | None = None
    _running: int = 0

    def follow(self, first_epoch: int, all_right: FloatArray | IntArray) -> None:
        """Take the epochs from ``first_epoch`` on; ``all_right`` has shape ``(epochs,)``."""
        flags = np.asarray(all_right) > 0
        if self.epoch is None:
            self._find(first_epoch, flags)
        if self.epoch is not None and self.forgotten is None:
            wrong = np.flatnonzero(~flags) + first_epoch
            later = wrong[wrong > self.epoch]
            self.forgotten = int(later[0]) if len(later) else None

    def _find(self, first_epoch: int, flags: np.ndarray) -> None:
        for offset, flag in enumerate(flags):
            self._running = self._running + 1 if flag else 0
            if self._running == EPOCHS_RUNNING:
                self.epoch = first_epoch + offset - EPOCHS_RUNNING + 1
                return
