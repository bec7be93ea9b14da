"""What came of each run of a race."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.comparison.scores import MISSED, drift, first_reached

if TYPE_CHECKING:
    from overfit_core.comparison.target import Target
    from overfit_core.racing.plan import Member
    from overfit_core.training.history import History

LEAST_LOSS = 1e-12
"""What a smaller loss counts as where its logarithm is taken."""


@dataclass(frozen=True)
class RaceRun:
    """One run of a race, scored; a run that diverged is a result too, and a miss.

    Attributes:
        member: Which one.
        epochs: Epochs trained: fewer than planned where it diverged or was stopped.
        epochs_to_target: First epoch whose measure, in training mode, reaches the target;
            ``MISSED`` (infinite) if none does.
        seconds_to_target: These epochs times the mean time of one; compiling left out.
        seconds: All its training took, in seconds; compiling left out.
        memorised_epoch: First of five epochs running with every sample right; None if never.
        non_finite_epoch: Epoch at which the loss was no finite number any more; None if never.
        best_loss: The least finite loss; None if there was none.
        best_epoch: The first epoch that has it.
        drift: How far it fell back after the target, see ``scores.drift``; infinite if it
            diverged after it, None for a miss.
        log_area: Mean of ``log10(loss)`` over the planned epochs, the area under the curve on a
            logarithmic axis per epoch: lower is faster. A loss below ``LEAST_LOSS`` counts as
            that; infinite if it diverged.
        stopped: Whether somebody ended it before its time.
    """

    member: Member
    epochs: int
    epochs_to_target: float
    seconds_to_target: float
    seconds: float
    memorised_epoch: int | None
    non_finite_epoch: int | None
    best_loss: float | None
    best_epoch: int | None
    drift: float | None
    log_area: float
    stopped: bool = False

    @property
    def reached(self) -> bool:
        """Whether it reached the target."""
        return self.epochs_to_target < MISSED

    @property
    def diverged(self) -> bool:
        """Whether its loss became NaN or infinite."""
        return self.non_finite_epoch is not None


def scored(
    member: Member,
    history: History,
    target: Target,
    *,
    seconds: float,
    memorised_epoch: int | None = None,
    stopped: bool = False,
) -> RaceRun:
    """Score a run by its history.

    Args:
        member: Which one it is.
        history: Of all its epochs, the first one first; ``loss`` and the target's measure.
        target: What was to reach.
        seconds: What training took, compiling left out.
        memorised_epoch: As the compiled loop has seen it.
        stopped: Whether somebody ended it before its time.
    """
    epochs, loss = len(history), np.asarray(history["loss"], float)
    bad = np.flatnonzero(~np.isfinite(loss))
    non_finite = int(bad[0]) + 1 if len(bad) else None
    sound = slice(None if non_finite is None else non_finite - 1)
    values = np.asarray(history[target.kind], float)[sound]
    place = first_reached(values, target)
    reached = MISSED if place is None else place + 1.0
    fell = None if place is None else drift(values[place:], target)
    finite = loss[sound]
    best = int(finite.argmin()) if len(finite) else None
    logs = np.log10(np.maximum(finite, LEAST_LOSS))
    return RaceRun(
        member=member,
        epochs=epochs,
        epochs_to_target=reached,
        # Not infinite times 0, where no clock could tell what it took.
        seconds_to_target=MISSED if place is None else reached * seconds / epochs,
        seconds=seconds,
        memorised_epoch=memorised_epoch,
        non_finite_epoch=non_finite,
        best_loss=None if best is None else float(finite[best]),
        best_epoch=None if best is None else best + 1,
        drift=math.inf if fell is not None and non_finite is not None else fell,
        log_area=math.inf if non_finite is not None or not len(logs) else float(logs.mean()),
        stopped=stopped,
    )
