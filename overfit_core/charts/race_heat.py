"""Which learning rates serve which optimizer, at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.race_heat_cells import KEY, hover, missed_cells, reached_cells, some_missed
from overfit_core.charts.race_looks import wrapped
from overfit_core.charts.race_parts import (
    NOTE,
    TITLE_HEIGHT,
    nothing_yet,
    rows_axis,
    titled,
)
from overfit_core.charts.theme import Figure, template

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import OptimizerScore

TITLE = "Epochs to target, optimizer by learning rate"
MOST_NAMED, MOST_POWERS = 4, 5
"""Up to so many learning rates the axis names each; above, at most so many powers of ten."""
ROW, ROW_OF_TWO, FOOT = 34, 40, 120
"""Height of a row, of one whose name takes two lines, and of axis and colour bar, in pixels."""
OUTSIDE = 0.9
"""Where a rate outside of the grid stands: so many columns beside the last one."""


def heat_figure(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    *,
    revision: str = "",
) -> Figure:
    """Return the median of the epochs to the target, by optimizer (rows) and learning rate.

    A miss is grey with a dash; a cell that some seeds missed says how many reached the target, or
    has a ring where there is no room for it; one that is not there yet is empty. The best cell of
    each row has a frame (dotted where none reaches the target), and a triangle points to Keras's
    default learning rate, at its place between the others or at the end. Each cell has
    ``customdata``: place of the optimizer, learning rate, None for all of its seeds.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``.
        names: Of all optimizers of the plan, in its order.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    if not scores:
        return nothing_yet(TITLE, plan, revision)
    cells = {(cell.optimizer, cell.learning_rate): cell for one in scores for cell in one.cells}
    rows = [wrapped(name) for name in names]
    height = (ROW_OF_TWO if any("<br>" in row for row in rows) else ROW) * len(rows)
    return {
        "data": [
            missed_cells(plan, cells, names),
            reached_cells(plan, cells, names, height),
            *some_missed(plan, cells),
            *_defaults(plan, scores, names),
        ],
        "layout": {
            "template": template(),
            "title": titled(TITLE),
            "height": TITLE_HEIGHT + height + FOOT,
            "margin": {"l": 40, "r": 14, "t": TITLE_HEIGHT, "b": FOOT},
            "showlegend": False,
            "hovermode": "closest",
            "xaxis": _rates_axis(plan, key=not any(one.success_rate for one in scores)),
            "yaxis": rows_axis(rows),
            "shapes": [_frame(plan, score) for score in scores],
            "uirevision": revision,
            "meta": {"alt": _alt(plan, scores, names), "epoch": plan.spec.training.epochs},
        },
    }


def _place(plan: RacePlan, rate: float) -> float:
    """Return where a learning rate stands among the columns; outside of them, beside the end."""
    grid = plan.learning_rates
    if not grid[0] <= rate <= grid[-1]:
        return -OUTSIDE if rate < grid[0] else len(grid) - 1 + OUTSIDE
    return float(np.interp(math.log(rate), np.log(grid), np.arange(len(grid))))


def _rates_axis(plan: RacePlan, *, key: bool) -> dict[str, Any]:
    """Return the axis of the columns: it names each rate, or of many the powers of ten.

    Where fewer than two of these lie within the grid, it names both ends.

    Args:
        plan: The race.
        key: Whether it explains the cells, as there is no colour bar to do so.
    """
    grid = plan.learning_rates
    powers = _powers(grid[0], grid[-1]) if len(grid) > MOST_NAMED else []
    marks = powers or (grid if len(grid) <= MOST_NAMED else [grid[0], grid[-1]])
    usual = [_place(plan, plan.default_rate(place)) for place in range(len(plan.optimizers))]
    room = 0.5 if 0 <= min(usual) and max(usual) <= len(grid) - 1 else OUTSIDE + 0.3
    return {
        "title": {"text": f"Learning rate<br>{KEY}" if key else "Learning rate", "standoff": 4},
        "range": [-room, len(grid) - 1 + room],
        "tickvals": [_place(plan, min(max(mark, grid[0]), grid[-1])) for mark in marks],
        "ticktext": [_power(mark) if powers else number(mark, 3) for mark in marks],
        "showgrid": False,
        "zeroline": False,
    }


def _powers(low: float, high: float) -> list[float]:
    """Return at most ``MOST_POWERS`` powers of ten between two rates; none if there is but one."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    exponents = range(first, last + 1)
    if len(exponents) < 2:
        return []
    return [10.0**exponent for exponent in exponents[:: math.ceil(len(exponents) / MOST_POWERS)]]


def _power(value: float) -> str:
    exponent = round(math.log10(value))
    return {0: "1", 1: "10"}.get(exponent, f"10<sup>{exponent}</sup>".replace("-", "−"))


def _frame(plan: RacePlan, score: OptimizerScore) -> dict[str, Any]:
    """Return the frame of an optimizer's best cell."""
    column = plan.learning_rates.index(score.best.learning_rate)
    reached = math.isfinite(score.best.epochs.median)
    return {
        "type": "rect",
        "x0": column - 0.5,
        "x1": column + 0.5,
        "y0": score.optimizer - 0.4,
        "y1": score.optimizer + 0.4,
        "line": {"color": "@text", "width": 2, "dash": "solid" if reached else "dot"},
    }


def _defaults(
    plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str]
) -> list[Figure]:
    """Return a triangle below each row at Keras's default learning rate."""
    rates = [plan.default_rate(score.optimizer) for score in scores]
    texts = [
        f"{plot_text(names[score.optimizer])}, learning rate {number(rate)}, Keras’s default"
        if score.default is None
        else hover(plan, score.default, names)
        for score, rate in zip(scores, rates, strict=True)
    ]
    return [
        {
            "type": "scatter",
            "name": "Keras’s default rate",
            "x": [_place(plan, rate) for rate in rates],
            "y": [score.optimizer + 0.45 for score in scores],
            "mode": "markers",
            "marker": {"symbol": "triangle-up", "size": 9, "color": "@text"},
            "customdata": [
                [score.optimizer, rate, None] for score, rate in zip(scores, rates, strict=True)
            ],
            "text": texts,
            "hovertemplate": "%{text}<extra></extra>",
            "cliponaxis": False,
        }
    ]


def _alt(plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str]) -> str:
    words = [
        f"Heat map of the median epochs to the target: {len(plan.optimizers)} optimizers by "
        f"{len(plan.learning_rates)} learning rates. {plan.target.sentence()}"
    ]
    for score in scores:
        reached = sum(cell.reached_always for cell in score.cells)
        best = score.best
        said = (
            f"best at {number(best.learning_rate)} with {number(float(best.epochs.median))} epochs"
            if math.isfinite(best.epochs.median)
            else "no rate reaches the target"
        )
        words.append(
            f"{names[score.optimizer]}: {said}; {reached} of {len(score.cells)} rates reach it "
            "on all seeds."
        )
    return f"{' '.join(words)} {NOTE}."
