"""Steps that are so large that the loss jumps, swings or explodes."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import bars, lines, loss_line, medians, spans_decades
from overfit_core.diagnosis.facts import LAST, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import rate_changes

RISE = 2.0
SWINGS = 0.5
SWING_SIZE = 0.02
"""Median change of the loss from one epoch to the next, as a share of the loss: a loss at rest
turns as often by rounding, and by much less."""
NEAR_FLOOR = 0.05
"""A loss that rose again is no sign where it is still so small a share of the first one: a run that
has all but arrived doubles its loss by a step that matters to nobody."""
STEP = 0.1
AFTER = 20
"""So many epochs are drawn behind a leap."""
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
    if rise >= RISE and loss[-1] > NEAR_FLOOR * loss[0]:
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
    """Divide the learning rate by 10, and by 100; by more where the run blew up.

    A loss that is no number any more says nothing of how far the rate is too high.
    """
    blew_up = facts.run is not None and facts.run.non_finite is not None
    return rate_changes(RULE.id, facts, (0.1, 0.01, 0.001, 1e-4) if blew_up else (0.1, 0.01))


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw the loss where it leaps, swings or ends, or the steps beside the weights."""
    assert facts.run is not None
    loss, problem = facts.run.losses, evidence["problem"]
    if "layer" in evidence:
        steps = medians(facts, "update_ratio", slice(max(SKIPPED, len(loss) - LAST), None))
        large = sorted((name for name in steps if steps[name] > STEP), key=lambda n: -steps[n])
        title, axis = "Steps are large beside the weights.", "Update ÷ weight norm, median"
        return bars(
            title, steps, axis=axis, marked=large, band=(None, STEP),
            log=spans_decades([*steps.values(), STEP]),
        )  # fmt: skip
    if "smallest" in problem:
        both = {"loss": loss, "smallest so far": np.minimum.accumulate(loss)}
        title = "The loss has risen far above its smallest."
        return lines(title, both, axis="Loss", marked=["loss"], log=spans_decades(loss))
    if "leapt" in problem:
        title, last = "The loss leaps above where it began.", evidence["epoch"] + AFTER
        return loss_line(facts, title, last=last, band=(None, float(loss[0])))
    if "swings" in problem:
        return loss_line(facts, "The loss swings from epoch to epoch.", last=len(loss))
    return loss_line(facts, "The loss ends in no finite number.", last=evidence["epoch"])


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
    drawing=drawing,
)
