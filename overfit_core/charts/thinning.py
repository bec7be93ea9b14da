"""Fewer points for the same picture: what is kept and sent is bounded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overfit_core.training.types import FloatArray, IntArray


def thinned(epochs: IntArray, values: FloatArray, points: int) -> tuple[IntArray, FloatArray]:
    """Return the points that draw the same line as all of them.

    M4 (Jugel et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation") cuts the
    epochs into equal bins and keeps the first, last, lowest and highest value of each: no spike
    and no last point is lost, also of a line that was thinned before. Values that are not finite
    count neither as lowest nor as highest; as the last one they are kept, for that says that a
    run diverged.

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
    since_first = (epochs - epochs[0]).astype(np.int64)
    bins = since_first * (points // 4) // (since_first[-1] + 1)
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    ends = np.append(starts[1:], len(values)) - 1
    finite = np.where(np.isfinite(values), values, np.nan)
    extremes = (
        _first_of_each_bin(finite == np.repeat(extreme, ends - starts + 1), bins)
        for extreme in (np.fmin.reduceat(finite, starts), np.fmax.reduceat(finite, starts))
    )
    kept = np.unique(np.concatenate([starts, ends, *extremes]))
    return epochs[kept], values[kept]


def _first_of_each_bin(marked: npt.NDArray[np.bool_], bins: IntArray) -> IntArray:
    places = np.flatnonzero(marked)
    return places[np.flatnonzero(np.diff(bins[places], prepend=-1))]
