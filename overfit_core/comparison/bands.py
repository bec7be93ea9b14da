"""Runs that differ in their training seed only: median and quartiles over the epochs.

A band is calculated from the runs of its group alone, on epochs that follow from its group alone:
it stays as it is when other runs are shown or hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from overfit_core.charts.lines import Line
from overfit_core.comparison.measures import measure_of
from overfit_core.comparison.run import ComparedRun
from overfit_core.training.types import FloatArray, IntArray

BAND_POINTS = 200
"""Most epochs of a band: half of them evenly spaced, half of them by their logarithm."""


@dataclass(frozen=True)
class Quartiles:
    """The middle of several values and of each half: shapes are those of one value."""

    lower: FloatArray
    median: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class Band:
    """How a measure spreads over the seeds.

    Attributes:
        epochs: Rising, shape ``(points,)``.
        quartiles: Each of shape ``(points,)``; not finite where the value is that of a run that
            had diverged.
        seeds: How many runs it is made of.
    """

    epochs: IntArray
    quartiles: Quartiles
    seeds: int


def seed_groups(runs: Sequence[ComparedRun]) -> dict[str, list[ComparedRun]]:
    """Return the runs by group, for groups of at least two seeds, in the order of the runs.

    A seed that was trained twice counts once, with the longer run: the same settings give the
    same history.
    """
    groups: dict[str, dict[int, ComparedRun]] = {}
    for run in runs:
        seeds = groups.setdefault(run.group, {})
        known = seeds.get(run.spec.training.seed)
        if known is None or run.lines.last_epoch > known.lines.last_epoch:
            seeds[run.spec.training.seed] = run
    return {group: list(seeds.values()) for group, seeds in groups.items() if len(seeds) > 1}


def band_of(members: Sequence[ComparedRun], column: str) -> Band | None:
    """Return median and quartiles of one measure over the runs of a group.

    It ends where the first of them ends: nothing is guessed of a run that was stopped, or is
    behind. A run that diverged counts from there on as worse than all others, where worse has a
    meaning; leaving it out would make the rest look better.

    Args:
        members: Runs that differ in their seed only.
        column: The measure.

    Returns:
        None where fewer than two of them have recorded it.
    """
    worst = {"low": np.inf, "high": -np.inf, None: None}[measure_of(column).better]
    found = [(run, line) for run in members if (line := run.line(column)) is not None]
    if worst is None:
        found = [(run, line) for run, line in found if len(line)]
    ends = {run.id: int(line.epochs[-1]) for run, line in found if len(line)}
    if len(found) < 2 or not ends:
        return None
    bound = [ends[run.id] for run, _ in found if run.diverged_epoch is None or worst is None]
    epochs = epoch_grid(min(bound) if bound else max(ends.values()))
    values = np.array([_at(epochs, line, worst) for _, line in found])
    return Band(epochs, quartiles(values), len(found))


def _at(epochs: IntArray, line: Line, worst: float | None) -> FloatArray:
    """Return the values at these epochs, behind the line's end the worst there is."""
    if not len(line):
        return np.full(len(epochs), worst, dtype=np.float64)
    return np.interp(epochs, line.epochs, line.values, right=worst)


def epoch_grid(last: int) -> IntArray:
    """Return at most ``BAND_POINTS`` epochs from 1 to ``last``, dense enough for both axes."""
    if last <= BAND_POINTS:
        return np.arange(1, last + 1)
    half = BAND_POINTS // 2
    spread = np.concatenate([np.linspace(1, last, half), np.geomspace(1, last, half)])
    return np.unique(np.rint(spread).astype(np.int64))


def quartiles(values: FloatArray) -> Quartiles:
    """Return the quartiles over the first axis, interpolated linearly between two values.

    Type 7 of Hyndman & Fan (1996, "Sample Quantiles in Statistical Packages"), NumPy's default;
    but infinite values are taken as such, and what is no number spoils its own column only.

    Args:
        values: Shape ``(runs, …)``, at least one run.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=0)
    unknown = np.isnan(ordered).any(axis=0)

    def at(share: float) -> FloatArray:
        below, part = divmod(share * (len(ordered) - 1), 1.0)
        low = ordered[int(below)]
        high = ordered[min(int(below) + 1, len(ordered) - 1)]
        # Between two equal infinities lies that infinity, which a difference cannot say.
        between = (part > 0) & (low != high)
        with np.errstate(invalid="ignore"):
            mixed = np.where(between, low * (1 - part) + high * part, low)
        return np.where(unknown, np.nan, mixed)

    return Quartiles(at(0.25), at(0.5), at(0.75))
