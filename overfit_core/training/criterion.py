"""When a sample counts as right, and when a batch counts as memorised.

Judged from predictions in inference mode, never from a compiled metric, which can be the wrong
one. Classification: the predicted class is the label (argmax, or a threshold per output).
Regression: R² of the worst output is at least 0.99; a single sample is right when its squared
error is at most 1 % of the variance of the batch's targets, the same measure sample by sample.
What stands for the variance of a target that is the same in all samples, ``result.spread`` says.
A batch is memorised at the first of five epochs running in which it is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_core.training.result import R2_MEMORISED, Task, spread
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

    def right(self, y: Tensor, prediction: Tensor) -> Tensor:
        """Tell which samples are right.

        Args:
            y: Labels, shape ``(samples,)``, ``(samples, outputs)``, or as the prediction; class
                numbers may leave out its last axis.
            prediction: Network output, shape ``(samples, …, outputs)``.

        Returns:
            Booleans of shape ``(samples,)``.
        """
        import tensorflow as tf

        y, shape = _columns(y, prediction), tf.shape(prediction)
        answers = tf.cast(tf.argmax(prediction, -1), y.dtype) if self.task == "multiclass" else None
        prediction = _columns(prediction, prediction)
        # What is no number is never right, though it compares like a 0 or like the first class.
        answered = tf.reduce_all(tf.math.is_finite(prediction), axis=1)
        if answers is not None:
            if y.shape[1] == prediction.shape[1]:
                y = _columns(tf.argmax(tf.reshape(y, shape), -1), prediction)
            return answered & tf.reduce_all(_columns(answers, prediction) == y, axis=1)
        if self.task == "binary":
            answer = tf.cast(prediction > self.threshold, y.dtype)
            # Hinge losses are also given labels of -1 and 1.
            return answered & tf.reduce_all(answer == tf.maximum(y, 0), axis=1)
        error = tf.square(prediction - y)
        return tf.reduce_all(error <= _tolerance(y), axis=1)

    def all_right(self, y: Tensor, prediction: Tensor, right: Tensor) -> Tensor:
        """Tell, as one boolean, whether the whole batch is right.

        Args:
            y: Labels, as for ``right``.
            prediction: Network output, shape ``(samples, outputs)``.
            right: What ``right`` returned for them.
        """
        import tensorflow as tf

        if self.task != "regression":
            return tf.reduce_all(right)
        y, prediction = _columns(y, prediction), _columns(prediction, prediction)
        residual = tf.reduce_mean(tf.square(prediction - y), axis=0)
        return tf.reduce_all(residual <= _tolerance(y))


def _tolerance(y: Tensor) -> Tensor:
    """Return the largest mean squared error of each column that counts as right."""
    import keras

    return (1 - R2_MEMORISED) * spread(y, keras.ops)


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
