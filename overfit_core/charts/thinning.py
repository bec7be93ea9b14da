"""Fewer points for the same picture: what is kept and sent is bounded."""

from __future__ import annotations

import numpy as np
from tsdownsample import M4Downsampler

from overfit_core.training.types import FloatArray, IntArray


def thinned(epochs: IntArray, values: FloatArray, points: int) -> tuple[IntArray, FloatArray]:
    """Return the points that draw the same line as all of them.

    M4 (Jugel et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation") cuts the
    epochs into equal bins and keeps the first, last, lowest and highest value of each: no spike
    and no last point is lost. Values that are not finite count neither as lowest nor as highest;
    as the last one they are kept, for that says that a run diverged.

    Args:
        epochs: Rising, shape ``(points before,)``.
        values: Shape ``(points before,)``.
        points: Most points to return, at least 4.

    Returns:
        Epochs and values, shape ``(at most points,)``; all of them where there are no more.

    Raises:
        ValueError: If ``points`` is below 4.
    """
    if points < 4:
        raise ValueError(f"M4 keeps four values a bin: points must be at least 4, got {points}.")
    if len(values) <= points:
        return epochs, values
    finite = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    chosen = M4Downsampler().downsample(  # type: ignore[no-untyped-call]
        np.ascontiguousarray(epochs, dtype=np.int64), finite, n_out=points - points % 4
    )
    kept = np.unique(chosen.astype(np.int64))
    return epochs[kept], values[kept]
