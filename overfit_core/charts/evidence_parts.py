"""What the charts of evidence share: names, numbers in words, what is sound, and the title."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number

if TYPE_CHECKING:
    from overfit_core.diagnosis.facts import Drawing

Ends = tuple[float, float]

SIGN = "▲ "
"""Stands before the name of what is at fault, so that colour is not all that tells."""
TITLE_WIDTH, NAME_WIDTH = 46, 20
"""Characters of a line of the title, and of a name, in a chart 390 pixels wide."""
DIGITS = 4
PLAIN = (-4.0, 6.0)
"""Powers of ten between which the ticks of a logarithmic axis are plain numbers."""
TITLE_LINE = 19
"""Height of a line of the title, in pixels."""


def extent(drawing: Drawing) -> Ends:
    """Return the smallest and the largest number that is drawn, the limits of the band included."""
    found = [
        drawing.band or (),
        *(v if isinstance(v, tuple | list) else (v,) for v in drawing.values),
    ]
    drawn = [float(v) for part in found for v in part if v is not None]
    drawn = [v for v in drawn if not drawing.log or v > 0]
    if drawing.kind != "ranges" and not drawing.log:
        drawn.append(0.0)
    if not drawn:
        return (0.1, 1.0)
    return min(drawn), max(drawn)


def padded(low: float, high: float, log: bool) -> list[float]:
    """Return the range of an axis, in powers of ten where it is logarithmic."""
    if log:
        low, high = math.log10(low), math.log10(high)
        room = max(0.08 * (high - low), 0.3)
        return [low - room, high + room]
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.06
    return [0.0 if low == 0 else low - room, high + room]


def ticks(log: bool, start: float, end: float) -> dict[str, Any]:
    """Return how an axis of values is divided; its ends are powers of ten where ``log``."""
    if not log:
        return {"type": "linear", "nticks": 5, "exponentformat": "power"}
    plain = {"tickformat": "~g"} if PLAIN[0] <= start and end <= PLAIN[1] else {}
    step = math.ceil((end - start) / 5)
    return {"type": "log", "dtick": step, "exponentformat": "power", **plain}


def band_shapes(drawing: Drawing, axis: str, low: float, high: float) -> list[dict[str, Any]]:
    """Return the shape of what is sound; an end without a limit is where the axis ends."""
    if drawing.band is None:
        return []
    ends = [low if drawing.band[0] is None else drawing.band[0]]
    ends.append(high if drawing.band[1] is None else drawing.band[1])
    other = "y" if axis == "x" else "x"
    across = {f"{other}0": 0, f"{other}1": 1, f"{other}ref": "paper"}
    look = {"fillcolor": "@green", "opacity": 0.16, "line": {"width": 0}, "layer": "below"}
    return [{"type": "rect", f"{axis}0": ends[0], f"{axis}1": ends[1], **across, **look}]


def sound_text(drawing: Drawing, before: str = "") -> str:
    """Say what the shaded band is; empty where there is none."""
    if drawing.band is None or drawing.band == (None, None):
        return ""
    low, high = drawing.band
    if low is None:
        return f"{before}shaded: sound, at most {number(high)}"
    if high is None:
        return f"{before}shaded: sound, at least {number(low)}"
    return f"{before}shaded: sound, {number(low)} to {number(high)}"


def entitle(layout: dict[str, Any], drawing: Drawing, legend: int) -> None:
    """Write the title in as many lines as it needs, and make room for them."""
    lines = textwrap.wrap(drawing.title, TITLE_WIDTH) or [""]
    # Plotly hangs a title of several lines by its middle.
    layout["title"] = {
        "text": "<br>".join(plot_text(line) for line in lines),
        "pad": {"t": 8 + TITLE_LINE * (len(lines) - 1) / 2},
    }
    layout["margin"]["t"] = 16 + TITLE_LINE * len(lines) + legend
    layout["height"] += TITLE_LINE * len(lines)


def alt(chart: str, drawing: Drawing, words: list[str]) -> str:
    """Return the spoken text: the kind of chart, what is to be seen, the numbers, the band."""
    sound = sound_text(drawing).removeprefix("shaded: ").capitalize()
    parts = [f"{chart}. {drawing.title}", f"{drawing.axis}." if drawing.axis else "", *words]
    return " ".join(filter(None, [*parts, f"{sound}." if sound else ""]))


def colour(drawing: Drawing, place: int) -> str:
    """Return the colour: of a fault, of what is sound beside one, or of what is not judged."""
    if place in drawing.marked:
        return "@vermillion"
    return "@muted" if drawing.marked else "@blue"


def shown_name(drawing: Drawing, place: int) -> str:
    """Return the name for the chart, cut in the middle where it is long."""
    name = drawing.names[place]
    if len(name) > NAME_WIDTH:
        name = f"{name[: NAME_WIDTH // 2]}…{name[1 - NAME_WIDTH // 2 :]}"
    return plot_text(f"{SIGN}{name}" if place in drawing.marked else name)


def spoken_name(drawing: Drawing, place: int) -> str:
    """Return the name for the spoken text."""
    name = drawing.names[place]
    return f"{name} (at fault)" if place in drawing.marked else name


def value_text(drawing: Drawing, place: int) -> str:
    """Return the number, or the range, of one name."""
    value = drawing.values[place]
    if drawing.kind == "bars":
        return said(value, 3)
    low, high = value
    if low is None:
        return "any number" if high is None else f"up to {said(high)}"
    if high is None:
        return f"{said(low)} and up"
    return said(low) if low == high else f"{said(low)} to {said(high)}"


def said(value: float | None, digits: int = DIGITS) -> str:
    """Return a number in words, also one that is missing because it was not finite."""
    return "not finite" if value is None else number(value, digits)


def span(drawing: Drawing, place: int, first: float, last: float) -> Ends | None:
    """Return where a bar begins and ends; None where nothing can be drawn."""
    value = drawing.values[place]
    low, high = value if drawing.kind == "ranges" else (0.0, value)
    if drawing.kind == "bars":
        if high is None or (drawing.log and high <= 0):
            return None
        return (first if drawing.log else 0.0, float(high))
    return (first if low is None else float(low), last if high is None else float(high))
