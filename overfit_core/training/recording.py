"""The buffers that a compiled loop writes into, one place per epoch."""

from __future__ import annotations

from typing import Any, NamedTuple

from overfit_core.training.structure import Backend
from overfit_core.training.types import Tensor

SNAPSHOTS_PER_CALL = 16
"""Places for snapshots in one call; the one behind them takes what is not kept."""


class Recorded(NamedTuple):
    """What a call recorded.

    Attributes:
        rows: Shape ``(capacity, columns)``.
        predictions: Shape ``(SNAPSHOTS_PER_CALL + 1, samples, outputs)``; ``()`` if not kept.
        losses: Shape ``(SNAPSHOTS_PER_CALL + 1, samples)``; ``()`` if not kept.
    """

    rows: Any
    predictions: Any = ()
    losses: Any = ()


def empty(
    capacity: int, columns: int, dtype: str, snapshot_shape: tuple[int, int] | None
) -> Recorded:
    """Make the buffers.

    Args:
        capacity: Most epochs of a call.
        columns: Numbers per epoch.
        dtype: ``float32`` or ``float64``.
        snapshot_shape: ``(samples, outputs)`` of a prediction; None keeps none.
    """
    import tensorflow as tf

    rows = tf.zeros((capacity, columns), dtype)
    if snapshot_shape is None:
        return Recorded(rows)
    places, samples = SNAPSHOTS_PER_CALL + 1, snapshot_shape[0]
    predictions = tf.zeros((places, *snapshot_shape), dtype)
    return Recorded(rows, predictions, tf.zeros((places, samples), dtype))


def put(buffer: Tensor, place: Tensor, value: Tensor, backend: Backend) -> Tensor:
    """Write ``value`` into ``buffer[place]``.

    XLA has an operation of its own for it: a scatter is checked for its bounds, which costs two
    kernels each time.
    """
    import tensorflow as tf
    from tensorflow.compiler.tf2xla.python.xla import dynamic_update_slice

    value = tf.cast(tf.reshape(value, (1, *buffer.shape[1:])), buffer.dtype)
    if backend == "tensorflow":
        return tf.tensor_scatter_nd_update(buffer, [[place]], value)
    start = tf.stack([place, *[0] * (buffer.shape.rank - 1)])
    return dynamic_update_slice(buffer, value, start)
