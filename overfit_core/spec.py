"""What a run is: a batch, a model, an optimizer and a training, each with its limits.

A `RunSpec` is plain data: it can be checked, stored, sent and compared without
TensorFlow. `RunSpec()` is the article's second example.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from overfit_core import link
from overfit_core.batches.checks import batch_problems
from overfit_core.errors import LinkCodeError, Problem, SpecError, shown
from overfit_core.fit import check_parts_fit
from overfit_core.limits import LIMITS
from overfit_core.models.catalogue import Activation, Initializer
from overfit_core.models.layers import Dense, Layer
from overfit_core.models.layers.weights import Trainable
from overfit_core.optimizers import LEARNING_RATE, OPTIMIZERS, Value, check_arguments
from overfit_core.schedules import Constant, Schedule
from overfit_core.spec_hash import LATER, settings_hash
from overfit_core.validation import checked

ProbeName = Literal[
    "gradient_norm", "weight_norm", "update_ratio", "dead_share", "saturated_share", "samples"
]
PROBES: tuple[ProbeName, ...] = get_args(ProbeName)
"""What can be measured while a run goes on, beyond loss and accuracy."""

MAX_GROUP = 12
"""Runs that start together at most."""

Count = Annotated[int, Field(strict=True)]
Seed = Annotated[int, Field(strict=True, ge=0, le=LIMITS.seed)]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=LIMITS.name_length, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BatchSpec(_Part):
    """Where the batch comes from. None means the source's own default."""

    source: str = Field(default="article", description="Where the samples come from.")
    samples: Count = Field(
        default=4, ge=1, le=LIMITS.samples, description="Samples in the batch that is memorised."
    )
    seed: Seed = Field(default=0, description="Draws the samples; the same seed, the same batch.")
    scaling: Literal["none", "standard", "min-max"] = Field(
        default="none", description="How the inputs are scaled, fitted on the batch."
    )
    label_noise: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Share of the labels that is drawn anew at random."
    )
    contradictions: Annotated[Count, LATER] = Field(
        default=0,
        ge=0,
        le=LIMITS.samples // 2,
        description="Samples that repeat another sample's input with a different label.",
    )
    held_out: Count = Field(
        default=0,
        ge=0,
        le=LIMITS.held_out,
        description="Samples that are never trained on; 0 = none.",
    )
    noise: float | None = Field(
        default=None, description="Noise in the samples, as the source has it."
    )
    classes: Count | None = Field(default=None, description="Number of classes.")
    features: Count | None = Field(default=None, description="Numbers in each input or step.")
    steps: Count | None = Field(default=None, description="Time steps in each window.")

    @model_validator(mode="after")
    def _source_can_give_it(self) -> Self:
        problems = batch_problems(self)
        if problems:
            raise SpecError(problems)
        return self


class HeadSpec(_Part):
    """The last layer. None means: as the task asks."""

    units: Count | None = Field(
        default=None, ge=1, le=LIMITS.head_units, description="Outputs of the net."
    )
    activation: Activation | None = Field(default=None, description="What the outputs go through.")
    kernel_initializer: Initializer | None = Field(
        default=None, description="Where the head's weights start."
    )
    trainable: Trainable = True


class ModelSpec(_Part):
    """The layers from the input to the head, the head, and the loss."""

    layers: tuple[Layer, ...] = Field(
        default=tuple(Dense(units=units, activation="relu") for units in (64, 32, 16)),
        max_length=LIMITS.layers,
        description="Layers from the input to the head.",
    )
    head: HeadSpec = Field(default=HeadSpec(), description="The last layer.")
    loss: str | None = Field(
        default=None, description="What is made small; empty: as the task asks."
    )


class OptimizerSpec(_Part):
    """Who makes the steps, and how large."""

    name: str = Field(default="Adam", description="Class name of a Keras optimizer.")
    learning_rate: float | None = Field(
        default=None,
        ge=LEARNING_RATE.minimum,
        le=LEARNING_RATE.maximum,
        description="How far one step goes; empty: Keras's default for this optimizer.",
    )
    arguments: dict[str, Any] = Field(
        default={},
        description="The optimizer's other arguments, where they differ from the default.",
    )
    schedule: Schedule = Field(
        default=Constant(), description="How the learning rate changes over the steps."
    )

    @model_validator(mode="after")
    def _optimizer_takes_it(self) -> Self:
        checked: dict[str, Value] = check_arguments(self.name, self.arguments)
        # The one write to a frozen part, before anybody has seen it: 1 and 1.0 become one spec.
        object.__setattr__(self, "arguments", checked)
        return self

    @property
    def base_learning_rate(self) -> float:
        """The learning rate before its schedule, > 0."""
        default = OPTIMIZERS[self.name].learning_rate
        return default if self.learning_rate is None else self.learning_rate


