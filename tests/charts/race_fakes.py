"""Races made by hand, to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from overfit_core.racing import Member, RacePlan, RaceRun
from overfit_core.racing.names import optimizer_names
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.scores import OptimizerScore, optimizer_scores
from tests.racing.plans import plan

MISS = math.inf
EPOCHS = plan().spec.training.epochs
"""As many as are planned."""
RATES = (0.01, 0.1, 1.0)
SEEDS = (3, 4, 5)
# Epochs to the target by optimizer and learning rate, a number for each seed. Keras's default is
# 0.001 for Adam, outside of the grid, and 0.01 for SGD, one of it.
GRID: dict[int, dict[float, list[float]]] = {
    0: {0.001: [90, 80, 100], 0.01: [20, 40, 60], 0.1: [10, MISS, 30], 1.0: [MISS] * 3},
    1: {0.01: [MISS] * 3, 0.1: [50, 50, 50], 1.0: [70, MISS, MISS]},
}


def race_plan(**changes: Any) -> RacePlan:  # noqa: ANN401
    return plan(**({"learning_rates": RATES, "seeds": SEEDS} | changes))


def run(
    optimizer: int,
    rate: float,
    seed: int,
    to_target: float,
    loss: float | None = 0.05,
    **more: Any,  # noqa: ANN401
) -> RaceRun:
    given: dict[str, Any] = {
        "epochs": EPOCHS,
        "epochs_to_target": to_target,
        "seconds_to_target": to_target / 100,
        "seconds": EPOCHS / 100,
        "memorised_epoch": None,
        "non_finite_epoch": None,
        "best_loss": loss,
        "best_epoch": None if loss is None else 7,
        "drift": 0.5 if to_target < MISS else None,
        "log_area": -1.0,
    }
    return RaceRun(Member(optimizer, rate, seed), **given | more)


def runs_of(grid: Mapping[int, Mapping[float, Sequence[float]]] = GRID) -> list[RaceRun]:
    return [
        run(optimizer, rate, seed, epochs)
        for optimizer, row in grid.items()
        for rate, values in row.items()
        for seed, epochs in zip(SEEDS, values, strict=False)
    ]


def reference(*epochs: float) -> list[RaceRun]:
    return [run(REFERENCE, 1.0, seed, one) for seed, one in zip(SEEDS, epochs, strict=False)]


def race(
    runs: Sequence[RaceRun] | None = None,
    **changes: Any,  # noqa: ANN401
) -> tuple[RacePlan, list[OptimizerScore], tuple[str, ...]]:
    """A plan, its scores and its names: what every figure takes."""
    made = race_plan(**changes)
    scores = optimizer_scores(made, runs_of() if runs is None else runs)
    return made, scores, optimizer_names(made)


def named(figure: dict[str, Any], name: str, **having: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """The traces of a name that have these values."""
    return [
        trace
        for trace in figure["data"]
        if trace.get("name") == name
        and all(trace.get(key) == value for key, value in having.items())
    ]
