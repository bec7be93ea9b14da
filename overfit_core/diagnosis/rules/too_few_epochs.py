"""A run that ends on its way down."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import loss_line
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import epochs_change

PART = 0.1
LEAST = 5
"""The last tenth of a short run has at least so many epochs."""
LONGER = 10
"""A run may need so many times its epochs; what needs more has another cause."""
FALL = 0.005
"""The excess loss that the last tenth of the epochs must take away, as a share."""


def find(facts: Facts) -> Evidence | None:
    """Look for a loss that falls markedly in the last tenth of the epochs."""
    run = facts.run
    if run is None or run.epochs < 2 or run.non_finite is not None or run.memorised is not None:
        return None
    share = falling(run.losses, facts.floor.loss)
    if share < FALL:
        return None
    return {"epochs": run.epochs, "last_tenth_takes_away": share, "loss": float(run.losses[-1])}


def falling(losses: np.ndarray, floor: float) -> float:
    """Return the share of the excess loss that the last tenth of the epochs took away."""
    tail = min(max(LEAST, int(len(losses) * PART)), len(losses) - 1)
    half = max(1, tail // 2)
    before = (
        float(np.median(losses[-tail - half : -tail])) if len(losses) > tail + half else losses[0]
    )
    now = float(np.median(losses[-half:]))
    floor = min(floor, now)
    return (before - now) / max(before - floor, 1e-12)


def changes(facts: Facts) -> list[Change]:
    """Train longer."""
    assert facts.run is not None
    return [epochs_change(RULE.id, facts.run.planned, LONGER * facts.run.planned)]


def drawing(facts: Facts, _evidence: Evidence) -> Drawing | None:
    """Draw the loss."""
    return loss_line(facts, "The loss is still falling at the last epoch.")


RULE = Rule(
    id="too_few_epochs",
    title="The run ends on its way down",
    why="The loss was still falling when the last epoch was over. With more epochs it goes on.",
    source="Goodfellow, Bengio and Courville, Deep Learning, section 7.8",
    find=find,
    changes=changes,
    suspicion=True,
    drawing=drawing,
)
