"""``race``: a whole race in this process, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from overfit_core.comparison.target import DEFAULT_TARGET, Target
from overfit_core.racing.plan import USUAL_RATES, USUAL_SEEDS, RacePlan
from overfit_core.racing.results import RaceRun
from overfit_core.racing.scores import OptimizerScore, optimizer_scores

if TYPE_CHECKING:
    from overfit_core.spec import OptimizerSpec, RunSpec
    from overfit_core.training.history import History

OnRun = Callable[[RaceRun, "History"], None]


@dataclass
class RaceResult:
    """What came of a race, as far as it went.

    Attributes:
        plan: The race.
        runs: Those that have ended, in the order of their end.
    """

    plan: RacePlan
    runs: list[RaceRun] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every run is there, to its end."""
        return len(self.runs) == self.plan.runs and not any(run.stopped for run in self.runs)

    def scores(self) -> list[OptimizerScore]:
        """Return how each optimizer did, in the order of the plan; runs cut short do not count."""
        return optimizer_scores(self.plan, (run for run in self.runs if not run.stopped))


def race(
    spec: RunSpec,
    *,
    optimizers: Iterable[str | OptimizerSpec],
    learning_rates: int | Sequence[float] = USUAL_RATES,
    seeds: int | Sequence[int] = USUAL_SEEDS,
    target: Target = DEFAULT_TARGET,
    defaults: bool = True,
    on_run: OnRun = lambda _run, _history: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RaceResult:
    """Train every optimizer with every learning rate and every seed on one batch, and score them.

    For one seed all of them start from the same initial weights, on the same batch. All runs of an
    optimizer are trained by one compiled program; each gives what it would give alone, bit by bit.
    What is measured is the speed of fitting one batch, not generalisation.

    Args:
        spec: Batch, network, epochs and precision; its optimizer and seed do not race.
        optimizers: 1 to 14, by name or with arguments; their learning rates and schedules are
            left aside.
        learning_rates: 1 to 36 for each optimizer; a number takes so many from 1e-5 to 10, evenly
            spaced by their logarithm.
        seeds: 1 to 20; a number takes 0, 1, ….
        target: What is to reach.
        defaults: Whether to try each optimizer with Keras's default learning rate as well.
        on_run: Told each run with its history, as it ends.
        should_stop: Asked about ten times a second; True ends the race, and what is there stays.

    Returns:
        The runs, scored. Histories are given to ``on_run`` alone.

    Raises:
        SpecError: If something of this is out of range, or does not fit together.
        ModelError: If Keras cannot train the network.
    """
    plan = RacePlan.of(
        spec,
        optimizers=optimizers,
        learning_rates=learning_rates,
        seeds=seeds,
        target=target,
        defaults=defaults,
    )
    return raced(plan, on_run, should_stop)


def raced(plan: RacePlan, on_run: OnRun, should_stop: Callable[[], bool]) -> RaceResult:
    """Train every run of a plan; see ``race``."""
    from overfit_core.racing.running import run_members

    result = RaceResult(plan)
    for trained in run_members(plan, plan.members(), should_stop):
        result.runs.append(trained.run)
        on_run(trained.run, trained.history)
    return result
