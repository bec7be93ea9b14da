"""How long a race takes, and whether a place that many share has room for it. No Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overfit_core.charts.numbers import count
from overfit_core.charts.numbers import estimate as said_time
from overfit_core.errors import Problem, SpecError
from overfit_core.models.costs import RUN, compile_seconds, epoch_seconds, model_seconds
from overfit_core.models.summary import summarise
from overfit_core.racing.plan import RacePlan
from overfit_core.racing.reference import why_no_reference

EVALUATION, EVALUATION_PARAMETER = 5e-4, 6.5e-8
"""Seconds that a call of TensorFlow and SciPy add to each evaluation of the reference."""
MANY_EVALUATIONS = 400
"""The reference seldom makes more before it can go no further."""


@dataclass(frozen=True)
class Estimate:
    """What a race asks for.

    Attributes:
        runs: How many there are, those of the reference among them.
        reference: How many of them are the reference's.
        epochs: Of each of the others; the most of them, where the tasks differ.
        alike: Whether all of these have that many.
        work: Runs x epochs x parameters x samples.
        seconds: About how long it takes, compiling included, if every run goes on to its last
            epoch: within a factor of two on the machine that ``costs`` was measured on.
    """

    runs: int
    reference: int
    epochs: int
    alike: bool
    work: int
    seconds: float

    def sentence(self) -> str:
        """Return it in words.

        ``525 runs: 520 of 500 epochs and 5 of L-BFGS for comparison, about 12 s.``
        """
        runs, own = count(self.runs, "run"), self.runs - self.reference
        said = f"of {'' if self.alike else 'up to '}{count(self.epochs, 'epoch')}"
        if self.reference:
            said = f": {own:,} {said} and {self.reference:,} of L-BFGS for comparison"
        else:
            said = f" {said}"
        return f"{runs}{said}, {said_time(self.seconds)}."


def estimate(plans: RacePlan | Sequence[RacePlan], workers: int) -> Estimate:
    """Return what a race asks for, or all of a set of them.

    Args:
        plans: The race, or those that start together.
        workers: How many processes share the optimizers, at least 1; each takes the next one when
            it is free.

    Raises:
        ValueError: If there is no worker.
    """
    if workers < 1:
        raise ValueError(f"A race needs at least one worker, got {workers}.")
    every = [plans] if isinstance(plans, RacePlan) else list(plans)
    busy = [0.0] * workers
    for plan in every:
        for seconds in group_seconds(plan):
            busy[busy.index(min(busy))] += seconds
    epochs = {plan.spec.training.epochs for plan in every}
    return Estimate(
        runs=sum(plan.runs + reference_runs(plan) for plan in every),
        reference=sum(map(reference_runs, every)),
        epochs=max(epochs, default=0),
        alike=len(epochs) == 1,
        work=sum(map(race_work, every)),
        seconds=max(busy),
    )


def estimate_line(plans: Sequence[RacePlan], workers: int) -> str:
    """Return what races that start together ask for, in a sentence; see ``estimate``."""
    return estimate(plans, max(workers, 1)).sentence()


def group_seconds(plan: RacePlan) -> Iterator[float]:
    """Yield about how long each optimizer takes with all its runs, and the reference last."""
    spec, seeds = plan.spec, len(plan.seeds)
    for place, optimizer in enumerate(plan.optimizers):
        runs = seeds * len(plan.rates(place))
        yield (
            compile_seconds(spec, optimizer)
            + seeds * model_seconds(spec)
            + runs * (RUN + spec.training.epochs * epoch_seconds(spec, optimizer))
        )
    if reference_runs(plan):
        training = spec.training.model_copy(update={"dtype": "float64"})
        double = spec.model_copy(update={"training": training})
        evaluations = min(spec.training.epochs, MANY_EVALUATIONS)
        besides = EVALUATION + summarise(spec).trainable_parameters * EVALUATION_PARAMETER
        fit = evaluations * (epoch_seconds(double) + besides)
        yield compile_seconds(double) + seeds * (model_seconds(spec) + fit)


def reference_runs(plan: RacePlan) -> int:
    """Return how many runs SciPy's L-BFGS makes beside the optimizers': one a seed, if it can."""
    return len(plan.seeds) if why_no_reference(plan.spec) is None else 0


def race_work(plan: RacePlan) -> int:
    """Return runs x epochs x parameters x samples, held-out samples included.

    Those of the reference count as the others do: it may make as many evaluations as they have
    epochs.
    """
    spec, runs = plan.spec, plan.runs + reference_runs(plan)
    samples = spec.batch.samples + spec.batch.held_out
    return runs * spec.training.epochs * summarise(spec).parameters * samples


def check_race_work(plans: Sequence[RacePlan], limit: float | None) -> None:
    """Check that a race is small enough for a place that many people share.

    Args:
        plans: Those that start together count as one.
        limit: The most that runs x epochs x parameters x samples may be; None allows all.

    Raises:
        SpecError: If they are larger.
    """
    work = sum(map(race_work, plans))
    if limit is not None and work > limit:
        message = (
            f"the race takes {work:,} (runs x epochs x parameters x samples); here a race may take "
            f"{limit:,.0f}. Take fewer seeds, learning rates, optimizers or epochs."
        )
        raise SpecError([Problem(("seeds",), message, work)])
