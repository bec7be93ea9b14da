"""How much each optimizer depends on its learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from overfit_core.charts import race_points
from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.race_looks import (
    REFERENCE_LOOK,
    goal,
    race_looks,
    seeds_said,
    spread_said,
    value_said,
)
from overfit_core.charts.race_parts import (
    around,
    level,
    log_axis,
    nothing_yet,
    race_figure,
    rates_axis,
)
from overfit_core.charts.race_points import Points
from overfit_core.charts.theme import Figure
from overfit_core.comparison.bands import Quartiles, quartiles
from overfit_core.racing.results import LEAST_LOSS

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun
    from overfit_core.racing.scores import Cell, OptimizerScore

RateMeasure = Literal["epochs", "seconds", "best_loss"]


class _Drawn(NamedTuple):
    """What is drawn: title of the chart and of its axis, what follows a value, field of a run."""

    title: str
    axis: str
    unit: str
    field: str


_MEASURES: dict[RateMeasure, _Drawn] = {
    "epochs": _Drawn("Epochs to target", "Epochs to {goal}", " epochs", "epochs_to_target"),
    "seconds": _Drawn("Time to target", "Seconds to {goal}", " s", "seconds_to_target"),
    "best_loss": _Drawn("Best loss", "Best loss", "", "best_loss"),
}


def sensitivity_figure(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    *,
    measure: RateMeasure = "epochs",
    reference: Sequence[RaceRun] = (),
    revision: str = "",
) -> Figure:
    """Return a score of each optimizer by learning rate: median over the seeds, and quartiles.

    A median that is a miss (or a loss that was never finite) stands in a band of its own above the
    others. A star marks Keras's default learning rate, whether or not it is one of the grid. Each
    point has ``customdata``: place of the optimizer, learning rate, None for all of its seeds; not
    those of the reference, which is no run that can be opened.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``; an optimizer without runs is left out.
        names: Of all optimizers of the plan, in its order.
        measure: What is drawn.
        reference: Runs of L-BFGS; their median is a horizontal line.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    drawn = _MEASURES[measure]
    title = f"{drawn.title}, by learning rate"
    if not scores:
        return nothing_yet(title, plan, revision)
    rows, usual = _rows(plan, scores, names, measure)
    rates = {*plan.learning_rates, *(rate for points in usual for rate in points.x)}
    axis = rates_axis(rates)
    ends = [10**end for end in axis["range"]]
    fitted = _fitted(plan, reference, measure, [ends[0], *sorted(rates), ends[1]])
    everything = [*rows, *usual, *fitted]
    low, high = _ends(plan, everything, measure)
    lines, labels = _levels(plan, measure, high)
    return race_figure(
        title,
        [
            *race_points.areas(rows, high),
            *(race_points.level_line(points) for points in fitted),
            *(riser for points in rows for riser in race_points.risers(points, high)),
            *(race_points.curve(points) for points in rows),
            *(cross for points in rows for cross in race_points.misses(points)),
            *(race_points.star(points) for points in usual),
            *([race_points.DEFAULT_RATE] if usual else []),
        ],
        plan=plan,
        alt=_alt(plan, scores, names, fitted, measure),
        x_axis=axis,
        y_axis=log_axis(low, high)
        | {"title": {"text": f"{drawn.axis.format(goal=goal(plan.target))}, median"}},
        lanes=len(plan.optimizers) + len(fitted) if race_points.any_missed(everything) else 0,
        shapes=lines,
        annotations=labels,
        revision=f"{revision}/{measure}",
    )


def _rows(
    plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str], measure: RateMeasure
) -> tuple[list[Points], list[Points]]:
    """Return the grid of each optimizer, and the default rates that were tried."""
    looks, rows, usual = race_looks(plan, names), [], []
    for score in scores:
        look, place = looks[score.optimizer], score.optimizer
        rows.append(Points(look, place, *_points(plan, score.cells, names, measure)))
        if score.default is not None:
            usual.append(Points(look, place, *_points(plan, [score.default], names, measure)))
    return rows, usual


