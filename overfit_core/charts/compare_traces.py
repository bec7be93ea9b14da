"""The curves of a chart of several runs: what each looks like, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from overfit_core.charts.compare_axes import XAxis
from overfit_core.charts.figure import Curve, encoded, trace
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.theme import COLOURS, Figure, OptimizerStyle, optimizer_style
from overfit_core.charts.thinning import thinned
from overfit_core.comparison.bands import Band
from overfit_core.comparison.differences import short_names, style_name
from overfit_core.comparison.measures import Measure
from overfit_core.comparison.run import ComparedRun

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
NAMED_CURVES = 10
"""Up to here the legend names each run; above, each optimizer with its learning rates."""
BAND_OPACITY, MEMBER_OPACITY = 0.22, 0.4


@dataclass(frozen=True)
class Look:
    """How one run is drawn, and where the legend has it."""

    name: str
    style: OptimizerStyle
    dash: str
    entry: str
    width: float = 2.0


def looks_of(runs: Sequence[ComparedRun], baseline: str | None) -> dict[str, Look]:
    """Return how each run is drawn, by its id; ``baseline`` is the one that is drawn boldly."""
    names = short_names(runs)
    rates = sorted({run.spec.optimizer.base_learning_rate for run in runs})
    dashes = {rate: DASHES[place % len(DASHES)] for place, rate in enumerate(rates)}
    each = len(runs) <= NAMED_CURVES
    looks = {}
    for run in runs:
        style, own = optimizer_style(run.spec.optimizer.name), _own_colour(run)
        first = run.id == baseline
        name = f"Baseline: {names[run.id]}" if first else names[run.id]
        looks[run.id] = Look(
            name,
            style._replace(colour=own) if own else style,
            dashes[run.spec.optimizer.base_learning_rate],
            name if each or own or first else style_name(run.spec),
            4.0 if first else 2.0,
        )
    return looks


def _own_colour(run: ComparedRun) -> str | None:
    """Return the colour that a person gave a run, where it is one of the theme's."""
    name = (run.colour or "").removeprefix("@")
    return f"@{name}" if name in COLOURS["light"] and name != "background" else None


def run_trace(
    lines: Lines,
    run: ComparedRun,
    look: Look,
    measure: Measure,
    log_y: bool,
    points: int,
    *,
    faint: bool,
    log_x: bool = False,
) -> Figure:
    """Return the curve of one run, in at most ``points`` points; a faint one has no hover."""
    whole = len(lines[run.id]) <= points
    if log_x and not whole:
        lines = Lines({run.id: _thinned_by_logarithm(lines[run.id], points)}, lines.last_epoch)
    symbol = None if look.style.symbol == "circle" else look.style.symbol
    width, opacity = (1.0, MEMBER_OPACITY) if faint else (look.width, 1.0)
    curve = Curve(run.id, look.name, look.style.colour, symbol, width, opacity)
    drawn = trace(lines, curve, log=log_y, points=points)
    drawn["line"]["dash"] = look.dash
    drawn |= {"legendgroup": look.entry, "showlegend": not faint}
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
    *,
    x: XAxis,
    log_y: bool,
) -> tuple[Figure, Figure]:
    """Return the area between the quartiles, and the median; both in the look of a member."""
    group, pace = members[0].group, 1.0
    if x == "seconds":
        pace = float(np.median([run.seconds_per_epoch or np.nan for run in members]))
    places = band.epochs * pace if x == "seconds" else band.epochs
    low, middle, high = band.quartiles.lower, band.quartiles.median, band.quartiles.upper
    inside = np.isfinite(low) & np.isfinite(high) & (not log_y or low > 0)
    median = np.isfinite(middle) & (not log_y or middle > 0)
    shared = {"type": "scatter", "legendgroup": group, "meta": group}
    own = look.style.colour
    area = shared | {
        "x": encoded(np.concatenate([places[inside], places[inside][::-1]])),
        "y": encoded(np.concatenate([high[inside], low[inside][::-1]])),
        "mode": "lines",
        "line": {"width": 0, "color": own},
        "fill": "toself",
        "fillcolor": own,
        "opacity": BAND_OPACITY,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    form = ".5~%" if measure.share else ".5~g"
    line = shared | {
        "name": f"{name}, median of {band.seeds} seeds",
        "x": encoded(places),
        "y": encoded(np.where(median, middle, np.nan)),
        "customdata": encoded(np.column_stack([low, high])) | {"shape": f"{len(low)}, 2"},
        "mode": "lines",
        "line": {"color": own, "width": 2.5, "dash": look.dash},
        "connectgaps": False,
        "hovertemplate": f"%{{y:{form}}} (quartiles %{{customdata[0]:{form}}} to "
        f"%{{customdata[1]:{form}}})",
    }
    return area, line


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
