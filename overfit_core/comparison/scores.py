"""How one run did: when it reached the target, how good it got, whether it stayed there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from overfit_core.comparison.measures import measure_of
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.view import Target
from overfit_core.training.history import History
from overfit_core.training.types import FloatArray, IntArray

MISSED = math.inf
"""Epochs and seconds to a target that was not reached: worse than any that were."""


@dataclass(frozen=True)
class Score:
    """One run beside a target. None: not known, or it has no meaning.

    The target is measured on the column of its kind: in training mode, before the epoch's update,
    as Keras reports it.

    Attributes:
        epochs_to_target: The first epoch at which the measure reaches the target, whether or not
            it stays there (time to result, as AlgoPerf has it: Dahl et al. 2023, "Benchmarking
            Neural Network Training Algorithms", section 4.1); ``MISSED`` if it never does.
        seconds_to_target: These epochs times the run's mean training time of one, compiling left
            out; ``MISSED`` like the epochs.
        compile_seconds: What came before the first epoch.
        best: The best finite value.
        best_epoch: The first epoch that has it.
        last: The last value; infinitely bad for a run that diverged.
        drift: How far it fell back after the first hit. Of a loss: the worst excess over the
            target in decades, the largest ``log10(loss / target)`` from the hit on, since losses
            are read on a logarithmic axis. Of a score: the largest shortfall. 0 if it stayed;
            infinite if it diverged; None if there was no hit.
        memorised_epoch: First of five epochs running with every sample right; ``MISSED`` if it
            ended without; None while it goes on.
        never_learned: Samples that are wrong with the last weights.
        exact: Whether every epoch was looked at, and not a thinned curve.
    """

    epochs_to_target: float | None = None
    seconds_to_target: float | None = None
    compile_seconds: float | None = None
    best: float | None = None
    best_epoch: int | None = None
    last: float | None = None
    drift: float | None = None
    memorised_epoch: float | None = None
    never_learned: int | None = None
    exact: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where its measure was not recorded."""
        return None if self.epochs_to_target is None else self.epochs_to_target < MISSED


def needs_history(run: ComparedRun, column: str) -> bool:
    """Tell whether a curve was thinned, so that the exact epochs are in the history only."""
    line = run.lines.get(column)
    return line is not None and len(line) > 0 and len(line) < _span(line.epochs)


def score(run: ComparedRun, target: Target, history: History | None = None) -> Score:
    """Return how one run did.

    Args:
        run: The run.
        target: What counts as reached.
        history: All of its epochs from the first on; needed where ``needs_history`` says so.
            Without it such a run is scored on its thinned curve, where the epoch of the target can
            be late by one bin.
    """
    summary = run.summary
    known = Score(
        compile_seconds=summary.compile_seconds if summary else None,
        memorised_epoch=_memorised(run),
        never_learned=None
        if run.learned_epoch is None
        else int(np.count_nonzero(np.asarray(run.learned_epoch) == 0)),
    )
    epochs, values, exact = _values(run, target.kind, history)
    if not len(values):
        return known
    low = measure_of(target.kind).better == "low"
    worst = np.inf if low else -np.inf
    diverged = run.diverged_epoch is not None
    finite = np.where(np.isfinite(values), values, worst)
    place = int(finite.argmin() if low else finite.argmax())
    best = float(finite[place])
    hit = first_reached(values, target)
    to_target = MISSED if hit is None else float(epochs[hit])
    pace = run.seconds_per_epoch
    return Score(
        epochs_to_target=to_target,
        seconds_to_target=None if pace is None else to_target * pace if hit is not None else MISSED,
        compile_seconds=known.compile_seconds,
        best=best if math.isfinite(best) else None,
        best_epoch=int(epochs[place]) if math.isfinite(best) else None,
        last=worst if diverged else float(finite[-1]),
        drift=None if hit is None else math.inf if diverged else drift(values[hit:], target),
        memorised_epoch=known.memorised_epoch,
        never_learned=known.never_learned,
        exact=exact,
    )


def scores(
    runs: list[ComparedRun], target: Target, histories: Mapping[str, History] | None = None
) -> dict[str, Score]:
    """Return the score of each run by its id; ``histories`` are by id too."""
    given = histories or {}
    return {run.id: score(run, target, given.get(run.id)) for run in runs}


def first_reached(values: FloatArray, target: Target) -> int | None:
    """Return the place of the first value that reaches the target, None if none does.

    A loss is reached from above, a score from below. The target is taken as float32 has it where
    that is kinder: nine of ten right are 0.89999998 there, and reach 0.9.
    """
    rounded = float(np.float32(target.value))
    if measure_of(target.kind).better == "low":
        reached = values <= max(target.value, rounded)
    else:
        reached = values >= min(target.value, rounded)
    place = int(reached.argmax()) if len(reached) else 0
    return place if len(reached) and reached[place] else None


def drift(values: FloatArray, target: Target) -> float:
    """Return how far the values fall back behind a target that the first one reaches.

    Args:
        values: Shape ``(epochs from the hit on,)``; what is no number counts as infinitely bad.
        target: Of a loss, the result is in decades; of a score, in its own unit.
    """
    low = measure_of(target.kind).better == "low"
    known = np.where(np.isnan(values), np.inf if low else -np.inf, values)
    if not low:
        return max(0.0, target.value - float(known.min()))
    worst = float(known.max())
    return max(0.0, math.log10(worst / target.value)) if worst > 0 else 0.0


def _memorised(run: ComparedRun) -> float | None:
    if run.summary is None:
        return None
    epoch = run.summary.memorised_epoch
    return MISSED if epoch is None else float(epoch)


def _values(
    run: ComparedRun, column: str, history: History | None
) -> tuple[IntArray, FloatArray, bool]:
    """Return epochs and values up to where the run diverged, and whether none is left out."""
    if history is not None and column in history and history.first_epoch == 1:
        epochs, values, exact = history.epochs, history[column], True
    elif column in run.lines:
        line = run.lines[column]
        epochs, values, exact = line.epochs, line.values, not needs_history(run, column)
    else:
        return np.empty(0, dtype=np.int64), np.empty(0), True
    if run.diverged_epoch is not None:
        before = epochs < run.diverged_epoch
        epochs, values = epochs[before], values[before]
    return epochs, values, exact


def _span(epochs: IntArray) -> int:
    return int(epochs[-1]) - int(epochs[0]) + 1