class TrainingSpec(_Part):
    """How long, from which weights, in which precision, and what is measured."""

    epochs: Count = Field(
        default=500, ge=1, le=LIMITS.epochs, description="Steps over the whole batch."
    )
    seed: Seed = Field(default=1, description="Draws the initial weights and what dropout drops.")
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="Precision of weights and data."
    )
    stop_when_memorised: bool = Field(
        default=False, strict=True, description="End as soon as every sample is right."
    )
    probes: tuple[ProbeName, ...] = Field(
        default=("samples",),
        max_length=64,
        description="What is measured besides loss and accuracy.",
    )

    @field_validator("probes")
    @classmethod
    def _in_one_order(cls, probes: tuple[ProbeName, ...]) -> tuple[ProbeName, ...]:
        return tuple(probe for probe in PROBES if probe in probes)


class RunSpec(_Part):
    """One run, whole: checked part by part, then that the parts fit each other."""

    version: Literal[1] = Field(default=1, description="Version of this format.")
    name: Annotated[Name | None, BeforeValidator(lambda name: name or None)] = Field(
        default=None, description="What a person calls it; changes nothing."
    )
    batch: BatchSpec = Field(default=BatchSpec(), description="What is memorised.")
    model: ModelSpec = Field(default=ModelSpec(), description="What memorises it.")
    optimizer: OptimizerSpec = Field(default=OptimizerSpec(), description="How it learns.")
    training: TrainingSpec = Field(default=TrainingSpec(), description="How long it learns.")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        check_parts_fit(self)
        return self

    @classmethod
    def load(cls, data: dict[str, Any] | str) -> Self:
        """Return the spec that `data` describes, checked.

        Args:
            data: Settings by name, or their JSON text; what is left out has its default.

        Raises:
            SpecError: With a problem for each thing that is wrong.
        """
        if isinstance(data, str):
            data = _read_json(data)
        if not isinstance(data, dict):
            raise SpecError(f"a spec is a table of settings by name, not {shown(data)}.")
        return checked(cls, data)

    def to_json(self) -> str:
        """Return every setting as JSON text, which `load` reads back."""
        return self.model_dump_json()

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of all settings but the name: equal where the runs are equal.

        It stays as it is stored when a setting is added that is `LATER`.
        """
        return settings_hash(self, without=frozenset({"name"}))

    def __hash__(self) -> int:
        """Agree with `==`, though the optimizer's arguments are a dict."""
        return hash((self.hash, self.name))

    def link_code(self) -> str:
        """Return the settings as a short text that fits into a URL."""
        return link.encode(self.changed_settings())

    def changed_settings(self) -> dict[str, Any]:
        """Return the settings that are not at their defaults, as JSON has them."""
        settings = self.model_dump(mode="json", exclude_defaults=True)
        # exclude_defaults takes a union's kind for a default and drops it.
        if "layers" in settings.get("model", {}):
            for layer, dumped in zip(self.model.layers, settings["model"]["layers"], strict=True):
                dumped["kind"] = layer.kind
        if "schedule" in settings.get("optimizer", {}):
            settings["optimizer"]["schedule"]["kind"] = self.optimizer.schedule.kind
        return settings

    @classmethod
    def from_link_code(cls, text: str) -> Self:
        """Return the spec of a link code, checked like everything typed.

        Raises:
            LinkCodeError: The code is not one of ours, is damaged, or holds what is not allowed.
        """
        try:
            return cls.load(link.decode(text))
        except LinkCodeError:
            raise
        except SpecError as error:
            raise LinkCodeError(error.problems) from None


def changed_parts(one: RunSpec, other: RunSpec) -> int:
    """Return in how many of the four parts two specs differ: 0 to 4."""
    parts = ("batch", "model", "optimizer", "training")
    return sum(getattr(one, part) != getattr(other, part) for part in parts)


def load_together(
    data: dict[str, Any], beside: Sequence[dict[str, Any]]
) -> tuple[tuple[RunSpec, ...], tuple[Problem, ...]]:
    """Return the runs that are equal but for their optimizers, checked, or what is wrong.

    Args:
        data: The first run's settings.
        beside: The other runs' optimizers.

    Returns:
        The runs, the first one first, and no problem; or no run and every problem, those of the
        other optimizers under ``("beside", place)``.
    """
    specs: list[RunSpec] = []
    problems: list[Problem] = []
    for place, optimizer in enumerate([data.get("optimizer", {}), *beside], start=-1):
        try:
            specs.append(RunSpec.load({**data, "optimizer": optimizer}))
        except SpecError as error:
            problems += _of_one(error.problems, place) if place >= 0 else error.problems
    return ((), tuple(problems)) if problems else (tuple(specs), ())


def _of_one(problems: Iterable[Problem], place: int) -> list[Problem]:
    """Return what is wrong with one of the other optimizers, and not what all runs share."""
    found = [problem for problem in problems if problem.path[:1] == ("optimizer",)]
    return [problem._replace(path=("beside", place, *problem.path[1:])) for problem in found]


def _read_json(text: str) -> Any:  # noqa: ANN401 - JSON is anything
    if len(text) > LIMITS.link_json_length:
        raise SpecError(f"the JSON is {len(text):,} characters long; that is no spec.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"this is not JSON: {error}. Give settings as a JSON object.") from None
