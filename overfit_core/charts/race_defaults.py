"""Keras's default learning rates beside equally tuned ones: who is first, and with which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.race_looks import (
    RaceLook,
    goal,
    race_looks,
    seeds_said,
    spread_said,
    value_said,
    wrapped,
)
from overfit_core.charts.race_parts import (
    around,
    log_axis,
    nothing_yet,
    race_figure,
    rows_axis,
)
from overfit_core.charts.race_points import STAR
from overfit_core.charts.race_ranking import default_epochs, defaults_sentence
from overfit_core.charts.theme import Figure

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import Cell, OptimizerScore

__all__ = ["defaults_figure", "defaults_sentence"]

TITLE = "Epochs to target, defaults and tuned"
ROW = 40
MISSED_SHARE = 0.2
"""How much of the width the misses take."""
TUNED = {"symbol": "circle", "size": 10, "line": {"color": "@background", "width": 1}}
DEFAULT_NAME, TUNED_NAME = "Keras’s default", "Best rate tried"


def defaults_figure(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    *,
    revision: str = "",
) -> Figure:
    """Return the epochs to the target with Keras's default rate and with the best of the grid.

    A row for each optimizer, the fastest when tuned on top: a star for the default, a dot for the
    best rate, with whiskers from quartile to quartile; a miss stands at the right. Each point has
    ``customdata``: place of the optimizer, learning rate, None for all of its seeds.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``.
        names: Of all optimizers of the plan, in its order.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    if not scores:
        return nothing_yet(TITLE, plan, revision)
    looks = race_looks(plan, names)
    rows = sorted(scores, key=_by_tuned)
    edge = float(plan.spec.training.epochs)
    ends = [
        float(end)
        for score in rows
        for cell in _cells(score)
        for end in (cell.epochs.lower, cell.epochs.median, cell.epochs.upper)
    ]
    low, _ = around(ends, edge)
    missed = any(math.isinf(cell.epochs.median) for score in rows for cell in _cells(score))
    traces = [
        trace
        for row, score in enumerate(rows)
        for trace in _row(plan, row, score, looks[score.optimizer], edge, names)
    ]
    figure = race_figure(
        TITLE,
        [*traces, *_samples(any(score.default for score in rows))],
        plan=plan,
        alt=_alt(plan, rows, names),
        x_axis=log_axis(low, edge) | {"title": {"text": f"Epochs to {goal(plan.target)}, median"}},
        y_axis=rows_axis([wrapped(names[score.optimizer]) for score in rows]),
        height=ROW * len(rows),
        revision=revision,
    )
    return _with_misses(figure) if missed else figure


def _by_tuned(score: OptimizerScore) -> tuple[float, float, int]:
    return float(score.best.epochs.median), default_epochs(score), score.optimizer


def _cells(score: OptimizerScore) -> list[Cell]:
    return [score.best] if score.default is None else [score.default, score.best]


def _row(
    plan: RacePlan,
    row: int,
    score: OptimizerScore,
    look: RaceLook,
    edge: float,
    names: Sequence[str],
) -> list[Figure]:
    """Return the bar between both, then the star and the dot."""
    ends = [float(cell.epochs.median) for cell in _cells(score)]
    bar = {
        "type": "scatter",
        "x": [min(end, edge) for end in ends],
        "y": [row] * len(ends),
        "mode": "lines",
        "line": {"color": look.colour, "width": 3},
        "opacity": 0.35,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    points = [
        _point(plan, row, cell, look, edge, names, usual=cell is not score.best)
        for cell in _cells(score)
    ]
    return [*([bar] if min(ends) < math.inf else []), *points]


def _point(
    plan: RacePlan,
    row: int,
    cell: Cell,
    look: RaceLook,
    edge: float,
    names: Sequence[str],
    *,
    usual: bool,
) -> Figure:
    """Return the median of a cell, with whiskers to its quartiles as far as the axis goes."""
    lower, median, upper = (
        float(end) for end in (cell.epochs.lower, cell.epochs.median, cell.epochs.upper)
    )
    missed = math.isinf(median)
    mark = STAR if usual else TUNED
    text = (
        f"{plot_text(names[cell.optimizer])}, {'Keras’s default' if usual else 'best'} "
        f"learning rate {number(cell.learning_rate)}<br>"
        f"Epochs to target: {spread_said(cell.epochs, len(cell.runs))}<br>"
        f"{seeds_said(cell.runs, plan).capitalize()}"
    )
    point = {
        "type": "scatter",
        "name": DEFAULT_NAME if usual else TUNED_NAME,
        "x": [(0.3 if usual else 0.7) if missed else median],
        "y": [row],
        "mode": "markers",
        "marker": mark | {"color": look.colour},
        "customdata": [[cell.optimizer, cell.learning_rate, None]],
        "text": [text],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }
    if missed:
        return point | {"xaxis": "x2"}
    whiskers = {"array": [min(upper, edge) - median], "arrayminus": [median - lower]}
    return point | {
        "error_x": {"type": "data", "symmetric": False, "thickness": 1.5, "width": 4}
        | {"color": look.colour}
        | whiskers
    }


def _samples(usual: bool) -> list[Figure]:
    """Return the entries of the legend, in no optimizer's colour."""
    found = [(TUNED_NAME, TUNED), *([(DEFAULT_NAME, STAR)] if usual else [])]
    return [
        {
            "type": "scatter",
            "name": name,
            "x": [None],
            "y": [None],
            "mode": "markers",
            "marker": mark | {"color": "@muted"},
            "hoverinfo": "skip",
        }
        for name, mark in found
    ]


def _with_misses(figure: Figure) -> Figure:
    """Return the figure with a band of its own for the misses, at the right."""
    layout, start = figure["layout"], 1 - MISSED_SHARE
    band = {
        "domain": [start, 1],
        "range": [0, 1],
        "tickvals": [0.5],
        "ticktext": ["missed"],
        "ticks": "",
        "showgrid": False,
        "fixedrange": True,
    }
    ground = {
        "type": "rect",
        "xref": "paper",
        "yref": "paper",
        "x0": start,
        "x1": 1,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": "@grid",
        "opacity": 0.6,
    }
    axis = layout["xaxis"] | {"domain": [0, start - 0.01]}
    return figure | {"layout": layout | {"xaxis": axis, "xaxis2": band, "shapes": [ground]}}


def _alt(plan: RacePlan, rows: Sequence[OptimizerScore], names: Sequence[str]) -> str:
    words = [
        "Dot chart of the median epochs to the target with Keras’s default learning rate and with "
        f"the best of the grid, fastest when tuned first. {plan.target.sentence()}"
    ]
    for score in rows:
        best, usual = score.best, score.default
        said = (
            f"default {number(usual.learning_rate)}: {value_said(usual.epochs.median)}; "
            if usual
            else ""
        )
        words.append(
            f"{names[score.optimizer]}: {said}best {number(best.learning_rate)}: "
            f"{value_said(best.epochs.median)}."
        )
    return f"{' '.join(words)} {defaults_sentence(plan, rows, names)}"
