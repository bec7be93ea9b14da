"""The legend of a chart with many names: below the axis, as high as its rows, never higher."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

LEGEND_ROW, LEGEND_EDGE, MOST_LEGEND, NARROW, WIDE = 20, 8, 168, 280, 700
"""Pixels: a row of the legend, its edge, all of it (then it scrolls), a phone's chart, a desk's."""
ITEM_WIDTH, ITEM_EDGE, LETTER_WIDTH = 44, 12, 6.6
"""Pixels: a line that is long enough to show its dash, the room around it, a letter."""


def legend_height(names: Sequence[str], width: int = NARROW) -> int:
    """Return the height of the legend in a chart of some width, in pixels.

    Its columns are equally wide.
    """
    if not names:
        return 0
    widest = ITEM_WIDTH + ITEM_EDGE + LETTER_WIDTH * max(map(len, names))
    columns = max(1, int(width / widest))
    return min(MOST_LEGEND, LEGEND_ROW * math.ceil(len(names) / columns) + LEGEND_EDGE)


def spare_height(names: Sequence[str]) -> int:
    """Return what the legend needs less on a desk, in pixels; the browser takes it away there."""
    return legend_height(names) - legend_height(names, WIDE)


def hanging_legend(plot: int, axis: int) -> dict[str, Any]:
    """Return a legend below the horizontal axis, where it takes no room from the curves.

    Args:
        plot: Height of the plot itself, in pixels.
        axis: That of the horizontal axis with its title.
    """
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -(axis - 4) / plot,
        "yanchor": "top",
        "itemwidth": ITEM_WIDTH,
        "maxheight": MOST_LEGEND,
        "traceorder": "normal",
        "groupclick": "togglegroup",
    }
