"""Several runs in one chart: colour means optimizer, dash means learning rate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter

from overfit_core.charts.compare_axes import Axes, XAxis, frame, y_axis
from overfit_core.charts.compare_looks import Look, looks_of, rate_entries
from overfit_core.charts.compare_traces import (
    MOST_POINTS,
    POINTS_IN_ALL,
    band_traces,
    end_marks,
    run_trace,
)
from overfit_core.charts.figure import Curve, spoken
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.numbers import count, number
from overfit_core.charts.theme import Figure
from overfit_core.comparison.bands import band_of, seed_groups
from overfit_core.comparison.differences import group_names, short_names
from overfit_core.comparison.measures import Measure, measure_of
from overfit_core.comparison.run import ComparedRun

SPOKEN_RUNS = 8


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
    axes = Axes(x, log_x, log_y, timed=all(run.summary is not None for run in runs))
    names, groups = short_names(runs), seed_groups(runs) if bands else {}
    if baseline in names:
        names[baseline] = f"Baseline: {names[baseline]}"
    looks = looks_of(runs, names, baseline, groups)
    drawn = {run.id: line for run in runs if (line := _placed(run, column, axes)) is not None}
    shown = [run for run in runs if run.id in drawn and run.id not in hidden]
    lines = Lines({run.id: drawn[run.id] for run in shown}, _last_epoch(shown))
    spreads = _spreads(groups, shown, drawn, looks, measure, axes)
    faint = {run.id for run in shown if run.group in spreads and run.id != baseline}
    budget = min(MOST_POINTS, POINTS_IN_ALL // max(1, len(drawn)))
    traces = _traces(shown, lines, looks, spreads, measure, axes, budget, faint)
    curves = [Curve(run.id, names[run.id], looks[run.id].style.colour) for run in shown]
    return frame(
        measure,
        traces,
        axes,
        y_axis(lines, curves, measure, log=log_y, target=target),
        alt=_alt(measure, lines, curves, axes, target=target, groups=len(spreads)),
        epoch=lines.last_epoch,
        target=target,
        revision=f"{revision}/{column}/{x}",
    )


def _traces(
    shown: Sequence[ComparedRun],
    lines: Lines,
    looks: dict[str, Look],
    spreads: Mapping[str, tuple[Figure, Figure]],
    measure: Measure,
    axes: Axes,
    points: int,
    faint: Collection[str],
) -> list[Figure]:
    """Return all that is drawn, from the back to the front, with its entries in the legend."""
    areas = [area for area, _ in spreads.values()]
    runs = [
        run_trace(lines, run, looks[run.id], measure, axes, points, faint=run.id in faint)
        for run in shown
    ]
    medians = [median for _, median in spreads.values()]
    ends = end_marks(shown, lines, looks, log_y=axes.log_y)
    rates = rate_entries(looks[run.id] for run in shown)
    return [*_with_legend([*areas, *runs, *medians, *ends], apart=bool(rates)), *rates]


def _spreads(
    groups: Mapping[str, Sequence[ComparedRun]],
    shown: Sequence[ComparedRun],
    drawn: Mapping[str, Line],
    looks: Mapping[str, Look],
    measure: Measure,
    axes: Axes,
) -> dict[str, tuple[Figure, Figure]]:
    """Return area and median per group of seeds of which at least one is shown."""
    names, asked = group_names(groups), {run.group for run in shown}
    spreads = {}
    for group, members in groups.items():
        known = [run for run in members if run.id in drawn]
        band = band_of(members, measure.column) if group in asked and known else None
        if band:
            # The baseline is a member that looks like none of the others.
            look = min((looks[run.id] for run in known), key=attrgetter("width"))
            spreads[group] = band_traces(band, known, look, names[group], measure, axes)
    return spreads


def _placed(run: ComparedRun, column: str, axes: Axes) -> Line | None:
    """Return the line of a run over epochs or seconds; None where there is nothing to draw."""
    line = run.line(column)
    if line is None or not len(line):
        return None
    if axes.x == "epoch":
        return line
    pace = run.seconds_per_epoch
    return None if not pace else Line(line.epochs * pace, line.values)  # type: ignore[arg-type]


def _with_legend(traces: Sequence[Figure], *, apart: bool) -> list[Figure]:
    """Let the legend have one entry per group of curves, called as what they have in common.

    Args:
        traces: The curves.
        apart: Whether the dashes are explained by themselves; then a sample has none.
    """
    result, seen = [], set()
    for drawn in traces:
        entry = drawn["legendgroup"]
        first = drawn.get("showlegend", True) and entry not in seen
        if first:
            seen.add(entry)
        own = entry in (drawn.get("name"), drawn.get("meta")) or drawn["mode"] == "markers"
        result.append(drawn | {"showlegend": first and own})
        if first and not own:
            sample = {"type": "scatter", "x": [None], "y": [None], "mode": drawn["mode"]}
            kept = {name: drawn[name] for name in ("line", "marker", "legendgroup")}
            if apart:
                kept["line"] = drawn["line"] | {"dash": "solid"}
            result.append(sample | kept | {"name": entry, "showlegend": True, "hoverinfo": "skip"})
    return result


def _last_epoch(runs: Sequence[ComparedRun]) -> int:
    return max((run.lines.last_epoch for run in runs), default=0)


def _alt(
    measure: Measure,
    lines: Lines,
    curves: Sequence[Curve],
    axes: Axes,
    *,
    target: float | None,
    groups: int,
) -> str:
    """Return the chart in words: its scale, and the curves as long as they are few."""
    by = "epoch" if axes.x == "epoch" else "seconds of training"
    scale = "logarithmic axis" if axes.log_y else "linear axis"
    words = [f"Line chart of {measure.label} by {by}, {scale}: {count(len(curves), 'run')}."]
    if target is not None:
        words.append(f"Target {number(target)}.")
    if groups:
        words.append(f"Median and quartiles over the seeds of {count(groups, 'setting')}.")
    if axes.x == "epoch":
        unit = "%" if measure.share else ""
        words += [spoken(lines, curve, unit) for curve in curves[:SPOKEN_RUNS]]
    if len(curves) > SPOKEN_RUNS:
        words.append(f"And {count(len(curves) - SPOKEN_RUNS, 'more run')}.")
    return " ".join(words)
