"""``race_tasks``: the same race over several tasks, and how each optimizer does on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from overfit_core.comparison.target import Target, memorised_by
from overfit_core.errors import SpecError, unknown
from overfit_core.racing.plan import USUAL_RATES, USUAL_SEEDS, RacePlan
from overfit_core.racing.profiles import (
    Pace,
    ProfileCurve,
    Tuning,
    curves_of,
    is_whole,
    task_times,
)
from overfit_core.racing.racing import RaceResult, raced
from overfit_core.racing.results import RaceRun
from overfit_core.racing.scores import performance_profile

if TYPE_CHECKING:
    from overfit_core.spec import OptimizerSpec, RunSpec
    from overfit_core.training.history import History

OnTaskRun = Callable[[str, RaceRun, "History"], None]


@dataclass
class TasksResult:
    """What came of the same race over several tasks, as far as it went.

    Attributes:
        results: The race of each task by its name, in their order; without runs where its turn
            did not come.
    """

    results: dict[str, RaceResult] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every run of every task is there, to its end."""
        return all(result.complete for result in self.results.values())

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that count: those on which every optimizer had all its turns."""
        return tuple(
            name for name, result in self.results.items() if is_whole(result.plan, result.scores())
        )

    def times(self, tuning: Tuning = "tuned", measure: Pace = "epochs") -> dict[str, list[float]]:
        """Return what each optimizer takes to the target on each task that counts.

        Args:
            tuning: ``tuned`` takes the best learning rate of the grid, ``default`` Keras's own.
            measure: Epochs, or seconds without those of compiling.

        Returns:
            By the optimizer's name, in the order of ``tasks``: medians over the seeds, infinite
            for a miss.

        Raises:
            ValueError: If ``default`` is asked of a race that did not try those rates.
        """
        races = [(result.plan, result.scores()) for result in self.results.values()]
        return task_times(races, tuning, measure)

    def profile(
        self, ratios: Sequence[float], tuning: Tuning = "tuned", measure: Pace = "epochs"
    ) -> dict[str, list[float]]:
        """Return on what share of the tasks each optimizer is within τ of the fastest.

        Args:
            ratios: τ, each at least 1.
            tuning: As for ``times``.
            measure: As for ``times``.

        Returns:
            By the optimizer's name, a share from 0 to 1 for each ratio; empty where no task
            counts.

        Raises:
            ValueError: If a ratio is below 1, or as ``times`` does.
        """
        times = self.times(tuning, measure)
        if not self.tasks:
            return {}
        shares = [performance_profile(times, ratio) for ratio in ratios]
        return {name: [share[name] for share in shares] for name in times}

    def curves(self, tuning: Tuning = "tuned", measure: Pace = "epochs") -> dict[str, ProfileCurve]:
        """Return the same profiles whole, with every step where it is.

        Raises:
            ValueError: As ``times`` does.
        """
        return curves_of(self.times(tuning, measure))


def race_tasks(
    tasks: Mapping[str, RunSpec],
    *,
    optimizers: Iterable[str | OptimizerSpec],
    learning_rates: int | Sequence[float] = USUAL_RATES,
    seeds: int | Sequence[int] = USUAL_SEEDS,
    target: Target | Mapping[str, Target] | None = None,
    defaults: bool = True,
    on_run: OnTaskRun = lambda _task, _run, _history: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TasksResult:
    """Hold the same race over several pairs of batch and network.

    One task says how fast an optimizer fits that one; a performance profile over several says how
    often it is the fastest, and how far behind it is elsewhere. What is measured is the speed of
    fitting one batch, not generalisation.

    Args:
        tasks: Batch, network, epochs and precision of each, by name.
        optimizers: As for ``race``, the same for all tasks.
        learning_rates: As for ``race``, the same for all tasks.
        seeds: As for ``race``, the same for all tasks.
        target: What is to reach: one for all, or by the task's name. None, as for tasks that are
            not named: memorised, which is every sample right, or an R² of 0.99.
        defaults: Whether to try each optimizer with Keras's default learning rate as well.
        on_run: Told the task's name, each run and its history, as it ends.
        should_stop: Asked about ten times a second; True ends it all, and what is there stays.

    Returns:
        The race of each task. Histories are given to ``on_run`` alone.

    Raises:
        SpecError: If something of this is out of range, or does not fit together; before anything
            is trained.
        ModelError: If Keras cannot train a network.
    """
    found = _targets(tasks, target)
    racers = tuple(optimizers)
    plans = {
        name: RacePlan.of(
            spec,
            optimizers=racers,
            learning_rates=learning_rates,
            seeds=seeds,
            target=found[name],
            defaults=defaults,
        )
        for name, spec in tasks.items()
    }
    result = TasksResult({name: RaceResult(plan) for name, plan in plans.items()})
    for name, plan in plans.items():
        result.results[name] = raced(plan, partial(on_run, name), should_stop)
        if not result.results[name].complete:
            break
    return result


def _targets(
    tasks: Mapping[str, RunSpec], target: Target | Mapping[str, Target] | None
) -> dict[str, Target]:
    """Return what each task is to reach."""
    if not tasks:
        raise SpecError("there is no task to race on. Name at least one.")
    named = dict.fromkeys(tasks, target) if isinstance(target, Target) else target or {}
    for name in named:
        if name not in tasks:
            raise SpecError(unknown("task", name, tasks))
    return {name: named.get(name) or memorised_by(spec) for name, spec in tasks.items()}
