"""Samples that cannot be learned: each repeats another one's input with a different label."""

from __future__ import annotations

import numpy as np

from overfit_core.batches.rows import Array

TOO_NEAR = 0.01
"""Share of the range of a batch's targets by which a repeated sample's target differs at least."""


def with_contradictions(x: Array, y: Array, count: int, classes: int | None) -> tuple[Array, Array]:
    """Let the last samples have the inputs of the first ones, and other labels.

    The label is the next class, after the last one the first. A target for regression is mirrored
    in the range of the batch's targets; in the middle of the range, where that changes next to
    nothing, it is the largest target instead.

    Args:
        x: inputs, (samples, …).
        y: class numbers or targets, (samples,).
        count: how many, 0 .. samples // 2.
        classes: number of classes; None for regression.

    Returns:
        Inputs and labels of the same shapes and types.
    """
    if not count:
        return x, y
    x, y, repeated = x.copy(), y.copy(), y[:count].copy()
    x[-count:] = x[:count]
    y[-count:] = _mirrored(repeated, y) if classes is None else (repeated + 1) % classes
    return x, y


def _mirrored(targets: Array, all_targets: Array) -> Array:
    low, high = all_targets.min(), all_targets.max()
    if low == high:
        return targets + 1.0
    mirrored: Array = low + high - targets
    mirrored[np.abs(mirrored - targets) < TOO_NEAR * (high - low)] = high
    return mirrored
