"""Medians with their quartiles and their misses, along anything: one optimizer of a race."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_core.charts.race_looks import RaceLook
from overfit_core.charts.theme import Figure
from overfit_core.comparison.bands import Quartiles

BAND_OPACITY, BANDS_OPACITY, FEW_BANDS = 0.18, 0.1, 4
"""Of an area, and of each of more than a few steps, which lie over one another."""
RISER_OPACITY = 0.5
ALONE = 1.03
"""Half the width of the bar that stands for an area of one point, as a ratio of its x."""
MISS = "x-thin"
STAR = {"symbol": "star", "size": 14, "line": {"color": "@background", "width": 1.2}}
"""What marks Keras's default learning rate, whatever the optimizer's own symbol is."""
DEFAULT_RATE: Figure = {
    "type": "scatter",
    "name": "Keras’s default",
    "x": [None],
    "y": [None],
    "mode": "markers",
    "marker": STAR | {"color": "@muted"},
    "hoverinfo": "skip",
}
"""The entry of the stars in the legend."""


@dataclass(frozen=True)
class Points:
    """What is drawn of one optimizer.

    Attributes:
        look: Whose it is.
        lane: Its row in the band of misses.
        x: Rising.
        spreads: At each x; a miss is infinite.
        texts: What each point says.
        data: ``customdata`` at each x: place of the optimizer, learning rate, seed (None for all);
            None where a click opens nothing.
    """

    look: RaceLook
    lane: int
    x: Sequence[float]
    spreads: Sequence[Quartiles]
    texts: Sequence[str]
    data: Sequence[Sequence[Any]] | None = None

    @property
    def medians(self) -> list[float]:
        """The medians at each x."""
        return [float(one.median) for one in self.spreads]


def ends_of(points: Sequence[Points]) -> list[float]:
    """Return all values that an axis has to show, infinite ones among them."""
    return [
        float(end)
        for one in points
        for spread in one.spreads
        for end in (spread.lower, spread.median, spread.upper)
    ]


def any_missed(points: Sequence[Points]) -> bool:
    """Tell whether some median is a miss."""
    return any(math.isinf(median) for one in points for median in one.medians)


def areas(rows: Sequence[Points], top: float, *, steps: bool = False) -> list[Figure]:
    """Return the areas between the quartiles of optimizers; see ``_area``."""
    opacity = BAND_OPACITY if not steps or len(rows) <= FEW_BANDS else BANDS_OPACITY
    return [_area(points, top, steps=steps) | {"opacity": opacity} for points in rows]


def _area(points: Points, top: float, *, steps: bool) -> Figure:
    """Return the area between the quartiles; an upper one that is infinite reaches the top.

    Where the lower one is infinite too there is none: the area has a gap. One that stands alone
    has no width; it is a bar then.

    Args:
        points: Of one optimizer.
        top: Where the axis ends.
        steps: Whether a value holds up to the next x.
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for part in _unbroken([math.isfinite(one.lower) for one in points.spreads]):
        x = [points.x[place] for place in part]
        low = [float(points.spreads[place].lower) for place in part]
        high = [min(float(points.spreads[place].upper), top) for place in part]
        if steps:
            after = part[-1] + 1
            ends = [*x[1:], points.x[after] if after < len(points.x) else x[-1] + 0.5]
            x, low, high = _corners(x, ends), _corners(low, low), _corners(high, high)
        elif len(part) == 1:
            x, low, high = [x[0] / ALONE, x[0] * ALONE], low * 2, high * 2
        xs += [*x, *reversed(x), x[0], None]
        ys += [*high, *reversed(low), high[0], None]
    return _of(points.look) | {
        "x": xs,
        "y": ys,
        "mode": "lines",
        "line": {"width": 0, "color": points.look.colour},
        "fill": "toself",
        "fillcolor": points.look.colour,
        "hoverinfo": "skip",
    }


