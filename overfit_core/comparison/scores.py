"""How one run did: when it reached the target, how good it got, whether it stayed there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from overfit_core.comparison.measures import measure_of
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.target import DEFAULT_TARGET, Target
from overfit_core.training.history import History
from overfit_core.training.result import Samples
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
            Neural Network Training Algorithms", section 4.1); ``MISSED`` if it ended without;
            None while it goes on, or where there is no target.
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
        as_of: The last epoch that was looked at, of a run that goes on; None of one that has ended.
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
    as_of: int | None = None
    exact: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where that is not known, or not yet."""
        return None if self.epochs_to_target is None else self.epochs_to_target < MISSED


def needs_history(run: ComparedRun, column: str) -> bool:
    """Tell whether a curve was thinned, so that the exact epochs are in the history only."""
    line = run.lines.get(column)
    return line is not None and len(line) > 0 and len(line) < _span(line.epochs)


class Recorded(Protocol):
    """The side of the store that is read here."""

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        """Return the epochs after ``after_epoch``."""
        ...

    def samples(self, run_id: str) -> Samples | None:
        """Return the samples of a run; None before they were put there."""
        ...


def recorded_score(run: ComparedRun, target: Target | None, store: Recorded) -> Score:
    """Return how one run did, with what only the store knows.

    A history that has to be read for it is let go again: fifty of them would fill the memory. A
    run that goes on is scored on its curve, which is read several times a second anyway.

    Args:
        run: The run.
        target: What counts as reached, if anything.
        store: Where its history and its samples are.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not run.ended:
        return score(run, target)
    whole = store.history(run.id) if needs_history(run, _measured(target)) else None
    samples = store.samples(run.id)
    return score(run, target, whole, samples.learned_epoch if samples else None)


def score(
    run: ComparedRun,
    target: Target | None,
    history: History | None = None,
    learned_epoch: IntArray | None = None,
) -> Score:
    """Return how one run did.

    Args:
        run: The run.
        target: What counts as reached; without one, best and last are those of the loss.
        history: All of its epochs from the first on; needed where ``needs_history`` says so.
            Without it such a run is scored on its thinned curve, where the epoch of the target can
            be late by one bin.
        learned_epoch: ``Samples.learned_epoch``, shape ``(samples,)``; None where not known.
    """
    column, diverged = _measured(target), run.diverged_epoch is not None
    found = Score(
        compile_seconds=run.summary.compile_seconds if run.summary else None,
        memorised_epoch=_memorised(run),
        never_learned=None
        if learned_epoch is None
        else int(np.count_nonzero(np.asarray(learned_epoch) == 0)),
        as_of=None if run.ended else run.lines.last_epoch,
    )
    epochs, values, exact = _values(run, column, history)
    if column not in run.lines or not (len(values) or diverged):
        return found
    low = measure_of(column).better == "low"
    worst = np.inf if low else -np.inf
    best, best_epoch = _best(epochs, values, low=low)
    found = replace(
        found,
        best=best,
        best_epoch=best_epoch,
        last=worst if diverged or not np.isfinite(values[-1]) else float(values[-1]),
        exact=exact,
    )
    return found if target is None else _beside_target(run, target, found, epochs, values)


def _beside_target(
    run: ComparedRun, target: Target, found: Score, epochs: IntArray, values: FloatArray
) -> Score:
    """Return the score with what the target says; a run that goes on may still reach it."""
    diverged = run.diverged_epoch is not None
    hit = first_reached(values, target)
    if hit is None:
        missed = MISSED if run.ended or diverged else None
        return replace(found, epochs_to_target=missed, seconds_to_target=missed)
    pace, needed = run.seconds_per_epoch, float(epochs[hit])
    return replace(
        found,
        epochs_to_target=needed,
        seconds_to_target=None if pace is None else needed * pace,
        drift=math.inf if diverged else drift(values[hit:], target),
    )


def _best(epochs: IntArray, values: FloatArray, *, low: bool) -> tuple[float | None, int | None]:
    """Return the best finite value and its first epoch; None where there is none."""
    finite = np.isfinite(values)
    if not finite.any():
        return None, None
    values, epochs = values[finite], epochs[finite]
    place = int(values.argmin() if low else values.argmax())
    return float(values[place]), int(epochs[place])


def _measured(target: Target | None) -> str:
    """Return the column that is scored."""
    return target.kind if target else DEFAULT_TARGET.kind


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
