"""What of a batch counts: Keras leaves the steps that a layer has masked out of the loss.

``Masking`` and ``Embedding(mask_zero=True)`` mark the filling of sequences; the layers behind them
pass the mask on to the output, and the loss takes the mean of the steps that are left. What is
masked is neither right nor wrong, and what its labels say is of no meaning.
"""

from __future__ import annotations

import numpy as np

from overfit_core.training.types import AnyArray, BoolArray, Tensor


def mask_of(output: Tensor) -> BoolArray | None:
    """Return which steps of a model's output count, shape ``(samples, steps)``; None for all."""
    from keras.src.backend import get_keras_mask

    mask = get_keras_mask(output)
    return None if mask is None else np.asarray(mask, bool)


def counted_in(mask: BoolArray | None, shape: tuple[int, ...]) -> BoolArray | None:
    """Say of each number of an array whether it counts.

    Args:
        mask: The first axes of the array, shape ``(samples, steps)``; None for no mask.
        shape: Of labels or an output, samples first.

    Returns:
        Booleans of this shape; None without a mask, or where it does not fit the array.
    """
    if mask is None or mask.ndim > len(shape):
        return None
    spread = mask.reshape(*mask.shape, *[1] * (len(shape) - mask.ndim))
    if any(own not in (1, other) for own, other in zip(spread.shape, shape, strict=True)):
        return None
    return np.broadcast_to(spread, shape)


def steps_of(mask: BoolArray | None, shape: tuple[int, ...]) -> BoolArray | None:
    """Return a mask that picks the steps of an array of this shape; None where it does not."""
    fits = mask is not None and mask.shape == shape[: mask.ndim]
    return mask if mask is not None and fits and mask.any() and not mask.all() else None


def without_filling(y: AnyArray, mask: BoolArray | None) -> AnyArray:
    """Return labels with those that do not count set to one that does, as a whole row.

    So they add no class, no range and no row of another sum to what the labels are.
    """
    y = np.asarray(y)
    counted = counted_in(mask, y.shape)
    if counted is None or counted.all() or not counted.any():
        return y
    width = y.shape[-1] if y.ndim > 1 else 1
    whole = np.flatnonzero(counted.reshape(-1, width).all(axis=1))
    label = y.reshape(-1, width)[whole[0]] if len(whole) else y[counted][0]
    return np.where(counted, y, label)
