"""Performance profiles: one race over several tasks, each optimizer beside the fastest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from overfit_core.comparison.scores import MISSED
from overfit_core.racing.names import optimizer_names

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import Cell, OptimizerScore
    from overfit_core.training.types import FloatArray

Tuning = Literal["tuned", "default"]
"""Which learning rate counts: the best of the grid, or the one that Keras gives by default."""
Pace = Literal["epochs", "seconds"]
Scored: TypeAlias = "tuple[RacePlan, Sequence[OptimizerScore]]"
"""A race with what ``optimizer_scores`` says of it."""


class ProfileCurve(NamedTuple):
    """On what share of the tasks an optimizer is within some ratio of the fastest.

    Between two ratios the share is that of the lower one: the curve is a step function.

    Attributes:
        ratios: τ, shape ``(steps,)``, rising; the first is 1, the last is the same for every
            optimizer: the largest ratio at which anybody's share still rises.
        shares: From 0 to 1, never falling, shape ``(steps,)``.
    """

    ratios: FloatArray
    shares: FloatArray


def is_whole(plan: RacePlan, scores: Sequence[OptimizerScore]) -> bool:
    """Tell whether every optimizer has had its turn with every learning rate and seed.

    Where one has not, its best of fewer rates would stand beside the others' best of all.
    """
    defaults = [score.default for score in scores]
    cells = [cell for score in scores for cell in score.cells]
    if plan.defaults:
        cells += [cell for cell in defaults if cell is not None]
    return (
        len(scores) == len(plan.optimizers)
        and all(len(score.cells) == len(plan.learning_rates) for score in scores)
        and not (plan.defaults and None in defaults)
        and all(len(cell.runs) == len(plan.seeds) for cell in cells)
    )


def whole_tasks(races: Sequence[Scored]) -> int:
    """Return how many of the races count in a profile; see ``is_whole``."""
    return sum(is_whole(plan, scores) for plan, scores in races)


def task_times(
    races: Sequence[Scored], tuning: Tuning = "tuned", measure: Pace = "epochs"
) -> dict[str, list[float]]:
    """Return what each optimizer takes to the target on each task.

    Args:
        races: One for each task, with the same optimizers in the same order: the plan, and its
            scores from ``optimizer_scores``. Those that are not whole are left out.
        tuning: Which learning rate counts; see ``Tuning``.
        measure: What is counted.

    Returns:
        By name, for each task that is whole: the median over the seeds, infinite for a miss.

    Raises:
        ValueError: If the optimizers differ, or ``default`` is asked of a race without the
            default learning rates.
    """
    if not races:
        return {}
    first = races[0][0]
    for plan, _ in races:
        if plan.optimizers != first.optimizers:
            raise ValueError("A profile compares the same optimizers, in the same order, on all.")
        if tuning == "default" and not _tries_defaults(plan):
            raise ValueError(
                "This race did not try the default learning rates: ask for defaults=True."
            )
    whole = [scores for plan, scores in races if is_whole(plan, scores)]
    return {
        name: [_time(scores[place], tuning, measure) for scores in whole]
        for place, name in enumerate(optimizer_names(first))
    }


def _tries_defaults(plan: RacePlan) -> bool:
    places = range(len(plan.optimizers))
    return all(plan.default_rate(place) in plan.rates(place) for place in places)


def _time(score: OptimizerScore, tuning: Tuning, measure: Pace) -> float:
    cell: Cell | None = score.best if tuning == "tuned" else score.default
    if cell is None:
        return MISSED
    return float((cell.epochs if measure == "epochs" else cell.seconds).median)


def profile_curves(
    races: Sequence[Scored], tuning: Tuning = "tuned", measure: Pace = "epochs"
) -> dict[str, ProfileCurve]:
    """Return the performance profile of each optimizer, by name, whole.

    Arguments and errors are those of ``task_times``. Empty where no task is whole.
    """
    return curves_of(task_times(races, tuning, measure))


def curves_of(times: Mapping[str, Sequence[float]]) -> dict[str, ProfileCurve]:
    """Return performance profiles with every step where it is.

    Dolan and Moré 2002, "Benchmarking Optimization Software with Performance Profiles",
    equation 2.1; ``scores.performance_profile`` gives the same at one ratio.

    Args:
        times: By name, the epochs or seconds to the target on each task, in one order; infinite
            for a miss, which counts as no task, whoever else missed it.

    Returns:
        By name; empty without a task.

    Raises:
        ValueError: If the numbers of tasks differ.
    """
    if len({len(row) for row in times.values()}) > 1:
        raise ValueError("Each optimizer needs a time for each task, infinite for a miss.")
    rows = np.array(list(times.values()), float)
    if not rows.size:
        return {}
    reached, fastest = np.isfinite(rows), np.broadcast_to(rows.min(axis=0), rows.shape)
    # Not 0 / 0 where the fastest took no time that a clock could tell.
    level = reached & (rows == fastest)
    ratios = np.divide(rows, fastest, out=np.ones_like(rows), where=reached & ~level)
    last = float(ratios[reached].max(initial=1.0))
    return {
        name: _curve(ratios[place][reached[place]], rows.shape[1], last)
        for place, name in enumerate(times)
    }


def _curve(ratios: FloatArray, tasks: int, last: float) -> ProfileCurve:
    steps = np.unique([1.0, *ratios, last])
    within = np.searchsorted(np.sort(ratios), steps, side="right")
    return ProfileCurve(steps, within / tasks)
