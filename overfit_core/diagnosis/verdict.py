"""One word for a run."""

from __future__ import annotations

from typing import Literal

from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.rules.learning_rate_too_high import swinging
from overfit_core.diagnosis.rules.too_few_epochs import FALL, falling
from overfit_core.training.result import R2_MEMORISED

Verdict = Literal["memorised", "still_descending", "stuck", "oscillating", "diverged", "impossible"]
BLOWN_UP = 10.0
"""A last loss so many times the first one has diverged, though it is a finite number."""


def verdict_of(facts: Facts) -> Verdict:
    """Return the word for a run.

    ``impossible`` where it could not be trained or the batch forbids it, ``memorised`` where all
    samples were right for five epochs running, ``diverged`` where the loss is no finite number or
    far above where it began; else ``oscillating``, ``still_descending`` or ``stuck``, by how the
    loss moves in the last epochs.
    """
    run = facts.run
    if run is None:
        return "impossible"
    if run.non_finite is not None:
        return "diverged"
    if forbidden(facts):
        return "impossible"
    if run.memorised is not None:
        return "memorised"
    losses = run.losses
    if losses[-1] > BLOWN_UP * max(losses[0], facts.floor.loss + 1e-6):
        return "diverged"
    if swinging(losses) is not None:
        return "oscillating"
    return "still_descending" if falling(losses, facts.floor.loss) >= FALL else "stuck"


def forbidden(facts: Facts) -> bool:
    """Tell whether no network can be right on this batch."""
    floor = facts.floor
    if floor.accuracy is not None:
        return floor.accuracy < 1
    return floor.r2 is not None and floor.r2 < R2_MEMORISED
