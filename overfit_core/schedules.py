"""Learning-rate schedules: how the learning rate moves over the steps.

Every schedule is *relative*: it says by what factor the optimizer's learning rate
is multiplied at step t = 0, 1, 2, …, so that one schedule serves every learning
rate in a comparison. One step is one epoch, also where gradients are accumulated over
several: Keras counts so.

`build` gives the Keras schedule; `values` computes the same numbers with NumPy, so
that a page can draw a schedule without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from overfit_core.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Steps = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
MAX_PIECES = 32


class _Schedule(BaseModel):
    """What all schedules share."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    label: ClassVar[str]
    formula: ClassVar[str]

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return what a Keras optimizer takes as its `learning_rate`.

        Args:
            learning_rate: The base learning rate, > 0.
        """
        raise NotImplementedError

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor of the base learning rate at each step, float64."""
        raise NotImplementedError

    def values(self, learning_rate: float, steps: Sequence[int] | range) -> NDArray[np.float64]:
        """Return the learning rate at each of `steps` (0 = before the first update).

        Args:
            learning_rate: The base learning rate, > 0.
            steps: Step numbers, >= 0, in any order.
        """
        return learning_rate * self.factors(np.asarray(steps, dtype=np.float64))


class Constant(_Schedule):
    """The learning rate never changes."""

    label: ClassVar[str] = "Constant"
    formula: ClassVar[str] = "1"
    kind: Literal["constant"] = "constant"

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return the learning rate itself."""
        return learning_rate

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ones."""
        return np.ones_like(steps)


