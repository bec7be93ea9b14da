"""What a person sets up: which tasks, who races, which learning rates, how many seeds.

A setup makes one plan for each task, and fits into a link. No TensorFlow is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from overfit_core import link
from overfit_core.charts.status import task_title
from overfit_core.comparison.target import Target, checked_target, memorised_by
from overfit_core.errors import LinkCodeError, Problem, SpecError, unknown
from overfit_core.limits import LIMITS
from overfit_core.optimizers import LEARNING_RATE, OPTIMIZERS
from overfit_core.presets import PRESETS
from overfit_core.racing.names import entrant_name
from overfit_core.racing.plan import (
    HIGHEST_RATE,
    LOWEST_RATE,
    MAX_OPTIMIZERS,
    MAX_RATES,
    MAX_SEEDS,
    USUAL_SEEDS,
    Entrant,
    RacePlan,
    bare,
    different,
    rate_grid,
)
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.validation import checked

MAX_TASKS = 8
FIRST_TASK = "article-2"
FIRST_RATES = 13
"""Two to each decade of the usual grid, both ends included."""
FIRST_OPTIMIZERS = ("SGD", "SGD-momentum", "RMSprop", "Adam", "AdamW", "Nadam", "Adagrad", "Lion")

ENTRANTS = MappingProxyType(
    {
        **{name: OptimizerSpec(name=name) for name in OPTIMIZERS},
        "SGD-momentum": OptimizerSpec(name="SGD", arguments={"momentum": 0.9}),
        "SGD-Nesterov": OptimizerSpec(name="SGD", arguments={"momentum": 0.9, "nesterov": True}),
    }
)
"""Who may race, by id: every optimizer as Keras has it, and SGD with momentum."""

_Rate = Annotated[float, Field(ge=LEARNING_RATE.minimum, le=LEARNING_RATE.maximum)]


def _read(task: object) -> object:
    return RunSpec.load(task) if isinstance(task, dict) else task


def _known(task: str | RunSpec) -> str | RunSpec:
    if isinstance(task, str) and task not in PRESETS:
        raise ValueError(unknown("preset", task, PRESETS))
    return task


def _possible(target: Target | None) -> Target | None:
    return None if target is None else checked_target(target.kind, target.value)


def by_name(optimizers: Iterable[OptimizerSpec]) -> dict[str, OptimizerSpec]:
    """Return optimizers by what they are called, as they race."""
    return {entrant_name(one): bare(one) for one in optimizers}


Task = Annotated[str | RunSpec, BeforeValidator(_read), AfterValidator(_known)]


class RaceSetup(BaseModel):
    """The same race over one task or several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Annotated[tuple[Task, ...], AfterValidator(different)] = Field(
        default=(FIRST_TASK,),
        min_length=1,
        max_length=MAX_TASKS,
        description="What is fitted: ids of presets, or settings of a run.",
    )
    optimizers: Annotated[tuple[Entrant, ...], AfterValidator(different)] = Field(
        default=tuple(ENTRANTS[name] for name in FIRST_OPTIMIZERS),
        min_length=1,
        max_length=MAX_OPTIMIZERS,
        description="Who races.",
    )
    lowest: _Rate = Field(default=LOWEST_RATE, description="The smallest learning rate.")
    highest: _Rate = Field(default=HIGHEST_RATE, description="The largest learning rate.")
    rates: int = Field(
        default=FIRST_RATES,
        ge=1,
        le=MAX_RATES,
        description="Learning rates for each optimizer, evenly spaced by their logarithm.",
    )
    seeds: int = Field(
        default=USUAL_SEEDS, ge=1, le=MAX_SEEDS, description="Initial weights for each of these."
    )
    epochs: int | None = Field(
        default=None, ge=1, le=LIMITS.epochs, description="Of each run; empty: as the task has it."
    )
    target: Annotated[Target | None, AfterValidator(_possible)] = Field(
        default=None, description="What is to reach; empty: memorised, as each task has it."
    )
    defaults: bool = Field(
        default=True, description="Whether Keras's default learning rates are tried as well."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.lowest > self.highest or (self.lowest == self.highest and self.rates > 1):
            message = (
                f"the largest learning rate is {self.highest:g}. It must be above the smallest, "
                f"{self.lowest:g}."
            )
            raise SpecError([Problem(("highest",), message, self.highest)])
        return self

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for place, spec in enumerate(self.specs):
            if spec in self.specs[:place]:
                message = f"{self.titles[place]!r} is there twice. Leave one out."
                raise SpecError([Problem(("tasks",), message, self.tasks[place])])
        if len(set(self.grid)) < self.rates:
            message = (
                f"{self.rates} learning rates of three digits do not fit between {self.lowest:g} "
                f"and {self.highest:g}. Take fewer, or a wider grid."
            )
            raise SpecError([Problem(("rates",), message, self.rates)])
        return self

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Return the setup that ``data`` describes, checked.

        Raises:
            SpecError: With a problem for each thing that is wrong.
        """
        return checked(cls, data)

    def link_code(self) -> str:
        """Return it as a short text that fits into an address."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        if "tasks" in data:
            data["tasks"] = [
                task if isinstance(task, str) else task.changed_settings() for task in self.tasks
            ]
        return link.encode(data)

    @classmethod
    def from_link_code(cls, code: str) -> Self:
        """Return what ``link_code`` wrote, checked.

        Raises:
            LinkCodeError: If the code is damaged, or not one of ours.
            SpecError: If it holds something that is no setup.
        """
        data = link.decode(code)
        if "batch" in data or "model" in data:
            raise LinkCodeError("this is the link code of a run, not that of a race.")
        return cls.load(data)

    @classmethod
    def of(cls, plans: Sequence[RacePlan]) -> Self:
        """Return a setup that makes these plans again, as far as there is one.

        Args:
            plans: Of one race, or of all that were started together.
        """
        first = plans[0]
        found = cls(
            tasks=_tasks([plan.spec for plan in plans]),
            optimizers=first.optimizers,
            seeds=len(first.seeds),
            defaults=first.defaults,
            **_grid(first.learning_rates),
        )
        epochs = {plan.spec.training.epochs for plan in plans}
        targets = {plan.target for plan in plans}
        usual = [plan.target == memorised_by(plan.spec) for plan in plans]
        changed: dict[str, object] = {}
        if len(epochs) == 1 and [spec.training.epochs for spec in found.specs] != [*epochs]:
            changed["epochs"] = epochs.pop()
        if len(targets) == 1 and not all(usual):
            changed["target"] = targets.pop()
        return found.model_copy(update=changed)

    @property
    def specs(self) -> tuple[RunSpec, ...]:
        """The settings of each task, with the epochs that were asked for."""
        found = [PRESETS[task].spec if isinstance(task, str) else task for task in self.tasks]
        if self.epochs is None:
            return tuple(found)
        training = {"epochs": self.epochs}
        return tuple(
            spec.model_copy(update={"training": spec.training.model_copy(update=training)})
            for spec in found
        )

    @property
    def grid(self) -> tuple[float, ...]:
        """The learning rates, rising; one alone is the geometric mean of the ends."""
        if self.lowest == self.highest:
            return (self.lowest,)
        return rate_grid(self.rates, self.lowest, self.highest)

    @property
    def titles(self) -> tuple[str, ...]:
        """What each task is called, in as many characters as a name may have."""
        names = [
            PRESETS[task].title if isinstance(task, str) else task.name or task_title(task)
            for task in self.tasks
        ]
        most = LIMITS.name_length
        return tuple(name if len(name) <= most else f"{name[: most - 1]}…" for name in names)

    def plans(self) -> tuple[RacePlan, ...]:
        """Return the race of each task.

        Raises:
            SpecError: If a task does not take so many epochs.
        """
        return tuple(
            RacePlan.of(
                RunSpec.load(spec.model_dump(mode="json")),
                optimizers=self.optimizers,
                learning_rates=self.grid,
                seeds=self.seeds,
                target=self.target or memorised_by(spec),
                defaults=self.defaults,
            )
            for spec in self.specs
        )


def _task(spec: RunSpec) -> str | RunSpec:
    """Return the preset with these settings, whatever its epochs, or else the settings."""
    for preset in PRESETS.values():
        epochs = {"epochs": spec.training.epochs}
        training = preset.spec.training.model_copy(update=epochs)
        if preset.spec.model_copy(update={"training": training}) == spec:
            return preset.id
    return spec


def _tasks(specs: Sequence[RunSpec]) -> tuple[str | RunSpec, ...]:
    """Return each as a preset if it is one, but a preset once: others differ in their epochs."""
    tasks: list[str | RunSpec] = []
    for spec in specs:
        task = _task(spec)
        tasks.append(spec if task in tasks else task)
    return tuple(tasks)


def _grid(rates: Sequence[float]) -> dict[str, Any]:
    return {"lowest": rates[0], "highest": rates[-1], "rates": len(rates)}