def curve(points: Points, *, steps: bool = False) -> Figure:
    """Return the medians, with a marker at each; a miss is a gap.

    It has the optimizer's entry in the legend, also where every median is a miss.
    """
    look = points.look
    line: dict[str, Any] = {"color": look.colour, "width": 2, "dash": look.dash}
    return _of(look) | {
        **_told(points, range(len(points.x))),
        "x": list(points.x),
        "y": [median if math.isfinite(median) else None for median in points.medians],
        "mode": "lines+markers",
        "line": line | ({"shape": "hv"} if steps else {}),
        "marker": {"color": look.colour, "symbol": look.symbol, "size": 7},
        "connectgaps": False,
        "showlegend": True,
    }


def risers(points: Points, top: float) -> list[Figure]:
    """Return thin lines from the medians beside a miss up to the edge, at the miss's x."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    medians = points.medians
    for left in range(len(medians) - 1):
        pair = (medians[left], medians[left + 1])
        if sum(map(math.isinf, pair)) == 1:
            xs += [points.x[left], points.x[left + 1], None]
            ys += [min(pair[0], top), min(pair[1], top), None]
    if not xs:
        return []
    return [
        _of(points.look)
        | {
            "x": xs,
            "y": ys,
            "mode": "lines",
            "line": {"width": 1.2, "color": points.look.colour, "dash": "dot"},
            "opacity": RISER_OPACITY,
            "hoverinfo": "skip",
        }
    ]


def misses(points: Points) -> list[Figure]:
    """Return a cross in the band of misses for each median that is one."""
    at = [place for place, median in enumerate(points.medians) if math.isinf(median)]
    if not at:
        return []
    mark = {"symbol": MISS, "size": 6, "line": {"color": points.look.colour, "width": 1.6}}
    return [in_band(points, at, {"color": points.look.colour} | mark)]


def star(points: Points) -> Figure:
    """Return a star for a single point, in the band of misses where it is one."""
    marker = STAR | {"color": points.look.colour}
    if any_missed([points]):
        return in_band(points, [0], marker | {"size": 10})
    return curve(points) | {"mode": "markers", "marker": marker, "showlegend": False}


def level_line(points: Points) -> Figure:
    """Return a dashed line across the chart, which lies in the band of misses where it is one."""
    line = {"color": points.look.colour, "width": 1.5, "dash": points.look.dash}
    missed = {"y": [points.lane] * len(points.x), "yaxis": "y2"} if any_missed([points]) else {}
    return curve(points) | {"mode": "lines", "line": line} | missed


def in_band(points: Points, at: Sequence[int], marker: dict[str, Any]) -> Figure:
    """Return markers in the optimizer's row of the band of misses, at these places."""
    return _of(points.look) | {
        **_told(points, at),
        "x": [points.x[place] for place in at],
        "y": [points.lane] * len(at),
        "yaxis": "y2",
        "mode": "markers",
        "marker": marker,
        "cliponaxis": False,
    }


def _of(look: RaceLook) -> Figure:
    return {
        "type": "scatter",
        "name": look.name,
        "legendgroup": look.name,
        "showlegend": False,
    }


def _told(points: Points, at: Sequence[int]) -> dict[str, Any]:
    """Return what the points at these places say, and what a click on them opens."""
    said = {
        "text": [points.texts[place] for place in at],
        "hovertemplate": "%{text}<extra></extra>",
    }
    if points.data is None:
        return said
    return said | {"customdata": [list(points.data[place]) for place in at]}


def _unbroken(inside: Sequence[bool]) -> list[list[int]]:
    """Return the places of each unbroken row of what is inside."""
    cuts = np.flatnonzero(np.diff(np.asarray(inside, int))) + 1
    parts = np.split(np.arange(len(inside)), cuts)
    return [part.tolist() for part in parts if len(part) and inside[part[0]]]


def _corners(starts: Sequence[float], ends: Sequence[float]) -> list[float]:
    return [corner for pair in zip(starts, ends, strict=True) for corner in pair]
