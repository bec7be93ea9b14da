"""Steps that are so small that the loss crawls."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import bars, medians
from overfit_core.diagnosis.facts import LAST, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import rate_changes

FALLING = 0.95
STEP = 1e-3
"""The median step beside the weights, above which a rate is not called low.

1e-3 is usual, and a loss that falls in nearly every epoch bears longer steps than its own. That it
falls is asked for as well, and a trial has to speak for it before anything else is left aside."""


def find(facts: Facts) -> Evidence | None:
    """Look for a loss that falls in nearly every epoch, by steps tiny beside the weights."""
    run = facts.run
    if run is None or run.epochs < 2 or run.memorised is not None:
        return None
    last = run.losses[-LAST:]
    falling = float(np.mean(np.diff(last) < 0))
    steps = [
        np.median(run.column("update_ratio", n)[-LAST:]) for n in run.layers_with("update_ratio")
    ]
    step = float(np.median(steps)) if steps else 0.0
    if falling < FALLING or not np.isfinite(step) or step >= STEP:
        return None
    return {"learning_rate": facts.model.learning_rate, "optimizer": facts.model.optimizer,
            "share_falling": falling, "update_ratio": step}  # fmt: skip


def changes(facts: Facts) -> list[Change]:
    """Multiply the learning rate by 10, and by 100."""
    return rate_changes(RULE.id, facts, (10, 100))


def drawing(facts: Facts, _evidence: Evidence) -> Drawing | None:
    """Draw how large the last steps are beside the weights, by layer."""
    steps = medians(facts, "update_ratio", slice(-LAST, None))
    small = sorted((name for name in steps if steps[name] < STEP), key=lambda n: steps[n])
    return bars(
        "Steps are tiny beside the weights.", steps, axis="Update ÷ weight norm, median",
        marked=small, band=(STEP, None), log=True,
    )  # fmt: skip


RULE = Rule(
    id="learning_rate_too_low",
    title="The learning rate is too low",
    why=(
        "The loss falls in nearly every epoch, and by next to nothing. The way is right and the "
        "steps are too short for the epochs there are."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, section 11.4.1",
    find=find,
    changes=changes,
    suspicion=True,
    drawing=drawing,
)
