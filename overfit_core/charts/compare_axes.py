"""The frame of a chart of several runs: axes, target line, and a legend that stays small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from overfit_core.charts.figure import LOWEST_R2, Curve, lowest, value_axis
from overfit_core.charts.legend import hanging_legend, legend_height, spare_height
from overfit_core.charts.lines import Lines
from overfit_core.charts.numbers import number, percent
from overfit_core.charts.theme import Figure, template
from overfit_core.comparison.measures import Measure

XAxis = Literal["epoch", "seconds"]

PLOT_HEIGHT, TITLE_HEIGHT, AXIS_HEIGHT = 320, 34, 46
"""Pixels of the curves, of the title above them and of the horizontal axis below."""
UNIFIED_CURVES = 14
"""Up to here one box names all values at an epoch; more of them would hide the chart."""


@dataclass(frozen=True)
class Axes:
    """Over what the curves are drawn, and how.

    Attributes:
        x: ``epoch``, or ``seconds`` of training.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the value axis is.
        timed: Whether the training time of all runs is known without compiling; of one that has
            no result (yet) everything from its start is counted.
    """

    x: XAxis = "epoch"
    log_x: bool = False
    log_y: bool = True
    timed: bool = True

    @property
    def title(self) -> str:
        """What the horizontal axis shows."""
        if self.x == "epoch":
            return "Epoch"
        compiling = "left out" if self.timed else "left out only where a run has its result"
        return f"Training time, seconds (compiling {compiling})"


def x_axis(axes: Axes) -> dict[str, Any]:
    """Return the horizontal axis; its zoom has a revision of its own for each kind of scale."""
    epochs = axes.x == "epoch"
    axis: dict[str, Any] = {
        "title": {"text": axes.title},
        "unifiedhovertitle": {"text": "Epoch %{x:,d}" if epochs else "%{x:.4g} s"},
        "hoverformat": ",d" if epochs else ".4~g",
        "showspikes": True,
        "spikemode": "across",
        "nticks": 8,
        "uirevision": f"{axes.x} {'log' if axes.log_x else 'linear'}",
    }
    if axes.log_x:
        return axis | {"type": "log", "tickformat": ",~d" if epochs else "~g", "dtick": 1}
    form = ",~d" if epochs else ",~g"
    return axis | {"type": "linear", "rangemode": "nonnegative", "tickformat": form}


def y_axis(
    lines: Lines,
    curves: Sequence[Curve],
    measure: Measure,
    *,
    log: bool,
    target: float | None = None,
) -> dict[str, Any]:
    """Return the value axis: shares from 0 to 100 %, R² from what is worth seeing."""
    if measure.share:
        return {"range": [-0.03, 1.03], "tickformat": ".0%", "nticks": 6}
    if measure.better == "high":
        values = [lines[curve.column].values for curve in curves]
        start = lowest(np.concatenate(values) if values else np.empty(0), LOWEST_R2)
        return {"range": [start - 0.05, 1.05], "nticks": 6}
    return value_axis(lines, curves, log=log, also=target)


def frame(
    measure: Measure,
    traces: Sequence[Figure],
    axes: Axes,
    y_axis: dict[str, Any],
    *,
    alt: str,
    epoch: int,
    target: float | None,
    revision: str,
) -> Figure:
    """Return the figure of these traces.

    Args:
        measure: What is drawn.
        traces: The curves, in the order of the legend.
        axes: Over what, and how.
        y_axis: From ``y_axis``.
        alt: What the chart shows, in words.
        epoch: The last epoch that it shows.
        target: Value of the horizontal line.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    log = y_axis.get("type") == "log"
    named = [trace["name"] for trace in traces if trace["showlegend"]]
    # A single curve needs no name; its title says what it is.
    named = named if len(named) > 1 else []
    legend = legend_height(named)
    unified = sum("hovertemplate" in trace for trace in traces) <= UNIFIED_CURVES
    scale = "" if measure.share or measure.better == "high" else _scale(log)
    return {
        "data": [trace if unified else _named_in_its_label(trace) for trace in traces],
        "layout": {
            "template": template(),
            "title": {"text": f"{measure.label}{scale}"},
            "height": TITLE_HEIGHT + PLOT_HEIGHT + AXIS_HEIGHT + legend,
            "margin": {"l": 58, "r": 12, "t": TITLE_HEIGHT, "b": AXIS_HEIGHT + legend},
            "showlegend": bool(named),
            "legend": hanging_legend(PLOT_HEIGHT, AXIS_HEIGHT),
            "hovermode": "x unified" if unified else "closest",
            "xaxis": x_axis(axes),
            "yaxis": y_axis,
            **_target(target, measure, log=log),
            "uirevision": revision,
            "meta": {
                "alt": alt,
                "epoch": epoch,
                "link": axes.title,
                "spare": spare_height(named),
            },
        },
    }


def _named_in_its_label(trace: Figure) -> Figure:
    """Return the trace with its name in the label itself.

    Plotly's own box for it has the curve's colour on grey, which nobody reads.
    """
    template = trace.get("hovertemplate", "<extra></extra>")
    if "<extra>" in template:
        return trace
    return trace | {"hovertemplate": f"%{{fullData.name}}: {template}<extra></extra>"}


def _scale(log: bool) -> str:
    return ", logarithmic axis" if log else ", linear axis"


def _target(target: float | None, measure: Measure, *, log: bool) -> dict[str, Any]:
    """Return the target line with its value; none where a log axis has no place for it."""
    if target is None or (log and target <= 0):
        return {"shapes": [], "annotations": []}
    said = percent(target) if measure.share else number(target)
    line = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": target,
        "y1": target,
        "line": {"color": "@text", "width": 1.5, "dash": "dot"},
    }
    label = {
        "text": f"Target {said}",
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        # Plotly takes an annotation's place on a log axis as an exponent, a shape's as a value.
        "y": math.log10(target) if log else target,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": "@text"},
        "bgcolor": "@background",
        "opacity": 0.85,
    }
    return {"shapes": [line], "annotations": [label]}
