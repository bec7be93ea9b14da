"""What shows a cause of the diagnosis to the eye: bars, ranges, lines, and samples as a table."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.charts.evidence_parts import (
    Ends,
    alt,
    band_shapes,
    colour,
    entitle,
    extent,
    padded,
    said,
    shown_name,
    sound_text,
    span,
    spoken_name,
    ticks,
    value_text,
)
from overfit_core.charts.figure import (
    LEGEND_ROW,
    Curve,
    Mark,
    epochs_figure,
    plot_text,
    spoken,
    trace,
    value_axis,
)
from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.probes import SYMBOLS
from overfit_core.charts.theme import Figure, template

if TYPE_CHECKING:
    import pandas as pd

    from overfit_core.diagnosis.facts import Drawing

AXIS_WIDTH = 40
"""Characters of a line below a chart 390 pixels wide."""
ROOMY, TIGHT = 34, 20
"""Pixels of a bar where there are few and where there are many."""
MANY = 12
FAINTEST = 0.55
FOR_TEXT, FOR_RANGE = 0.34, 0.6
"""Share of the bars' length that is left for a number behind them, and for a range."""
TABLE_DIGITS = 6
MANY_CURVES = 3
"""From so many on the legend hangs below the curves: marked names are wide."""
FEW_EPOCHS = 8
"""Up to so many epochs each has its tick."""


def evidence_figure(drawing: Drawing, *, revision: str = "") -> Figure:
    """Return the figure of a drawing; what is at fault is marked by colour, pattern and sign.

    Args:
        drawing: Of the kind ``bars``, ``ranges`` or ``lines``.
        revision: While it stays the same, Plotly keeps a person's zoom.

    Raises:
        ValueError: If the kind is another one; ``evidence_rows`` makes a table of samples.
    """
    if drawing.kind == "lines":
        return _over_epochs(drawing, revision)
    if drawing.kind in ("bars", "ranges"):
        return _side_by_side(drawing, revision)
    raise ValueError(f"A drawing of the kind {drawing.kind!r} is a table: see evidence_rows.")


def evidence_rows(drawing: Drawing) -> pd.DataFrame:
    """Return the samples of a drawing as a table of texts, with ``…`` for columns left out.

    Raises:
        ValueError: If the drawing is of another kind than ``samples``.
    """
    import pandas as pd

    if drawing.kind != "samples":
        raise ValueError(f"A drawing of the kind {drawing.kind!r} is no table of samples.")
    rows = [
        [said(value, TABLE_DIGITS) if "…" not in head else "…" for head, value in pairs]
        for pairs in (zip(drawing.columns, row, strict=True) for row in drawing.values)
    ]
    return pd.DataFrame(rows, index=list(drawing.names), columns=list(drawing.columns))


def _over_epochs(drawing: Drawing, revision: str) -> Figure:
    lines = _lines(drawing)
    curves = [_curve(drawing, place) for place in range(len(drawing.names))]
    start, end = padded(*extent(drawing), drawing.log)
    start = start or -0.03 * end
    axis = value_axis(lines, curves, log=drawing.log)
    axis |= {"range": [start, end], "title": {"text": plot_text(drawing.axis)}}
    words = [
        spoken(lines, curve._replace(name=spoken_name(drawing, place)))
        for place, curve in enumerate(curves)
        if len(lines[str(place)])
    ]
    figure = epochs_figure(
        "",
        [trace(lines, curve, log=drawing.log) for curve in curves],
        alt=alt("Line chart", drawing, words),
        epoch=lines.last_epoch,
        y_axis=axis,
        marks=_ends(drawing),
        height=270,
        revision=revision,
    )
    layout = figure["layout"]
    ends = (10.0**start, 10.0**end) if drawing.log else (start, end)
    layout["shapes"] += band_shapes(drawing, "y", *ends)
    layout["xaxis"] |= {"title": {"text": "Epoch" + sound_text(drawing, "; ")}}
    if lines.last_epoch - drawing.first_epoch < FEW_EPOCHS:
        layout["xaxis"] |= {"dtick": 1}
    above = 1 < len(curves) < MANY_CURVES
    if not above:
        layout["legend"] |= {"y": -0.2, "yanchor": "top"}
    entitle(layout, drawing, LEGEND_ROW * above)
    return figure


def _lines(drawing: Drawing) -> Lines:
    """Return the lines by place; equal names are lines of their own."""
    found = {}
    for place, values in enumerate(drawing.values):
        epochs = drawing.first_epoch + drawing.every * np.arange(len(values))
        numbers = np.array([math.nan if value is None else value for value in values], float)
        found[str(place)] = Line(epochs, numbers)
    ends = [int(line.epochs[-1]) for line in found.values() if len(line)]
    return Lines(found, max(ends, default=0))