def _points(
    plan: RacePlan, cells: Sequence[Cell], names: Sequence[str], measure: RateMeasure
) -> tuple[list[float], list[Quartiles], list[str], list[list[Any]]]:
    """Return rates, spreads, texts and ``customdata`` of these cells."""
    return (
        [cell.learning_rate for cell in cells],
        [_drawable(getattr(cell, measure), measure) for cell in cells],
        [_text(plan, cell, names, measure) for cell in cells],
        [[cell.optimizer, cell.learning_rate, None] for cell in cells],
    )


def _drawable(found: Quartiles, measure: RateMeasure) -> Quartiles:
    """Return quartiles that a logarithmic axis has a place for: a loss of 0 is drawn as the least.

    It is the loss that counts as that wherever its logarithm is taken.
    """
    if measure != "best_loss":
        return found
    parts = (found.lower, found.median, found.upper)
    return Quartiles(*(np.maximum(part, LEAST_LOSS) for part in parts))


def _text(plan: RacePlan, cell: Cell, names: Sequence[str], measure: RateMeasure) -> str:
    drawn, rate = _MEASURES[measure], f"learning rate {number(cell.learning_rate)}"
    usual = ", Keras’s default" if cell.learning_rate == plan.default_rate(cell.optimizer) else ""
    return (
        f"{plot_text(names[cell.optimizer])}, {rate}{usual}<br>"
        f"{drawn.title}: {spread_said(getattr(cell, measure), len(cell.runs), drawn.unit)}<br>"
        f"{seeds_said(cell.runs, plan).capitalize()}"
    )


def _fitted(
    plan: RacePlan, reference: Sequence[RaceRun], measure: RateMeasure, x: Sequence[float]
) -> list[Points]:
    """Return the reference along the whole axis; nothing without one."""
    if not reference:
        return []
    drawn = _MEASURES[measure]
    values = [getattr(run, drawn.field) for run in reference]
    found = quartiles(np.array([math.inf if value is None else value for value in values]))
    text = (
        f"{REFERENCE_LOOK.name}, a reference without learning rate<br>"
        f"{drawn.title}: {spread_said(found, len(reference), drawn.unit)}<br>"
        "An epoch is an evaluation of loss and gradient here"
    )
    count = len(x)
    spreads = [_drawable(found, measure)] * count
    return [Points(REFERENCE_LOOK, len(plan.optimizers), x, spreads, [text] * count)]


def _ends(plan: RacePlan, drawn: Sequence[Points], measure: RateMeasure) -> tuple[float, float]:
    """Return what the axis shows: up to the planned epochs, the edge to the misses."""
    values, target = race_points.ends_of(drawn), plan.target
    if measure == "epochs":
        return around(values, float(plan.spec.training.epochs))
    shown = target.value if (measure, target.kind) == ("best_loss", "loss") else math.nan
    return around([*values, shown])


def _levels(
    plan: RacePlan, measure: RateMeasure, high: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the target line, of a loss, or the edge to the misses, of epochs."""
    if measure == "epochs":
        line, label = level(high, f"{plan.spec.training.epochs:,} epochs planned")
    elif measure == "best_loss" and plan.target.kind == "loss":
        line, label = level(plan.target.value, f"Target {plan.target.said}")
    else:
        return [], []
    return [line], [label]


def _alt(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    fitted: Sequence[Points],
    measure: RateMeasure,
) -> str:
    words = [
        f"Line chart of {_MEASURES[measure].title.lower()} by learning rate, both logarithmic: "
        f"median and quartiles over the seeds. {plan.target.sentence()}"
    ]
    for score in scores:
        row = [
            f"{value_said(getattr(cell, measure).median)} at {number(cell.learning_rate)}"
            for cell in score.cells
        ]
        usual = score.default
        said = f"; Keras’s default {number(usual.learning_rate)}: " if usual else ""
        value = value_said(getattr(usual, measure).median) if usual else ""
        words.append(f"{names[score.optimizer]}: {', '.join(row)}{said}{value}.")
    words += [f"{one.look.name}: {value_said(one.spreads[0].median)}." for one in fitted]
    return " ".join(words)
