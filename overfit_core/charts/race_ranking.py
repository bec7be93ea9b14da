"""Whether tuning changes who is first, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.charts.numbers import count
from overfit_core.racing.profiles import is_whole

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import OptimizerScore


def defaults_sentence(
    plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str]
) -> str:
    """Return whether the ranking depends on tuning, in a sentence or two.

    The ranking changes if some optimizer is strictly faster than another with Keras's default
    learning rates, and strictly slower with the best of the grid.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``; those without the default rate are left out.
        names: Of all optimizers of the plan, in its order.
    """
    both = [score for score in scores if score.default is not None]
    if len(both) < 2:
        return "Defaults and tuned rates are compared once two optimizers have tried both."
    usual = {score.optimizer: default_epochs(score) for score in both}
    tuned = {score.optimizer: float(score.best.epochs.median) for score in both}
    best = f"the best of {count(len(plan.learning_rates), 'learning rate')} each"
    said = _said(_first(usual, names), _first(tuned, names), best, _swapped(usual, tuned))
    return said if is_whole(plan, scores) else f"So far, {said[0].lower()}{said[1:]}"


def _said(usual: str, tuned: str, best: str, swapped: bool) -> str:
    """Return the sentence for who is first with the default rates, and who with the best ones."""
    if not tuned:
        return "No optimizer reaches the target with the best of its learning rates."
    if not usual:
        return (
            "No optimizer reaches the target with Keras’s default learning rate. "
            f"With {best}, {tuned} the fastest."
        )
    if usual != tuned:
        change = "The ranking changes" if swapped else "The ranking changes by ties only"
        return (
            f"{change}. With Keras’s default learning rates {usual} the fastest, "
            f"with {best} {tuned}."
        )
    change = "The ranking changes, but not its head" if swapped else "The ranking stays"
    return f"{change}. {usual} the fastest with Keras’s default learning rates and with {best}."


def _first(epochs: dict[int, float], names: Sequence[str]) -> str:
    """Return ``Adam is``, who needs the fewest epochs; empty if nobody reaches the target."""
    fewest = min(epochs.values())
    who = [names[place] for place, needed in epochs.items() if needed == fewest < math.inf]
    return f"{' and '.join(who)} {'are' if len(who) > 1 else 'is'}" if who else ""


def _swapped(usual: dict[int, float], tuned: dict[int, float]) -> bool:
    return any(
        usual[one] < usual[other] and tuned[one] > tuned[other] for one in usual for other in usual
    )


def default_epochs(score: OptimizerScore) -> float:
    """Return the median epochs to the target with Keras's default rate; a miss is infinite."""
    return math.inf if score.default is None else float(score.default.epochs.median)