def _ends(drawing: Drawing) -> list[Mark]:
    """Return where a line ends in numbers that are not finite, once for each epoch."""
    found = set()
    for values in drawing.values:
        finite = [place for place, value in enumerate(values) if value is not None]
        after = finite[-1] + 1 if finite else 0
        if after < len(values):
            found.add(drawing.first_epoch + drawing.every * after)
    return [Mark(epoch, "not finite") for epoch in sorted(found)]


def _curve(drawing: Drawing, place: int) -> Curve:
    hue, at_fault = colour(drawing, place), place in drawing.marked
    last = max(1, len(drawing.names) - 1)
    strong = at_fault or not drawing.marked
    opacity = 1.0 if strong else FAINTEST + (1 - FAINTEST) * place / last
    symbol = None if len(drawing.names) == 1 else SYMBOLS[place % len(SYMBOLS)]
    name, width = shown_name(drawing, place), 3.0 if at_fault else 2.0 if strong else 1.6
    return Curve(str(place), name, hue, symbol, width, opacity)


def _side_by_side(drawing: Drawing, revision: str) -> Figure:
    low, high = extent(drawing)
    start, end = padded(low, high, drawing.log)
    first = 10.0**start if drawing.log else min(0.0, start)
    spans = [span(drawing, place, first, high) for place in range(len(drawing.names))]
    end += (FOR_TEXT if drawing.kind == "bars" else FOR_RANGE) * (end - start)
    count = len(drawing.names)
    layout: dict[str, Any] = {
        "template": template(),
        "height": (TIGHT if count > MANY else ROOMY) * count + 74,
        "margin": {"l": 10, "r": 12, "t": 14, "b": 60},
        "showlegend": False,
        "bargap": 0.35,
        **_axes(drawing, start, end),
        "shapes": band_shapes(drawing, "x", first, 10.0**end if drawing.log else end),
        "uirevision": revision,
    }
    words = [
        f"{spoken_name(drawing, place)}: {value_text(drawing, place)}." for place in range(count)
    ]
    chart = "Bar chart" if drawing.kind == "bars" else "Chart of ranges"
    layout["meta"] = {"alt": alt(chart, drawing, words)}
    entitle(layout, drawing, 0)
    # From the chart's edge: names that are long would leave it little room.
    layout["title"] |= {"xref": "container", "pad": layout["title"]["pad"] | {"l": 10}}
    return {"data": [_bars(drawing, spans), _texts(drawing, spans, first)], "layout": layout}


def _axes(drawing: Drawing, start: float, end: float) -> dict[str, Any]:
    count = len(drawing.names)
    title = [*textwrap.wrap(drawing.axis, AXIS_WIDTH), sound_text(drawing)]
    return {
        "xaxis": {
            "range": [start, end],
            **ticks(drawing.log, start, end),
            "title": {"text": "<br>".join(plot_text(line) for line in title if line)},
        },
        "yaxis": {
            "range": [count - 0.5, -0.5],
            "tickvals": list(range(count)),
            "ticktext": [shown_name(drawing, place) for place in range(count)],
            "showgrid": False,
            "fixedrange": True,
        },
    }


def _bars(drawing: Drawing, spans: list[Ends | None]) -> Figure:
    places = range(len(spans))
    colours = [colour(drawing, place) for place in places]
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(places),
        "base": [None if ends is None else ends[0] for ends in spans],
        "x": [None if ends is None else ends[1] - ends[0] for ends in spans],
        "marker": {
            "color": colours,
            # The line keeps a range of nearly nothing visible.
            "line": {"color": colours, "width": 2},
            "pattern": {
                "shape": ["/" if place in drawing.marked else "" for place in places],
                "fgcolor": "@background",
                "fillmode": "overlay",
                "size": 7,
            },
        },
        "customdata": [
            f"{shown_name(drawing, place)}: {value_text(drawing, place)}" for place in places
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _texts(drawing: Drawing, spans: list[Ends | None], first: float) -> Figure:
    """Return the numbers, each behind its bar."""
    places = range(len(spans))
    colours = ["@text" if place in drawing.marked else "@muted" for place in places]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [first if ends is None else max(ends) for ends in spans],
        "y": list(places),
        "text": [f" {value_text(drawing, place)}" for place in places],
        "textposition": "middle right",
        "textfont": {"color": colours, "size": 12},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
