"""What to expect of so many learning rates tried blindly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overfit_core.charts import race_points
from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import percent
from overfit_core.charts.race_looks import (
    RaceLook,
    goal,
    race_looks,
    spread_said,
    value_said,
)
from overfit_core.charts.race_parts import (
    around,
    level,
    log_axis,
    nothing_yet,
    race_figure,
)
from overfit_core.charts.race_points import Points
from overfit_core.charts.theme import Figure
from overfit_core.racing.scores import expected_best, success_within

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import OptimizerScore

TITLE = "Expected best, by learning rates tried"
SPOKEN_TRIES = (1, 4, 16)


def expected_figure(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    *,
    revision: str = "",
) -> Figure:
    """Return the epochs to the target that the best of so many blindly drawn rates takes.

    Median and quartiles over the draws, see ``scores.expected_best``; a miss stands in a band of
    its own. A click opens nothing: a point stands for no run.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``.
        names: Of all optimizers of the plan, in its order.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    if not scores:
        return nothing_yet(TITLE, plan, revision)
    looks, most = race_looks(plan, names), len(plan.learning_rates)
    rows = [
        _row(score, looks, plot_text(names[score.optimizer]), range(1, most + 1))
        for score in scores
    ]
    edge = float(plan.spec.training.epochs)
    line, label = level(edge, f"{plan.spec.training.epochs:,} epochs planned")
    return race_figure(
        TITLE,
        [
            *race_points.areas(rows, edge, steps=True),
            *(race_points.curve(points, steps=True) for points in rows),
            *(cross for points in rows for cross in race_points.misses(points)),
        ],
        plan=plan,
        alt=_alt(plan, scores, names),
        x_axis=_tries_axis(most),
        y_axis=log_axis(*around(race_points.ends_of(rows), edge))
        | {"title": {"text": f"Epochs to {goal(plan.target)}"}},
        lanes=len(plan.optimizers) if race_points.any_missed(rows) else 0,
        shapes=[line],
        annotations=[label],
        revision=revision,
    )


def _row(
    score: OptimizerScore, looks: Sequence[RaceLook], name: str, tries: Sequence[int]
) -> Points:
    spreads = [expected_best(score, count) for count in tries]
    texts = [
        f"{name}, {_tried(count)}<br>Expected: {spread_said(spread, 2, ' epochs')}<br>"
        f"Chance that one of them reaches it on all seeds: {percent(success_within(score, count))}"
        for count, spread in zip(tries, spreads, strict=True)
    ]
    x = [float(count) for count in tries]
    return Points(looks[score.optimizer], score.optimizer, x, spreads, texts)


def _tried(count: int) -> str:
    return "1 learning rate tried" if count == 1 else f"best of {count} learning rates tried"


def _tries_axis(most: int) -> dict[str, Any]:
    return {
        "title": {"text": "Learning rates tried, drawn blindly"},
        "range": [0.5, most + 0.5],
        "tick0": 1,
        "dtick": max(1, math.ceil(most / 12)),
    }


def _alt(plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str]) -> str:
    words = [
        "Step chart of the epochs to the target that the best of so many learning rates takes, "
        f"drawn blindly from the grid: median and quartiles. {plan.target.sentence()}"
    ]
    tries = [count for count in SPOKEN_TRIES if count <= len(plan.learning_rates)]
    for score in scores:
        row = [f"{value_said(expected_best(score, count).median)} of {count}" for count in tries]
        words.append(f"{names[score.optimizer]}: {', '.join(row)}.")
    return " ".join(words)
