"""What the runs of a race say of its optimizers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.comparison.bands import Quartiles, quartiles

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun


@dataclass(frozen=True)
class Cell:
    """One optimizer with one learning rate, over its seeds.

    Attributes:
        optimizer: Place of the optimizer in the plan.
        learning_rate: Its learning rate.
        runs: One run for each seed that is there yet.
        success_rate: Share of them that reached the target, 0 to 1.
        epochs: Quartiles of the epochs to the target; a miss is infinite.
        seconds: Quartiles of the seconds to the target, compiling left out.
        best_loss: Quartiles of the best loss; infinite for a run without a finite one.
    """

    optimizer: int
    learning_rate: float
    runs: tuple[RaceRun, ...]
    success_rate: float
    epochs: Quartiles
    seconds: Quartiles
    best_loss: Quartiles

    @property
    def reached_always(self) -> bool:
        """Whether every seed reached the target."""
        return self.success_rate == 1.0


@dataclass(frozen=True)
class OptimizerScore:
    """How one optimizer did in a race.

    Attributes:
        optimizer: Its place in the plan.
        cells: Those of the grid that have runs, by rising learning rate.
        default: The cell of Keras's default learning rate, None if it was not tried; it counts
            for nothing else unless it is one of the grid.
        best: The cell to take: the lowest median of epochs to the target; of equal ones (such as
            none that reaches it) the lowest median of the best loss; then the smaller rate.
        success_rate: Share of all its runs that reached the target, 0 to 1: what somebody may
            expect who takes a learning rate of the grid blindly.
        width: How many decades of learning rates reach the target on all seeds: ``log10`` of the
            highest over the lowest of the longest unbroken row of such rates; 0 for a single one,
            None if there is none. Sivaprasad et al. 2020, "Optimizer Benchmarking Needs to
            Account for Hyperparameter Tuning", on why it matters.
        best_loss: The least finite loss of all its runs; None if there is none.
        drift: Median over the seeds of ``best`` of how far the loss falls back after the target,
            in decades; None if a seed missed it.
        log_area: Median over the seeds of ``best`` of ``RaceRun.log_area``.
    """

    optimizer: int
    cells: tuple[Cell, ...]
    default: Cell | None
    best: Cell
    success_rate: float
    width: float | None
    best_loss: float | None
    drift: float | None
    log_area: float


def cells(runs: Iterable[RaceRun]) -> list[Cell]:
    """Return the cells of the grid that have runs, by optimizer and rising learning rate."""

    def place(run: RaceRun) -> tuple[int, float]:
        return run.member.optimizer, run.member.learning_rate

    return [
        _cell(optimizer, rate, tuple(members))
        for (optimizer, rate), members in groupby(sorted(runs, key=place), key=place)
    ]


def _cell(optimizer: int, rate: float, runs: tuple[RaceRun, ...]) -> Cell:
    best = [math.inf if run.best_loss is None else run.best_loss for run in runs]
    return Cell(
        optimizer,
        rate,
        runs,
        success_rate=sum(run.reached for run in runs) / len(runs),
        epochs=quartiles(np.array([run.epochs_to_target for run in runs])),
        seconds=quartiles(np.array([run.seconds_to_target for run in runs])),
        best_loss=quartiles(np.array(best)),
    )


def optimizer_scores(plan: RacePlan, runs: Iterable[RaceRun]) -> list[OptimizerScore]:
    """Return how each optimizer did that has runs of the grid, in the order of the plan."""
    scores = []
    for optimizer, members in groupby(cells(runs), key=lambda cell: cell.optimizer):
        every = list(members)
        row = tuple(cell for cell in every if cell.learning_rate in plan.learning_rates)
        usual = plan.default_rate(optimizer)
        default = next((cell for cell in every if cell.learning_rate == usual), None)
        if row:
            scores.append(_score(optimizer, row, default))
    return scores


def _score(optimizer: int, row: tuple[Cell, ...], default: Cell | None) -> OptimizerScore:
    best = min(row, key=lambda cell: (float(cell.epochs.median), float(cell.best_loss.median)))
    every = [run for cell in row for run in cell.runs]
    losses = [run.best_loss for run in every if run.best_loss is not None]
    drifts = [run.drift for run in best.runs]
    known = [drift for drift in drifts if drift is not None]
    return OptimizerScore(
        optimizer,
        row,
        default,
        best,
        success_rate=sum(run.reached for run in every) / len(every),
        width=_width(row),
        best_loss=min(losses, default=None),
        drift=_median(known) if len(known) == len(drifts) else None,
        log_area=_median([run.log_area for run in best.runs]),
    )


def _width(row: Sequence[Cell]) -> float | None:
    """Return the decades of the longest unbroken row of rates that always reach the target."""
    rows = [
        [cell.learning_rate for cell in members]
        for always, members in groupby(row, key=lambda cell: cell.reached_always)
        if always
    ]
    return max((math.log10(rates[-1] / rates[0]) for rates in rows), default=None)


def _median(values: Sequence[float]) -> float:
    return float(quartiles(np.array(values)).median)


def expected_best(score: OptimizerScore, tries: int) -> Quartiles:
    """Return what to expect of the best of some learning rates of the grid.

    The rates are drawn blindly, each as likely as another, and one may come twice: what a bootstrap
    of the grid gives, worked out exactly. After Dodge et al. 2019, "Show Your Work: Improved
    Reporting of Experimental Results", section 3; quartiles in place of their mean, since a miss is
    infinite and would spoil every mean.

    Args:
        score: Of one optimizer.
        tries: How many rates are drawn, at least 1.

    Returns:
        Quartiles over the draws of the lowest median (over the seeds) of epochs to the target;
        infinite where so many draws hold no rate that reaches it.

    Raises:
        ValueError: If none is drawn.
    """
    if tries < 1:
        raise ValueError(f"At least one learning rate is drawn, got {tries}.")
    values = np.sort([float(cell.epochs.median) for cell in score.cells])
    # The chance that the best of the draws is among the first k of all.
    among = 1 - (1 - np.arange(1, len(values) + 1) / len(values)) ** tries
    # A hair less, for shares that are a quarter but for rounding.
    places = np.searchsorted(among, np.array([0.25, 0.5, 0.75]) - 1e-12)
    return Quartiles(*(np.asarray(values[place]) for place in places))


def success_within(score: OptimizerScore, tries: int) -> float:
    """Return the chance that one of some learning rates of the grid reaches the target always.

    Args:
        score: Of one optimizer.
        tries: How many rates are drawn blindly, at least 0; one may come twice.
    """
    missed = sum(not cell.reached_always for cell in score.cells) / len(score.cells)
    return 1.0 - missed**tries


def performance_profile(times: Mapping[str, Sequence[float]], ratio: float) -> dict[str, float]:
    """Return on what share of tasks each optimizer is within some ratio of the fastest.

    Dolan and Moré 2002, "Benchmarking Optimization Software with Performance Profiles".

    Args:
        times: Of each optimizer by name, its epochs or seconds to the target on each task, in one
            order; infinite for a miss.
        ratio: τ, at least 1.

    Returns:
        By name, from 0 to 1: a miss counts as no task, whoever else missed it.

    Raises:
        ValueError: If the ratio is below 1, or the numbers of tasks differ.
    """
    if not ratio >= 1:
        raise ValueError(
            f"Nobody is faster than the fastest: the ratio is at least 1, got {ratio}."
        )
    if len({len(row) for row in times.values()}) > 1:
        raise ValueError("Each optimizer needs a time for each task, infinite for a miss.")
    rows = np.array(list(times.values()), float)
    fastest = rows.min(axis=0) if len(rows) else rows
    within = np.isfinite(rows) & (rows <= ratio * fastest)
    return {name: float(share) for name, share in zip(times, within.mean(axis=1), strict=True)}