class _Decay(_Schedule):
    decay_steps: Steps = Field(default=100, description="Steps after which the decay rate applies.")
    decay_rate: float = Field(default=0.9, gt=0.0, le=10.0, description="Strength of the decay.")
    staircase: bool = Field(
        default=False, strict=True, description="Decay in jumps, once every decay_steps."
    )

    def _progress(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        progress = steps / self.decay_steps
        return np.floor(progress) if self.staircase else progress


class Exponential(_Decay):
    """Multiplied by `decay_rate` every `decay_steps` steps."""

    label: ClassVar[str] = "Exponential decay"
    formula: ClassVar[str] = "decay_rate ** (t / decay_steps)"
    kind: Literal["exponential"] = "exponential"

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `ExponentialDecay`."""
        from keras.optimizers.schedules import ExponentialDecay

        return ExponentialDecay(learning_rate, self.decay_steps, self.decay_rate, self.staircase)

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `decay_rate ** (t / decay_steps)`."""
        return np.power(self.decay_rate, self._progress(steps))


class InverseTime(_Decay):
    """Divided by a number that grows by `decay_rate` every `decay_steps` steps."""

    label: ClassVar[str] = "Inverse time decay"
    formula: ClassVar[str] = "1 / (1 + decay_rate * t / decay_steps)"
    kind: Literal["inverse_time"] = "inverse_time"

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `InverseTimeDecay`."""
        from keras.optimizers.schedules import InverseTimeDecay

        return InverseTimeDecay(learning_rate, self.decay_steps, self.decay_rate, self.staircase)

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `1 / (1 + decay_rate * t / decay_steps)`."""
        return 1.0 / (1.0 + self.decay_rate * self._progress(steps))


class Polynomial(_Schedule):
    """Falls to `end` of the learning rate along (1 - t / decay_steps) ** power."""

    label: ClassVar[str] = "Polynomial decay"
    formula: ClassVar[str] = "(1 - end) * (1 - min(t, decay_steps) / decay_steps) ** power + end"
    kind: Literal["polynomial"] = "polynomial"
    decay_steps: Steps = Field(default=500, description="Steps until the end is reached.")
    end: Share = Field(default=0.01, description="Share of the learning rate left at the end.")
    power: float = Field(default=1.0, gt=0.0, le=10.0, description="1 = a straight line.")
    cycle: bool = Field(
        default=False, strict=True, description="Start again, more slowly, past decay_steps."
    )

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `PolynomialDecay`."""
        from keras.optimizers.schedules import PolynomialDecay

        return PolynomialDecay(
            learning_rate, self.decay_steps, learning_rate * self.end, self.power, self.cycle
        )

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor at each step; with `cycle`, decay_steps grows by whole multiples."""
        length = np.full_like(steps, self.decay_steps)
        if self.cycle:
            length *= np.maximum(1.0, np.ceil(steps / self.decay_steps))
        left = 1.0 - np.minimum(steps, length) / length
        return (1.0 - self.end) * np.power(left, self.power) + self.end


class Cosine(_Schedule):
    """Rises in a straight line for `warmup_steps`, then falls along half a cosine.

    Source: Loshchilov and Hutter, 2016, https://arxiv.org/abs/1608.03983
    """

    label: ClassVar[str] = "Cosine decay with warm-up"
    formula: ClassVar[str] = (
        "(1 - end) * (1 + cos(pi * (t - warmup_steps) / decay_steps)) / 2 + end"
    )
    kind: Literal["cosine"] = "cosine"
    decay_steps: Steps = Field(default=450, description="Steps of decay, after the warm-up.")
    end: Share = Field(default=0.0, description="Share of the learning rate left at the end.")
    warmup_steps: int = Field(
        default=50, strict=True, ge=0, le=1_000_000, description="Steps of warm-up; 0 = none."
    )
    warmup_start: Share = Field(
        default=0.0, description="Share of the learning rate that the warm-up starts from."
    )

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `CosineDecay`."""
        from keras.optimizers.schedules import CosineDecay

        if not self.warmup_steps:
            return CosineDecay(learning_rate, self.decay_steps, alpha=self.end)
        return CosineDecay(
            learning_rate * self.warmup_start,
            self.decay_steps,
            alpha=self.end,
            warmup_target=learning_rate,
            warmup_steps=self.warmup_steps,
        )

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor at each step: a line up to 1, then half a cosine."""
        after = np.clip(steps - self.warmup_steps, 0.0, self.decay_steps)
        falling = (1.0 - self.end) * 0.5 * (1.0 + np.cos(np.pi * after / self.decay_steps))
        if not self.warmup_steps:
            return falling + self.end
        rising = self.warmup_start + (1.0 - self.warmup_start) * steps / self.warmup_steps
        return np.where(steps < self.warmup_steps, rising, falling + self.end)


class CosineRestarts(_Schedule):
    """Half a cosine, again and again: each `growth` times as long, from `height` as high.

    Source: Loshchilov and Hutter, 2016, https://arxiv.org/abs/1608.03983
    """

    label: ClassVar[str] = "Cosine decay with restarts"
    formula: ClassVar[str] = "(1 - end) * height ** i * (1 + cos(pi * t_i / T_i)) / 2 + end"
    kind: Literal["cosine_restarts"] = "cosine_restarts"
    first_decay_steps: Steps = Field(default=100, description="Steps until the first restart.")
    growth: float = Field(
        default=2.0, ge=1.0, le=10.0, description="Each period is this many times as long."
    )
    height: float = Field(
        default=1.0, gt=0.0, le=1.0, description="Each restart begins this many times as high."
    )
    end: Share = Field(default=0.0, description="Share of the learning rate left before a restart.")

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `CosineDecayRestarts`."""
        from keras.optimizers.schedules import CosineDecayRestarts

        return CosineDecayRestarts(
            learning_rate, self.first_decay_steps, self.growth, self.height, self.end
        )

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor at each step; i counts restarts, T_i = first * growth ** i."""
        done = steps / self.first_decay_steps
        if self.growth == 1.0:
            period = np.floor(done)
            within = done - period
        else:
            period = np.floor(np.log1p(done * (self.growth - 1.0)) / np.log(self.growth))
            start = (np.power(self.growth, period) - 1.0) / (self.growth - 1.0)
            within = (done - start) / np.power(self.growth, period)
        cosine = 0.5 * np.power(self.height, period) * (1.0 + np.cos(np.pi * within))
        return (1.0 - self.end) * cosine + self.end


class Piecewise(_Schedule):
    """Jumps to the next factor after each boundary."""

    label: ClassVar[str] = "Piecewise constant"
    formula: ClassVar[str] = "factors[i], i = number of boundaries below t"
    kind: Literal["piecewise"] = "piecewise"
    boundaries: tuple[Steps, ...] = Field(
        default=(250,),
        min_length=1,
        max_length=MAX_PIECES,
        description="Last step of each piece, growing.",
    )
    multipliers: tuple[Annotated[float, Field(ge=0.0, le=1000.0)], ...] = Field(
        default=(1.0, 0.1),
        max_length=MAX_PIECES + 1,
        description="Factor of the learning rate in each piece; one more than boundaries.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        pieces, given = len(self.boundaries) + 1, len(self.multipliers)
        if given != pieces:
            message = (
                f"{pieces - 1} boundaries make {pieces} pieces, but there are {given} multipliers."
                " Give one multiplier per piece."
            )
            raise SpecError.at(("multipliers",), message, self.multipliers)
        if any(after <= before for before, after in pairwise(self.boundaries)):
            message = f"{self.boundaries} does not grow. Put each boundary above the one before."
            raise SpecError.at(("boundaries",), message, self.boundaries)
        return self

    def build(self, learning_rate: float) -> Any:  # noqa: ANN401
        """Return a Keras `PiecewiseConstantDecay`."""
        from keras.optimizers.schedules import PiecewiseConstantDecay

        return PiecewiseConstantDecay(
            list(self.boundaries), [learning_rate * factor for factor in self.multipliers]
        )

    def factors(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `multipliers[i]`, i = number of boundaries below the step."""
        return np.asarray(self.multipliers)[np.searchsorted(self.boundaries, steps, side="left")]


Schedule = Annotated[
    Constant | Exponential | InverseTime | Polynomial | Cosine | CosineRestarts | Piecewise,
    Field(discriminator="kind"),
]
"""Any schedule, told apart by its `kind`."""

SCHEDULES: dict[str, type[_Schedule]] = {
    "constant": Constant,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "cosine_restarts": CosineRestarts,
    "piecewise": Piecewise,
}
"""The schedules by kind, in the order in which a page lists them."""
