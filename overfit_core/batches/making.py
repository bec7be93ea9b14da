"""From a batch's settings to the batch: rows, label noise, contradictions, scaling, types, hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from overfit_core.batches import bundled, made, points
from overfit_core.batches.catalogue import SOURCES, BatchShape, Task
from overfit_core.batches.contradictions import with_contradictions
from overfit_core.batches.rows import (
    LABEL_NOISE,
    Array,
    Rows,
    Settings,
    chosen,
    drawn,
    first,
    generator,
    settings_of,
)
from overfit_core.batches.sensor import sensor

if TYPE_CHECKING:
    from overfit_core.spec import BatchSpec

Maker: TypeAlias = Callable[["BatchSpec", Settings], tuple[Rows, Rows]]

MAKERS: dict[str, Maker] = {
    "article": partial(first, points.article),
    "xor": partial(drawn, points.xor),
    "moons": partial(chosen, made.moons),
    "circles": partial(chosen, made.circles),
    "spirals": partial(drawn, points.spirals),
    "blobs": partial(chosen, made.blobs),
    "quantiles": partial(chosen, made.quantiles),
    "sine": partial(drawn, points.sine),
    "line": partial(drawn, points.line),
    "iris": partial(chosen, bundled.iris),
    "wine": partial(chosen, bundled.wine),
    "breast_cancer": partial(chosen, bundled.breast_cancer),
    "diabetes": partial(chosen, bundled.diabetes),
    "digits": partial(chosen, bundled.digits),
    "sensor": partial(drawn, sensor),
    "random_labels": partial(drawn, points.random_labels),
}
"""How the rows of each source of the catalogue come about."""


@dataclass(frozen=True, eq=False)
class Batch:
    """One fixed batch, and samples held out from it.

    Attributes:
        x: inputs, float (samples, …).
        y: labels; binary: 0 or 1, float (samples, 1); multiclass: class numbers, int64 (samples,);
            regression: float (samples, 1).
        x_held_out: inputs that are never trained on, like x; None where none were asked for.
        y_held_out: their labels, like y.
        task: "binary", "multiclass" or "regression".
        feature_names: names along the last axis of x.
        class_names: names of the classes; empty for regression.
    """

    x: Array
    y: Array
    x_held_out: Array | None
    y_held_out: Array | None
    task: Task
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over types, shapes and bytes of x and y: the same batch, the same hash."""
        digest = hashlib.sha256()
        for array in (self.x, self.y):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def make_batch(spec: BatchSpec, dtype: str = "float32") -> Batch:
    """The batch that `spec` describes; the same settings make the same bytes.

    Scaling is fitted on the batch and applied to what is held out. Label noise redraws the labels
    of a share of the batch; then the last samples repeat the inputs of the first ones, where
    contradictions are asked for. Both leave what is held out as it is.

    Args:
        spec: checked settings.
        dtype: "float32" or "float64", the type of all floats of the batch.
    """
    source = SOURCES[spec.source]
    shape = source.shape(spec)
    rows, held_out = MAKERS[spec.source](spec, settings_of(source, spec))
    y = _with_label_noise(rows.y, spec, shape)
    x, y = with_contradictions(rows.x, y, spec.contradictions, shape.classes)
    x, x_held_out = _scaled(x, held_out.x, spec.scaling)
    holds_out = spec.held_out > 0
    return Batch(
        x=x.astype(dtype),
        y=_typed(y, shape, dtype),
        x_held_out=x_held_out.astype(dtype) if holds_out else None,
        y_held_out=_typed(held_out.y, shape, dtype) if holds_out else None,
        task=shape.task,
        feature_names=rows.feature_names,
        class_names=rows.class_names,
    )


def _scaled(x: Array, held_out: Array, scaling: str) -> tuple[Array, Array]:
    """Both, scaled by what was fitted on `x`: each feature of flat inputs, each channel of others.

    A channel of a sequence or an image is scaled as one: its steps or pixels keep their
    proportions, and a pixel that is the same in the whole batch does not grow out of all
    proportion in what is held out.
    """
    if scaling == "none":
        return x, held_out
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    scaler = StandardScaler() if scaling == "standard" else MinMaxScaler()
    channels = x.shape[-1]
    scaled: Array = scaler.fit_transform(x.reshape(-1, channels)).reshape(x.shape)
    if not held_out.size:
        return scaled, held_out
    return scaled, scaler.transform(held_out.reshape(-1, channels)).reshape(held_out.shape)


def _with_label_noise(y: Array, spec: BatchSpec, shape: BatchShape) -> Array:
    """`y` with a share of its labels redrawn.

    A label comes from all classes alike, the right one included; a target for regression is uniform
    between the smallest and the largest of the batch.
    """
    rng = generator(spec.seed, LABEL_NOISE)
    redrawn = rng.permutation(len(y))[: round(spec.label_noise * len(y))]
    y = y.copy()
    if shape.classes is None:
        y[redrawn] = rng.uniform(y.min(), y.max(), len(redrawn))
    else:
        y[redrawn] = rng.integers(shape.classes, size=len(redrawn))
    return y


def _typed(y: Array, shape: BatchShape, dtype: str) -> Array:
    if shape.task == "multiclass":
        return y.astype(np.int64)
    return y.astype(dtype)[:, None]
