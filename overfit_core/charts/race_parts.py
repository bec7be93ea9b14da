"""The frame of the charts of a race: axes, legend, note, and the band of misses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from overfit_core.charts.figure import FEW_DECADES, MOST_DECADES_NAMED
from overfit_core.charts.legend import hanging_legend, legend_height, spare_height
from overfit_core.charts.theme import Figure, template

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan

NOTE = "Speed of fitting one batch, not generalisation"
"""What every chart says in its own picture, which may be seen without its page."""
NOTHING_YET = "No run has ended yet."

TITLE_HEIGHT, AXIS_HEIGHT = 58, 50
"""Pixels above the curves for title and note, and below them for the horizontal axis."""
LANE, MOST_BAND = 9, 72
"""Pixels of each optimizer's row in the band of misses, and of the band at most."""
BAND_GAP = 6


def log_axis(low: float, high: float) -> dict[str, Any]:
    """Return a logarithmic axis between two values above 0, with plain numbers where they fit."""
    ends = [math.log10(low), math.log10(high)]
    axis: dict[str, Any] = {"type": "log", "range": ends, "nticks": 7, "minexponent": 4}
    decades = ends[1] - ends[0]
    if decades > MOST_DECADES_NAMED:
        return axis | {"exponentformat": "power", "dtick": max(1, math.ceil(decades / 8))}
    return axis | {"tickformat": ",~g", "dtick": "D2" if decades <= FEW_DECADES else 1}


def rates_axis(rates: Iterable[float]) -> dict[str, Any]:
    """Return the logarithmic axis of learning rates, with room beside the outer ones."""
    known = sorted(rates)
    room = (known[-1] / known[0]) ** 0.03
    return log_axis(*around([known[0] / room, known[-1] * room])) | {
        "title": {"text": "Learning rate"}
    }


def rows_axis(rows: Sequence[str]) -> dict[str, Any]:
    """Return the axis of rows with these names, the first one on top."""
    return {
        "range": [len(rows) - 0.45, -0.5],
        "tickvals": list(range(len(rows))),
        "ticktext": list(rows),
        "tickfont": {"color": "@text", "size": 12},
        "ticks": "",
        "showgrid": False,
        "fixedrange": True,
    }


def around(values: Iterable[float], edge: float | None = None) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that shows these values, over a decade at least.

    Args:
        values: Those that are infinite, or not above 0, have no place on it.
        edge: Where it ends; None: a little above the highest.
    """
    drawn = [value for value in values if math.isfinite(value) and value > 0] or [edge or 1.0]
    low, high = min(drawn) / 1.3, edge or max(drawn) * 1.3
    missing = max(0.0, 1 - math.log10(high / low))
    share = 1.0 if edge else 0.5
    return low * 10 ** (-share * missing), high * 10 ** ((1 - share) * missing)


def race_figure(
    title: str,
    traces: Sequence[Figure],
    *,
    plan: RacePlan,
    alt: str,
    x_axis: dict[str, Any],
    y_axis: dict[str, Any],
    height: int = 300,
    lanes: int = 0,
    shapes: Sequence[dict[str, Any]] = (),
    annotations: Sequence[dict[str, Any]] = (),
    revision: str = "",
) -> Figure:
    """Return the figure of these traces, with its note and its legend below.

    Args:
        title: What is drawn.
        traces: In the order of the legend.
        plan: The race.
        alt: What the chart shows, in words.
        x_axis: What differs from the template's axis.
        y_axis: Likewise.
        height: Of the plot itself, in pixels.
        lanes: Rows of the band of misses above the plot, which is the axis ``y2``.
        shapes: Lines and areas.
        annotations: Texts.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    named = [trace["name"] for trace in traces if trace.get("showlegend", True)]
    legend = legend_height(named)
    band = min(MOST_BAND, max(16, LANE * lanes)) if lanes else 0
    inner = height + (band + BAND_GAP if band else 0)
    axes: dict[str, Any] = {"xaxis": x_axis, "yaxis": y_axis}
    if band:
        axes["yaxis"] = y_axis | {"domain": [0, height / inner]}
        axes["yaxis2"] = missed_axis(lanes, [1 - band / inner, 1])
        shapes = [*shapes, missed_area(1 - band / inner)]
    return {
        "data": list(traces),
        "layout": {
            "template": template(),
            "title": titled(title),
            "height": inner + TITLE_HEIGHT + AXIS_HEIGHT + legend,
            "margin": {"l": 58, "r": 14, "t": TITLE_HEIGHT, "b": AXIS_HEIGHT + legend},
            "showlegend": legend > 0,
            "legend": hanging_legend(inner, AXIS_HEIGHT),
            "hovermode": "closest",
            **axes,
            "shapes": list(shapes),
            "annotations": list(annotations),
            "uirevision": revision,
            "meta": {
                "alt": f"{alt} {NOTE}.",
                "epoch": plan.spec.training.epochs,
                "spare": spare_height(named),
            },
        },
    }


def nothing_yet(title: str, plan: RacePlan, revision: str = "", said: str = NOTHING_YET) -> Figure:
    """Return a figure that says that there is nothing to draw yet, and why."""
    hidden = {"visible": False, "range": [0, 1]}
    return race_figure(
        title,
        [],
        plan=plan,
        alt=f"{title}: {said}",
        x_axis=hidden,
        y_axis=hidden,
        height=120,
        annotations=[{"text": said, "x": 0.5, "y": 0.5, "showarrow": False}],
        revision=revision,
    )


def titled(title: str) -> dict[str, Any]:
    """Return a title with the note under it, at the edge of the picture: a phone has no more."""
    note = {"text": NOTE, "font": {"size": 12, "color": "@muted"}}
    place = {"xref": "container", "x": 0, "pad": {"l": 8, "t": 8}}
    return {"text": title, "subtitle": note} | place


def missed_axis(lanes: int, domain: Sequence[float]) -> dict[str, Any]:
    """Return the axis of the band of misses: a row for each optimizer, the first one on top."""
    return {
        "domain": list(domain),
        "range": [lanes - 0.5, -0.5],
        "tickvals": [(lanes - 1) / 2],
        "ticktext": ["missed"],
        "ticks": "",
        "showgrid": False,
        "fixedrange": True,
    }


def missed_area(start: float) -> dict[str, Any]:
    """Return the ground of the band of misses, from so far up to the top."""
    return {
        "type": "rect",
        "xref": "paper",
        "yref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": start,
        "y1": 1,
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": "@grid",
        "opacity": 0.6,
    }


def level(value: float, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a dotted line across the chart at a value, and its label.

    The label stands below it at the left, where the smallest learning rates, and the first epochs,
    are far above most targets and leave it room.

    Args:
        value: Where, on the vertical axis, which is logarithmic.
        text: What it is.
    """
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value}
    label = {
        "text": text,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        # Plotly takes an annotation's place on a log axis as an exponent, a shape's as a value.
        "y": math.log10(value),
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 12, "color": "@text"},
    }
    return line | {"line": {"color": "@text", "width": 1.5, "dash": "dot"}}, label
