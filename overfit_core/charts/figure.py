"""The parts that every chart over epochs is made of."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from overfit_core.charts import numbers
from overfit_core.charts.lines import Lines
from overfit_core.charts.theme import Figure, template
from overfit_core.training.types import FloatArray

MAX_POINTS = 1_600
"""Most points of one curve: two for each pixel column of the widest chart."""
MARKERS_PER_CURVE = 14
LEGEND_ROW = 24
"""Height of one row of the legend, in pixels."""
CURVES_PER_LEGEND_ROW = 3
FEW_DECADES, MOST_DECADES_NAMED = 2.5, 4.5
"""How many powers of ten a logarithmic axis divides, and how many of them it names at most."""
LOWEST_R2 = -1.0
"""R² has no lower end; below this the axis starts cut off, and zooming out shows the rest."""
EPOCHS_AXIS = {
    "title": {"text": "Epoch"},
    "rangemode": "nonnegative",
    "unifiedhovertitle": {"text": "Epoch %{x:,d}"},
    "tickformat": ",~d",
    "nticks": 8,
}


class Curve(NamedTuple):
    """One line of a chart: which column, what it is called, how it looks.

    Curves of one chart differ by marker and width too, never by colour alone.
    """

    column: str
    name: str
    colour: str
    symbol: str | None = None
    width: float = 2.0
    opacity: float = 1.0


class Mark(NamedTuple):
    """An epoch that a run is remembered for, such as the one at which it memorised its batch.

    Without a text there is only the line.
    """

    epoch: int
    text: str


def plot_text(text: str) -> str:
    """Return a text that Plotly, and the theme, show as it stands.

    Plotly reads names and labels as markup, with ``<b>`` and links; of entities it knows these
    three, but not the quotation mark's. The theme takes ``@blue`` for the name of a colour.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"\u200b{escaped}" if escaped.startswith("@") else escaped


def encoded(values: np.ndarray[Any, Any]) -> dict[str, str]:
    """Return an array as Plotly reads it from JSON at a third of the size: base64 of its bytes."""
    kind = "i4" if np.issubdtype(values.dtype, np.integer) else "f8"
    data = np.ascontiguousarray(values, dtype=f"<{kind}")
    return {"dtype": kind, "bdata": base64.b64encode(data.tobytes()).decode()}


def trace(lines: Lines, curve: Curve, *, log: bool = False, points: int = MAX_POINTS) -> Figure:
    """Return the Plotly trace of one curve, thinned to at most ``points`` points.

    On a log axis a value that is not above 0 has no place: it is left out, not drawn wrong.
    """
    line = lines[curve.column].at_most(points)
    drawable = np.isfinite(line.values) & (not log or line.values > 0)
    marker: dict[str, Any] = {"color": curve.colour}
    if curve.symbol:
        marker |= {"size": 7, "symbol": curve.symbol, "maxdisplayed": MARKERS_PER_CURVE}
    return {
        "type": "scatter",
        "name": curve.name,
        "x": encoded(line.epochs),
        "y": encoded(np.where(drawable, line.values, np.nan)),
        # A single point has no line: without a marker the first step would show nothing.
        "mode": "lines+markers" if curve.symbol or len(line) == 1 else "lines",
        "line": {"color": curve.colour, "width": curve.width},
        "marker": marker,
        "opacity": curve.opacity,
        "connectgaps": False,
        "hovertemplate": "%{y:.5g}",
    }


