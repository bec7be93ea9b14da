"""What a race is: which optimizers, which learning rates, which seeds, on which batch, and to what.

No TensorFlow is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from overfit_core.charts.status import task_title
from overfit_core.comparison.target import Target, checked_target, memorised_by
from overfit_core.errors import Problem, SpecError
from overfit_core.optimizers import LEARNING_RATE, OPTIMIZERS
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.validation import checked

MAX_OPTIMIZERS = 14
MAX_RATES = 36
MAX_SEEDS = 20
LOWEST_RATE, HIGHEST_RATE = 1e-5, 10.0
"""Ends of the usual grid: between them lie the best rates of all of Keras's optimizers."""
USUAL_RATES = 16
USUAL_SEEDS = 5
REFERENCE = -1
"""The place of SciPy's L-BFGS, which the plan does not list: ``Member(REFERENCE, 1.0, seed)``."""

Rate = Annotated[float, Field(ge=LEARNING_RATE.minimum, le=LEARNING_RATE.maximum)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def different(things: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the same things, if none of them is there twice.

    Raises:
        ValueError: With the one that is.
    """
    for place, one in enumerate(things):
        if one in things[:place]:
            said = one.name if isinstance(one, OptimizerSpec) else one
            raise ValueError(f"{said} is there twice. Leave one out.")
    return things


def bare(optimizer: OptimizerSpec) -> OptimizerSpec:
    """Return an optimizer as it races: without a learning rate and a schedule of its own."""
    return OptimizerSpec(name=optimizer.name, arguments=optimizer.arguments)


def _rising(rates: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(different(rates)))


def _possible(target: Target) -> Target:
    return checked_target(target.kind, target.value)


Entrant = Annotated[OptimizerSpec, AfterValidator(bare)]
"""An optimizer that races."""


class Member(NamedTuple):
    """One run of a race.

    Attributes:
        optimizer: Place of its optimizer in the plan, from 0.
        learning_rate: Its learning rate.
        seed: What its initial weights are drawn with.
    """

    optimizer: int
    learning_rate: float
    seed: int


class RacePlan(BaseModel):
    """Every optimizer with every learning rate and every seed, on one batch.

    Each optimizer is given the same number of learning rates, and starts from the same initial
    weights for the same seed: an equal budget for tuning, as Dahl et al. (2023, "Benchmarking
    Neural Network Training Algorithms") and Choi et al. (2019, "On Empirical Comparisons of
    Optimizers for Deep Learning") ask for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: RunSpec = Field(description="Batch, network and training; its optimizer does not race.")
    optimizers: Annotated[tuple[Entrant, ...], AfterValidator(different)] = Field(
        min_length=1,
        max_length=MAX_OPTIMIZERS,
        description="Who races; the learning rate of each is that of its run, without a schedule.",
    )
    learning_rates: Annotated[tuple[Rate, ...], AfterValidator(_rising)] = Field(
        min_length=1, max_length=MAX_RATES, description="Tried with each optimizer, rising."
    )
    seeds: Annotated[tuple[Seed, ...], AfterValidator(different)] = Field(
        min_length=1, max_length=MAX_SEEDS, description="Initial weights are drawn with each."
    )
    target: Annotated[Target, AfterValidator(_possible)] = Field(description="What is to reach.")
    defaults: bool = Field(
        default=True,
        description="Whether each optimizer is also tried with Keras's default learning rate.",
    )

    @model_validator(mode="after")
    def _measured(self) -> Self:
        usual = memorised_by(self.spec)
        if self.target.kind not in ("loss", usual.kind):
            asked, own = self.target.measure.label, usual.measure.label
            message = (
                f"{asked} is not measured on {task_title(self.spec)!r}, which has {own} in its "
                f"place. Take a loss or {own} as the target."
            )
            raise SpecError([Problem(("target",), message, self.target.kind)])
        return self

    @classmethod
    def of(
        cls,
        spec: RunSpec,
        *,
        optimizers: Iterable[str | OptimizerSpec],
        learning_rates: int | Sequence[float] = USUAL_RATES,
        seeds: int | Sequence[int] = USUAL_SEEDS,
        target: Target,
        defaults: bool = True,
    ) -> Self:
        """Return a plan as people write it; see ``race`` for the arguments.

        Raises:
            SpecError: With a problem for each thing that is wrong.
        """
        rates = learning_rates
        named = [{"name": one} if isinstance(one, str) else one for one in optimizers]
        return cls.load(
            {
                "spec": spec,
                "optimizers": named,
                "learning_rates": rate_grid(rates) if isinstance(rates, int) else tuple(rates),
                "seeds": tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds),
                "target": target,
                "defaults": defaults,
            }
        )

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Return the plan that ``data`` describes, checked.

        Raises:
            SpecError: With a problem for each thing that is wrong.
        """
        return checked(cls, data)

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return sum(len(self.rates(place)) for place in range(len(self.optimizers))) * len(
            self.seeds
        )

    def default_rate(self, optimizer: int) -> float:
        """Return the learning rate that Keras gives an optimizer, by its place, by default."""
        return OPTIMIZERS[self.optimizers[optimizer].name].learning_rate

    def rates(self, optimizer: int) -> tuple[float, ...]:
        """Return the learning rates that an optimizer is tried with, rising.

        Args:
            optimizer: Its place.
        """
        usual = (self.default_rate(optimizer),) if self.defaults else ()
        return tuple(sorted({*self.learning_rates, *usual}))

    def members(self, optimizer: int | None = None) -> Iterator[Member]:
        """Return the runs in the order in which they are trained.

        A seed comes with all learning rates before the next one does: a race that is ended early
        has tried the whole grid.

        Args:
            optimizer: Only those of this one, by its place.
        """
        places = range(len(self.optimizers)) if optimizer is None else [optimizer]
        for place in places:
            for seed in self.seeds:
                for rate in self.rates(place):
                    yield Member(place, rate, seed)

    def spec_of(self, member: Member) -> RunSpec:
        """Return the settings of one of the runs, which trained alone gives the same."""
        named = self.optimizers[member.optimizer]
        optimizer = OptimizerSpec(
            name=named.name, learning_rate=member.learning_rate, arguments=named.arguments
        )
        probes = {"seed": member.seed, "probes": (), "stop_when_memorised": False}
        training = self.spec.training.model_copy(update=probes)
        return self.spec.model_copy(update={"optimizer": optimizer, "training": training})


def rate_grid(
    count: int = USUAL_RATES, lowest: float = LOWEST_RATE, highest: float = HIGHEST_RATE
) -> tuple[float, ...]:
    """Return learning rates evenly spaced by their logarithm, each with three digits.

    Args:
        count: How many, 1 to 36; one alone is the geometric mean of the ends.
        lowest: The first of them, > 0.
        highest: The last of them, above the first.

    Raises:
        ValueError: If there can be no such grid.
    """
    if not 1 <= count <= MAX_RATES:
        raise ValueError(f"A grid has 1 to {MAX_RATES} learning rates, not {count}.")
    if not 0 < lowest < highest:
        raise ValueError(f"A grid rises from a rate above 0, not from {lowest:g} to {highest:g}.")
    if count == 1:
        return (float(f"{np.sqrt(lowest * highest):.3g}"),)
    return tuple(float(f"{rate:.3g}") for rate in np.geomspace(lowest, highest, count))
