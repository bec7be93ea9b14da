"""Several runs in one chart: colour means optimizer, dash means learning rate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from overfit_core.charts.compare_axes import XAxis, frame, x_axis, y_axis
from overfit_core.charts.figure import Curve, encoded, spoken, trace
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.numbers import count, number
from overfit_core.charts.theme import COLOURS, Figure, OptimizerStyle, optimizer_style
from overfit_core.comparison.bands import Band, band_of, seed_groups
from overfit_core.comparison.differences import short_names, style_name
from overfit_core.comparison.measures import Measure, measure_of
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
POINTS_IN_ALL, MOST_POINTS = 30_000, 1_600
"""Points of all curves together, and of one at most: 0.5 MB of JSON for 50 runs."""
NAMED_CURVES = 10
"""Up to here the legend names each run; above, each optimizer with its learning rates."""
SPOKEN_RUNS = 8
BAND_OPACITY, MEMBER_OPACITY = 0.22, 0.4


@dataclass(frozen=True)
class _Look:
    """How one run is drawn, and where the legend has it."""

    name: str
    style: OptimizerStyle
    dash: str
    entry: str
    width: float = 2.0


def compare_figure(
    runs: Sequence[ComparedRun],
    column: str,
    *,
    log_x: bool = False,
    log_y: bool = True,
    x: XAxis = "epoch",
    target: float | None = None,
    baseline: str | None = None,
    revision: str = "",
    bands: bool = True,
    hidden: Collection[str] = (),
) -> Figure:
    """Return one measure of several runs.

    Colour is the optimizer's, or the run's own where a person gave it one; dash is the learning
    rate, the smallest one solid. Runs that differ in their seed only are drawn faintly, with their
    median and quartiles over them. Hiding a run changes nothing but that it is not drawn.

    Args:
        runs: In the order of the legend. Those without this measure are left out.
        column: Any column of a history, such as ``val_loss`` or ``gradient_norm/dense_1``.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the value axis is; never that of accuracy, R² and shares.
        x: ``epoch``, or ``seconds`` of training without compiling: the epoch times the run's mean
            seconds per epoch, a group's median of them for its band.
        target: Value to draw a horizontal line at.
        baseline: Id of the run that the others are measured by; it is drawn boldly.
        revision: While it stays the same, Plotly keeps a person's zoom.
        bands: Whether seeds are put together.
        hidden: Ids of runs that are not drawn.
    """
    measure = measure_of(column)
    log_y = log_y and not measure.share and measure.better != "high"
    drawn = {run.id: line for run in runs if (line := _placed(run, column, x)) is not None}
    looks = _looks([run for run in runs if run.id in drawn], baseline)
    shown = [run for run in runs if run.id in drawn and run.id not in hidden]
    groups = seed_groups(runs) if bands else {}
    traces: list[Figure] = []
    for group, members in groups.items():
        if any(run.group == group for run in shown) and (band := band_of(members, column)):
            traces += _band_traces(band, members, looks, measure, x=x, log_y=log_y)
    in_bands = {trace["meta"] for trace in traces if "meta" in trace}
    budget = min(MOST_POINTS, POINTS_IN_ALL // max(1, len(drawn)))
    lines = Lines({run.id: drawn[run.id] for run in shown}, _last_epoch(shown))
    for run in shown:
        faint = run.group in in_bands and run.id != baseline
        traces.append(_run_trace(lines, run, looks[run.id], measure, log_y, budget, faint=faint))
    traces += _ends(shown, lines, looks, log_y=log_y)
    _name_each_entry_once(traces)
    curves = [Curve(run.id, looks[run.id].name, looks[run.id].style.colour) for run in shown]
    value = y_axis(lines, curves, measure, log=log_y)
    return frame(
        measure,
        traces,
        alt=_alt(measure, lines, curves, x=x, log_y=log_y, target=target, groups=len(in_bands)),
        epoch=lines.last_epoch,
        x_axis=x_axis(x, log=log_x),
        y_axis=value,
        target=target,
        revision=f"{revision}/{column}/{x}",
    )


def _placed(run: ComparedRun, column: str, x: XAxis) -> Line | None:
    """Return the line of a run over epochs or seconds; None where it has none."""
    line = run.line(column)
    if line is None or x == "epoch":
        return line
    pace = run.seconds_per_epoch
    return None if not pace else Line(line.epochs * pace, line.values)  # type: ignore[arg-type]


def _looks(runs: Sequence[ComparedRun], baseline: str | None) -> dict[str, _Look]:
    names = short_names(runs)
    rates = sorted({run.spec.optimizer.base_learning_rate for run in runs})
    dashes = {rate: DASHES[place % len(DASHES)] for place, rate in enumerate(rates)}
    each = len(runs) <= NAMED_CURVES
    looks = {}
    for run in runs:
        style, own = optimizer_style(run.spec.optimizer.name), _own_colour(run)
        first = run.id == baseline
        name = f"Baseline: {names[run.id]}" if first else names[run.id]
        looks[run.id] = _Look(
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


def _run_trace(
    lines: Lines,
    run: ComparedRun,
    look: _Look,
    measure: Measure,
    log_y: bool,
    points: int,
    *,
    faint: bool,
) -> Figure:
    symbol = None if look.style.symbol == "circle" else look.style.symbol
    width, opacity = (1.0, MEMBER_OPACITY) if faint else (look.width, 1.0)
    curve = Curve(run.id, look.name, look.style.colour, symbol, width, opacity)
    drawn = trace(lines, curve, log=log_y, points=points)
    drawn["line"]["dash"] = look.dash
    exact = "%{y:.5~%}" if measure.share else "%{y:.6g}"
    # A thinned curve has no value at every epoch: then the one that it shows says its own.
    at = "" if len(lines[run.id]) <= points else " at %{x:,.6~g}"
    return drawn | {
        "legendgroup": look.entry,
        "name": look.name,
        "hovertemplate": exact + at,
        "showlegend": not faint,
    }


def _band_traces(
    band: Band,
    members: Sequence[ComparedRun],
    looks: dict[str, _Look],
    measure: Measure,
    *,
    x: XAxis,
    log_y: bool,
) -> list[Figure]:
    """Return the area between the quartiles and the median over it."""
    known = [run for run in members if run.id in looks]
    if not known:
        return []
    look, group = looks[known[0].id], known[0].group
    pace = 1.0
    if x == "seconds":
        pace = float(np.median([run.seconds_per_epoch or np.nan for run in known]))
    places = band.epochs * pace if x == "seconds" else band.epochs
    low, middle, high = band.quartiles.lower, band.quartiles.median, band.quartiles.upper
    inside = np.isfinite(low) & np.isfinite(high) & (not log_y or low > 0)
    median = np.isfinite(middle) & (not log_y or middle > 0)
    shared = {"type": "scatter", "legendgroup": f"{look.entry} band", "meta": group}
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
    form = ".5~%" if measure.share else ".5g"
    line = shared | {
        "name": f"{style_name(known[0].spec)}, median of {band.seeds} seeds",
        "x": encoded(places),
        "y": encoded(np.where(median, middle, np.nan)),
        "customdata": encoded(np.column_stack([low, high])) | {"shape": f"{len(low)}, 2"},
        "mode": "lines",
        "line": {"color": own, "width": 2.5, "dash": look.dash},
        "connectgaps": False,
        "hovertemplate": f"%{{y:{form}}} (quartiles %{{customdata[0]:{form}}} to "
        f"%{{customdata[1]:{form}}})",
    }
    return [area, line]


def _ends(
    runs: Sequence[ComparedRun], lines: Lines, looks: dict[str, _Look], *, log_y: bool
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


def _name_each_entry_once(traces: Sequence[Figure]) -> None:
    """Let the legend have one entry per group of curves."""
    seen: set[str] = set()
    for drawn in traces:
        entry = drawn["legendgroup"]
        drawn["showlegend"] = drawn.get("showlegend", True) and entry not in seen
        if drawn["showlegend"]:
            seen.add(entry)


def _last_epoch(runs: Sequence[ComparedRun]) -> int:
    return max((run.lines.last_epoch for run in runs), default=0)


def _alt(
    measure: Measure,
    lines: Lines,
    curves: Sequence[Curve],
    *,
    x: XAxis,
    log_y: bool,
    target: float | None,
    groups: int,
) -> str:
    """Return the chart in words: its scale, and the curves as long as they are few."""
    by = "epoch" if x == "epoch" else "seconds of training"
    scale = "logarithmic axis" if log_y else "linear axis"
    words = [f"Line chart of {measure.label} by {by}, {scale}: {count(len(curves), 'run')}."]
    if target is not None:
        words.append(f"Target {number(target)}.")
    if groups:
        words.append(f"Median and quartiles over the seeds of {count(groups, 'setting')}.")
    if x == "epoch":
        unit = "%" if measure.share else ""
        words += [spoken(lines, curve, unit) for curve in curves[:SPOKEN_RUNS]]
    if len(curves) > SPOKEN_RUNS:
        words.append(f"And {count(len(curves) - SPOKEN_RUNS, 'more run')}.")
    return " ".join(words)