def epochs_figure(
    title: str,
    traces: Sequence[Figure],
    *,
    alt: str,
    epoch: int,
    y_axis: dict[str, Any],
    marks: Sequence[Mark] = (),
    height: int = 300,
    revision: str = "",
) -> Figure:
    """Return a figure over epochs.

    Args:
        title: What is drawn, with its unit.
        traces: The curves; a legend is shown from two on.
        alt: What the chart shows, in words.
        epoch: The last epoch that it shows.
        y_axis: What differs from the template's axis.
        marks: Epochs to point out with a vertical line.
        height: In pixels.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    rows = legend_rows(len(traces))
    return {
        "data": list(traces),
        "layout": {
            "template": template(),
            "title": {"text": title},
            "height": height + LEGEND_ROW * rows,
            "margin": {"l": 58, "r": 12, "t": 34 + LEGEND_ROW * (rows == 1), "b": 40},
            "showlegend": rows > 0,
            "legend": _legend(rows),
            "hovermode": "x unified",
            "xaxis": EPOCHS_AXIS,
            "yaxis": y_axis,
            "shapes": [_line(mark) for mark in marks],
            "annotations": [_label(mark) for mark in marks if mark.text],
            "uirevision": revision,
            "meta": {"alt": alt, "epoch": epoch, "link": "Epoch"},
        },
    }


def _legend(rows: int) -> dict[str, Any]:
    # One row stands above the curves; more of them hang below and push the margin.
    place = {"y": 1, "yanchor": "bottom"} if rows == 1 else {"y": -0.2, "yanchor": "top"}
    return {"orientation": "h", "x": 0, "xanchor": "left"} | place


def legend_rows(curves: int) -> int:
    """Return how many rows the legend takes on a narrow screen; none for a single curve."""
    return 0 if curves < 2 else math.ceil(curves / CURVES_PER_LEGEND_ROW)


def value_axis(
    lines: Lines, curves: Sequence[Curve], *, log: bool, also: float | None = None
) -> dict[str, Any]:
    """Return the value axis, logarithmic or linear.

    Its zoom has a revision of its own: a zoom made on one kind of axis means nothing on the other.

    Args:
        lines: All lines.
        curves: Which of them are drawn.
        log: Whether it is logarithmic.
        also: A value that is drawn besides the curves.
    """
    if not log:
        return {"type": "linear", "rangemode": "tozero", "nticks": 7, "uirevision": "linear"}
    axis: dict[str, Any] = {"type": "log", "uirevision": "log", "nticks": 7}
    decades = _decades(lines, curves, also)
    if decades > MOST_DECADES_NAMED:
        return axis | {"exponentformat": "power"}
    # Plain numbers: each power of ten; over few of them 1, 2 and 5 of each; within one wherever
    # there is room.
    step = "D2" if decades <= FEW_DECADES else 1
    return axis | {"tickformat": "~g"} | ({"dtick": step} if decades > 1 else {})


def spoken(lines: Lines, curve: Curve, unit: str = "") -> str:
    """Return one curve in words: where it starts, where it is, its lowest and highest."""
    epochs, values = lines[curve.column].epochs, lines[curve.column].values
    text = f"{curve.name}: {_said(values[0], unit)} at epoch {epochs[0]:,}"
    if len(values) > 1:
        text += f", {_said(values[-1], unit)} at epoch {epochs[-1]:,}"
    finite = values[np.isfinite(values)]
    if len(finite) > 2:
        text += f", between {_said(finite.min(), unit)} and {_said(finite.max(), unit)}"
    return text + "."


def present(lines: Lines, curves: Sequence[Curve]) -> list[Curve]:
    """Return the curves whose column was recorded."""
    return [curve for curve in curves if curve.column in lines]


def _decades(lines: Lines, curves: Sequence[Curve], also: float | None) -> float:
    """Return over how many powers of ten the values of these curves reach."""
    found = [*_values(lines, curves), np.array([] if also is None else [also], dtype=float)]
    drawn = [values[np.isfinite(values) & (values > 0)] for values in found]
    ends = [(values.min(), values.max()) for values in drawn if len(values)]
    if not ends:
        return 0.0
    return math.log10(max(high for _, high in ends) / min(low for low, _ in ends))


def _values(lines: Lines, curves: Sequence[Curve]) -> list[FloatArray]:
    return [lines[curve.column].values for curve in curves]


def lowest(values: FloatArray, floor: float) -> float:
    """Return where a value axis starts: at the lowest value, but not below ``floor``."""
    finite = values[np.isfinite(values)]
    return max(float(finite.min()), floor) if len(finite) else floor


def _said(value: float, unit: str) -> str:
    return numbers.percent(value) if unit == "%" else numbers.number(value)


def _line(mark: Mark) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": mark.epoch,
        "x1": mark.epoch,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "@muted", "width": 1, "dash": "dot"},
    }


def _label(mark: Mark) -> dict[str, Any]:
    return {
        "text": mark.text,
        "x": mark.epoch,
        "y": 0,
        "yref": "paper",
        "xanchor": "auto",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": "@muted"},
        "bgcolor": "@background",
        "borderpad": 2,
    }
