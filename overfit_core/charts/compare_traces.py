"""The curves of a chart of several runs: what each looks like, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_core.charts.compare_axes import Axes
from overfit_core.charts.figure import Curve, encoded, plot_text, trace
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.numbers import number
from overfit_core.charts.theme import Figure, OptimizerStyle, optimizer_style, run_style
from overfit_core.charts.thinning import thinned
from overfit_core.comparison.bands import Band
from overfit_core.comparison.differences import style_name
from overfit_core.comparison.measures import Measure
from overfit_core.comparison.run import ComparedRun
from overfit_core.training.types import FloatArray

DASHES = (
    "solid",
    "dash",
    "dot",
    "dashdot",
    "longdash",
    "longdashdot",
    "2px,6px",
    "14px,3px,2px,3px,2px,3px",
    "6px,2px",
    "18px,8px",
)
"""Dash of the smallest learning rate, of the next one, and so on; then they begin again."""
SHAPES = ("square", "triangle-up", "cross", "star", "hexagon", "triangle-down", "hourglass")
MARKERS = (*SHAPES, *(f"{shape}-open" for shape in SHAPES))
"""What tells curves of the same colour and dash apart; the first of them has none of these."""
POINTS_IN_ALL, MOST_POINTS = 16_000, 1_600
"""Points of all curves together, and of one at most: 0.6 MB of JSON for 50 runs in 25 bands."""
NAMED_CURVES = 10
"""Up to here the legend names each run; above, each optimizer with its learning rates."""
MOST_ENTRIES = 20
"""Above, the legend names each optimizer once, and each learning rate: 10 and 5, never 50."""
FEWEST_MARKERS = 4
EXPLAINS = "explains"
"""The meta of an entry of the legend that belongs to no curve, so that a click hides none."""
BAND_OPACITY, MEMBER_OPACITY = 0.22, 0.4


@dataclass(frozen=True)
class Look:
    """How one run is drawn, and where the legend has it; its texts are as Plotly reads them.

    Attributes:
        name: The run's.
        style: Colour and symbol.
        dash: Of the line.
        entry: What the legend calls the curve, and those that look like it.
        width: Of the line, in pixels.
        rate: The entry of the learning rate, where the legend has one for each.
    """

    name: str
    style: OptimizerStyle
    dash: str
    entry: str
    width: float = 2.0
    rate: str | None = None

    @property
    def symbol(self) -> str | None:
        """The marker on the curve; None for a plain line."""
        return None if self.style.symbol == "circle" else self.style.symbol

    def band(self, group: str) -> str:
        """Return to which entry of the legend a group of seeds belongs: its own, if it has one."""
        return self.entry if self.rate else group


def looks_of(
    runs: Sequence[ComparedRun],
    names: Mapping[str, str],
    baseline: str | None,
    together: Collection[str] = (),
) -> dict[str, Look]:
    """Return how each run is drawn, by its id; no two entries of the legend look alike.

    Args:
        runs: All that are compared, so that a run looks alike in every chart.
        names: A short name per run.
        baseline: Id of the run that is drawn boldly.
        together: Groups of seeds that are drawn as one.
    """
    rates = sorted({run.spec.optimizer.base_learning_rate for run in runs})
    dashes = {rate: DASHES[place % len(DASHES)] for place, rate in enumerate(rates)}
    each, apart = len(runs) <= NAMED_CURVES, _is_long(runs, len(rates), together)
    markers: dict[tuple[str, str], dict[str, str]] = {}
    looks = {}
    for run in runs:
        optimizer, dash = run.spec.optimizer, dashes[run.spec.optimizer.base_learning_rate]
        style, first = run_style(optimizer.name, run.colour), run.id == baseline
        own = style.colour != optimizer_style(optimizer.name).colour or first
        name = plot_text(names[run.id])
        shared = optimizer.name if apart else style_name(run.spec)
        entry = name if each or own else shared
        alike = markers.setdefault((style.colour, "" if apart else dash), {})
        unit = run.group if run.group in together and not first and not apart else entry
        free = (mark for mark in (style.symbol, *MARKERS) if mark not in alike.values())
        symbol = alike.get(unit) or next(free, style.symbol)
        alike[unit] = symbol
        rate = f"rate {number(optimizer.base_learning_rate)}" if apart and not own else None
        looks[run.id] = Look(
            name, style._replace(symbol=symbol), dash, entry, 4.0 if first else 2.0, rate
        )
    return looks


def _is_long(runs: Sequence[ComparedRun], rates: int, together: Collection[str]) -> bool:
    """Return whether a legend of optimizers with their learning rates would be too long to read.

    With more learning rates than dashes there is no other: a dash would stand for several.
    """
    entries = {run.group if run.group in together else style_name(run.spec) for run in runs}
    return len(entries) > MOST_ENTRIES and rates <= len(DASHES)


def rate_entries(looks: Iterable[Look]) -> list[Figure]:
    """Return a line for each learning rate that the legend explains by itself."""
    dashes = {look.rate: look.dash for look in looks if look.rate}
    return [
        {
            "type": "scatter",
            "name": rate,
            "x": [None],
            "y": [None],
            "mode": "lines",
            "line": {"color": "@muted", "width": 2.0, "dash": dash},
            "legendgroup": rate,
            "showlegend": True,
            "hoverinfo": "skip",
            "meta": EXPLAINS,
        }
        for rate, dash in sorted(dashes.items(), key=lambda item: DASHES.index(item[1]))
    ]


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
