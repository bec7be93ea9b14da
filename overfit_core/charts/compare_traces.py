"""The curves of a chart of several runs: what is drawn of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from overfit_core.charts.compare_axes import Axes
from overfit_core.charts.compare_looks import Look
from overfit_core.charts.figure import Curve, encoded, plot_text, trace
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.theme import Figure
from overfit_core.charts.thinning import thinned
from overfit_core.comparison.bands import Band
from overfit_core.comparison.measures import Measure
from overfit_core.comparison.run import ComparedRun
from overfit_core.training.types import FloatArray

POINTS_IN_ALL, MOST_POINTS = 16_000, 1_600
"""Points of all curves together, and of one at most: 0.6 MB of JSON for 50 runs in 25 bands."""
FEWEST_MARKERS = 4
BAND_OPACITY, MEMBER_OPACITY = 0.22, 0.4


def run_trace(
    lines: Lines,
    run: ComparedRun,
    look: Look,
    measure: Measure,
    axes: Axes,
    points: int,
    *,
    faint: bool,
) -> Figure:
    """Return the curve of one run, in at most ``points`` points.

    A faint one has no hover, and comes and goes with the median of its group.
    """
    whole = len(lines[run.id]) <= points
    if axes.log_x and not whole:
        lines = Lines({run.id: _thinned_by_logarithm(lines[run.id], points)}, lines.last_epoch)
    width, opacity = (1.0, MEMBER_OPACITY) if faint else (look.width, 1.0)
    symbol = None if faint else look.symbol
    curve = Curve(run.id, look.name, look.style.colour, symbol, width, opacity)
    drawn = trace(lines, curve, log=axes.log_y, points=points)
    drawn["line"]["dash"] = look.dash
    # Of many curves each has fewer points, and fewer markers.
    if symbol:
        most = drawn["marker"]["maxdisplayed"] * points // MOST_POINTS
        drawn["marker"]["maxdisplayed"] = max(FEWEST_MARKERS, most)
    entry = look.band(run.group) if faint else look.entry
    drawn |= {"legendgroup": entry, "showlegend": not faint}
    if faint:
        # The median stands for them; with a row for each seed the box would hide the chart.
        del drawn["hovertemplate"]
        return drawn | {"hoverinfo": "skip"}
    exact = "%{y:.5~%}" if measure.share else "%{y:.6~g}"
    # A thinned curve has no value at every epoch: then the one that it shows says its own.
    at = "" if whole else " at %{x:,.6~g}"
    return drawn | {"hovertemplate": exact + at}


def _thinned_by_logarithm(line: Line, points: int) -> Line:
    """Return a line in few points for a logarithmic axis, where the first epochs are wide."""
    logs, values = thinned(np.log(line.epochs), line.values, points)
    # The logarithm of a place is found again exactly: it was taken from here.
    return Line(line.epochs[np.searchsorted(np.log(line.epochs), logs)], values)


def band_traces(
    band: Band,
    members: Sequence[ComparedRun],
    look: Look,
    name: str,
    measure: Measure,
    axes: Axes,
) -> tuple[Figure, Figure]:
    """Return the area between the quartiles, and the median; both in the look of a member."""
    group, places = members[0].group, band.epochs
    if axes.x == "seconds":
        pace = float(np.median([run.seconds_per_epoch or np.nan for run in members]))
        places = places * pace  # type: ignore[assignment]
    low, high = band.quartiles.lower, band.quartiles.upper
    area = _area(places, low, high, look.style.colour, log=axes.log_y)
    form = ".5~%" if measure.share else ".5~g"
    said = plot_text(f"{name}, median of {band.seeds} seeds")
    lines = Lines({group: Line(places, band.quartiles.median)})
    line = trace(lines, Curve(group, said, look.style.colour, look.symbol, 2.5), log=axes.log_y)
    line["line"]["dash"] = look.dash
    belongs = {"legendgroup": look.band(group), "meta": group}
    return area | belongs, line | belongs | {
        "customdata": encoded(np.column_stack([low, high])) | {"shape": f"{len(low)}, 2"},
        "hovertemplate": f"%{{y:{form}}} (quartiles %{{customdata[0]:{form}}} to "
        f"%{{customdata[1]:{form}}})",
    }


def _area(
    places: np.ndarray[Any, Any], low: FloatArray, high: FloatArray, colour: str, *, log: bool
) -> Figure:
    """Return the area between two curves, where both have a place on the axis."""
    inside = np.isfinite(low) & np.isfinite(high) & (not log or low > 0)
    return {
        "type": "scatter",
        "x": encoded(np.concatenate([places[inside], places[inside][::-1]])),
        "y": encoded(np.concatenate([high[inside], low[inside][::-1]])),
        "mode": "lines",
        "line": {"width": 0, "color": colour},
        "fill": "toself",
        "fillcolor": colour,
        "opacity": BAND_OPACITY,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def end_marks(
    runs: Sequence[ComparedRun], lines: Lines, looks: dict[str, Look], *, log_y: bool
) -> list[Figure]:
    """Return a cross for each run that diverged, where its curve ends."""
    places, values, colours, texts = [], [], [], []
    for run in runs:
        line = lines[run.id]
        drawable = np.isfinite(line.values) & (not log_y or line.values > 0)
        if run.diverged_epoch is None or not drawable.any():
            continue
        last = np.flatnonzero(drawable)[-1]
        places.append(line.epochs[last])
        values.append(line.values[last])
        colours.append(looks[run.id].style.colour)
        texts.append(f"{looks[run.id].name} diverged at epoch {run.diverged_epoch:,}")
    if not texts:
        return []
    return [
        {
            "type": "scatter",
            "name": "Diverged",
            "x": encoded(np.array(places)),
            "y": encoded(np.array(values)),
            "text": texts,
            "mode": "markers",
            "marker": {"symbol": "x", "size": 11, "color": colours},
            "hovertemplate": "%{text}<extra></extra>",
            "legendgroup": "Diverged",
        }
    ]
