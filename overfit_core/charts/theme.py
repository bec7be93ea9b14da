"""Colours: the Okabe-Ito palette, read in a light and in a dark theme.

The palette is safe for colour-blind people (Okabe & Ito 2008, https://jfly.uni-koeln.de/color/).
Four of its colours are too pale for a line on white; the light theme has them darker, at the same
hue, so that every line reaches the contrast of 3:1 that WCAG 2.1 (1.4.11) asks of graphics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

ThemeName = Literal["light", "dark"]
Figure = dict[str, Any]

FONT = "Source Sans, 'Source Sans 3', system-ui, sans-serif"

COLOURS: Mapping[ThemeName, Mapping[str, str]] = {
    "light": {
        "background": "#ffffff",
        "text": "#1f2933",
        "muted": "#5c6873",
        "grid": "#e4e8ec",
        "orange": "#b87f00",
        "sky": "#2b91c8",
        "green": "#00805c",
        "yellow": "#928800",
        "blue": "#0072b2",
        "vermillion": "#d55e00",
        "purple": "#b65f8e",
    },
    "dark": {
        "background": "#12171d",
        "text": "#e6ebf0",
        "muted": "#9aa7b4",
        "grid": "#2a333d",
        "orange": "#e69f00",
        "sky": "#56b4e9",
        "green": "#009e73",
        "yellow": "#f0e442",
        "blue": "#2f8fd0",
        "vermillion": "#d55e00",
        "purple": "#cc79a7",
    },
}
"""Every named colour, in both themes."""


class OptimizerStyle(NamedTuple):
    """How the curves of one optimizer look, on every page."""

    colour: str
    symbol: str


OPTIMIZER_STYLES: Mapping[str, OptimizerStyle] = {
    "Adam": OptimizerStyle("@blue", "circle"),
    "SGD": OptimizerStyle("@vermillion", "circle"),
    "RMSprop": OptimizerStyle("@green", "circle"),
    "AdamW": OptimizerStyle("@sky", "circle"),
    "Adagrad": OptimizerStyle("@orange", "circle"),
    "Nadam": OptimizerStyle("@purple", "circle"),
    "Lion": OptimizerStyle("@yellow", "circle"),
    "Adamax": OptimizerStyle("@blue", "diamond"),
    "Adadelta": OptimizerStyle("@vermillion", "diamond"),
    "Adafactor": OptimizerStyle("@green", "diamond"),
    "ScheduleFreeAdamW": OptimizerStyle("@sky", "diamond"),
    "Ftrl": OptimizerStyle("@orange", "diamond"),
    "Lamb": OptimizerStyle("@purple", "diamond"),
    "Muon": OptimizerStyle("@yellow", "diamond"),
}
"""Colour means optimizer. Seven hues serve fourteen: the second of a pair has diamonds."""


def optimizer_style(name: str) -> OptimizerStyle:
    """Return the colour and symbol of an optimizer; ink for one that is not in the table."""
    return OPTIMIZER_STYLES.get(name, OptimizerStyle("@text", "circle"))


def run_style(optimizer: str, colour: str | None) -> OptimizerStyle:
    """Return how the curves of a run look: as its optimizer's, but in its own colour if it has one.

    Args:
        optimizer: Its name.
        colour: Name that a person gave, with or without the ``@``; one that no theme has, and the
            background's, are left out.
    """
    style, name = optimizer_style(optimizer), (colour or "").removeprefix("@")
    own = name in COLOURS["light"] and name != "background"
    return style._replace(colour=f"@{name}") if own else style


TITLE = {
    "font": {"size": 14},
    "x": 0,
    "xref": "paper",
    "xanchor": "left",
    "y": 1,
    "yref": "container",
    "yanchor": "top",
    "pad": {"t": 8},
}
"""Where the title of a chart stands: at the upper left, above the curves."""


AXIS = {
    "gridcolor": "@grid",
    "linecolor": "@grid",
    "zerolinecolor": "@grid",
    "tickcolor": "@grid",
    "ticks": "outside",
    "ticklen": 4,
    "tickfont": {"color": "@muted", "size": 12},
    "title": {"font": {"color": "@muted", "size": 12}, "standoff": 8},
    "automargin": True,
    "zeroline": False,
    "spikecolor": "@muted",
    "spikethickness": 1,
    "spikedash": "dot",
}
"""What both axes of a chart look like."""


def template() -> dict[str, Any]:
    """Return the explicit layout template of every chart, with named colours.

    Streamlit replaces Plotly's default template by placeholders when it is imported, so nothing
    is left to a default here.
    """
    return {
        "layout": {
            "font": {"family": FONT, "color": "@text", "size": 13},
            "title": TITLE,
            "paper_bgcolor": "rgba(0,0,0,0)",
            # A see-through one is taken for white: the spike would have a white edge on dark.
            "plot_bgcolor": "@background",
            "colorway": ["@blue", "@vermillion", "@green", "@orange", "@purple", "@sky", "@yellow"],
            "xaxis": AXIS,
            "yaxis": AXIS,
            "hoverlabel": {
                "bgcolor": "@background",
                "bordercolor": "@grid",
                "font": {"color": "@text", "family": FONT, "size": 13},
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": "@muted",
                "activecolor": "@text",
            },
            "legend": {"font": {"color": "@text", "size": 12}, "bgcolor": "rgba(0,0,0,0)"},
        }
    }


def themed(figure: Figure, theme: ThemeName) -> Figure:
    """Return the figure with its colour names replaced by the colours of a theme."""
    colours = {f"@{name}": colour for name, colour in COLOURS[theme].items()}

    def replaced(node: Any) -> Any:  # noqa: ANN401 - a figure holds whatever JSON holds
        if isinstance(node, dict):
            return {key: replaced(value) for key, value in node.items()}
        if isinstance(node, list):
            return [replaced(value) for value in node]
        return colours.get(node, node) if isinstance(node, str) else node

    result: Figure = replaced(figure)
    return result
