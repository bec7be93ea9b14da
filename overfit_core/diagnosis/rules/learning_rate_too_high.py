"""Steps that are so large that the loss jumps, swings or explodes."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import LAST, Change, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import rate_change

RISE = 2.0
SWINGS = 0.5
SWING_SIZE = 0.02
STEP = 0.1
SKIPPED = 5
"""Adam's first steps are large by design."""


def find(facts: Facts) -> Evidence | None:
    """Look at how the loss moves, and at the size of the steps against that of the weights."""
    run = facts.run
    if run is None or not run.epochs:
        return None
    rate = {"learning_rate": facts.model.learning_rate, "optimizer": facts.model.optimizer}
    if run.non_finite is not None:
        return {**rate, "problem": "the loss is no finite number any more", "epoch": run.non_finite}
    leap = leapt(run.losses)
    if leap is not None:
        times = float(run.losses[leap] / run.losses[0])
        return {
            **rate,
            "problem": "the loss leapt above where it began",
            "times": times,
            "epoch": leap + 1,
        }
    loss = run.losses - min(facts.floor.loss, float(run.losses.min()) - 1e-12)
    least = np.minimum.accumulate(loss)
    rise = loss[-1] / max(least[-1], 1e-12)
    if rise >= RISE and loss[-1] > 0.05 * loss[0]:
        return {**rate, "problem": "the loss is far above its smallest", "times": float(rise),
                "smallest_at_epoch": int(loss.argmin()) + 1}  # fmt: skip
    swings = swinging(run.losses)
    if swings is not None:
        return {**rate, "problem": "the loss swings", "share_of_turns": swings}
    step, layer = _largest_step(facts)
    if step > STEP:
        return {
            **rate,
            "problem": "steps are large beside the weights",
            "update_ratio": step,
            "layer": layer,
        }
    return None


def leapt(losses: np.ndarray) -> int | None:
    """Return the place of the largest loss if it is far above the first one, else None."""
    peak = int(np.argmax(np.where(np.isfinite(losses), losses, -np.inf)))
    return peak if losses[peak] > RISE * abs(losses[0]) > 0 else None


def swinging(losses: np.ndarray) -> float | None:
    """Return the share of turns in the last epochs; None where the loss does not swing."""
    last = losses[-LAST:]
    if len(last) < 10 or not np.isfinite(last).all():
        return None
    steps = np.diff(last)
    turns = float(np.mean(np.sign(steps[1:]) != np.sign(steps[:-1])))
    size = float(np.median(np.abs(steps)) / max(abs(np.median(last)), 1e-12))
    return turns if turns >= SWINGS and size >= SWING_SIZE else None


def _largest_step(facts: Facts) -> tuple[float, str]:
    assert facts.run is not None
    found = (0.0, "")
    for layer in facts.run.layers_with("update_ratio"):
        ratios = facts.run.column("update_ratio", layer)[SKIPPED:][-LAST:]
        if len(ratios) and np.isfinite(ratios).all():
            found = max(found, (float(np.median(ratios)), layer))
    return found


def changes(facts: Facts) -> list[Change]:
    """Divide the learning rate by 10, and by 100."""
    return [rate_change(RULE.id, facts, factor) for factor in (0.1, 0.01)]


RULE = Rule(
    id="learning_rate_too_high",
    title="The learning rate is too high",
    why=(
        "A step longer than the valley is wide lands higher on the other side. The loss then "
        "jumps or swings, and with steps that grow it ends in infinity."
    ),
    source="LeCun et al. 1998, Efficient BackProp, section 5; Cohen et al. 2021, Gradient "
    "descent on neural networks typically occurs at the edge of stability",
    find=find,
    changes=changes,
    silences=frozenset(
        {
            "dead_relu",
            "saturation",
            "vanishing_gradients",
            "too_few_epochs",
            "learning_rate_too_low",
            "too_little_capacity",
            "unscaled_targets",
        }
    ),
)
