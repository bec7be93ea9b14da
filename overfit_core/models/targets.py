"""The labels of a batch in the form that the loss takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overfit_core.batches import SOURCES
from overfit_core.models.heads import head_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from overfit_core.batches import Array, Batch
    from overfit_core.spec import RunSpec


def target_for(spec: RunSpec, batch: Batch, *, held_out: bool = False) -> Array:
    """The labels of `batch` as the loss of `spec` takes them.

    Args:
        spec: says which loss and which head.
        batch: the batch that `spec.batch` describes.
        held_out: whether the held-out labels are wanted instead.

    Returns:
        Class numbers, int64 (samples,); or floats of the type of ``batch.x``: one column
        (samples, 1), or one column for each class (samples, classes).

    Raises:
        ValueError: held-out labels are wanted, and there are none.
    """
    y = batch.y_held_out if held_out else batch.y
    if y is None:
        raise ValueError("the batch has no held-out samples; set held_out above 0")
    return labels_as_trained(spec, y, batch.x.dtype)


def labels_as_trained(spec: RunSpec, y: Array, dtype: DTypeLike) -> Array:
    """Labels as a batch has them, in the form that the loss of `spec` takes.

    Args:
        spec: says which loss and which head.
        y: class numbers or numbers, (samples,) or (samples, 1).
        dtype: type of floats.

    Returns:
        See ``target_for``.
    """
    shape = SOURCES[spec.batch.source].shape(spec.batch)
    form = head_of(spec.model, shape).target
    column: Array = y.reshape(len(y), 1)
    if form == "column":
        column = column.astype(dtype)
        return column
    classes: Array = column[:, 0].astype(np.int64)
    if form == "classes":
        return classes
    one_hot: Array = np.eye(shape.classes or 1, dtype=dtype)[classes]
    return one_hot
