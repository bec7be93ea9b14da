"""What counts as reached: a measure in training mode and its value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from overfit_core.batches import SOURCES
from overfit_core.charts.numbers import number, percent
from overfit_core.comparison.measures import Measure, measure_of
from overfit_core.training.result import R2_MEMORISED

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec

TargetKind = Literal["loss", "accuracy", "r2"]
USUAL: dict[TargetKind, float] = {"loss": 0.01, "accuracy": 1.0, "r2": R2_MEMORISED}
"""The value that a target of each kind starts with."""
MAX_TARGET = 1e12
LIMITS: dict[TargetKind, tuple[float, float, str]] = {
    "loss": (0.0, MAX_TARGET, f"is above 0 and at most {MAX_TARGET:g}"),
    "accuracy": (0.0, 1.0, "lies between 0 and 100 %"),
    "r2": (-MAX_TARGET, 1.0, "is at most 1"),
}
"""Lowest and highest value of each kind, and both in words."""


@dataclass(frozen=True)
class Target:
    """What counts as reached.

    Attributes:
        kind: The measure in training mode: a loss is reached from above, a score from below.
        value: A loss > 0, an accuracy from 0 to 1, an R² of at most 1.
    """

    kind: TargetKind
    value: float

    @property
    def measure(self) -> Measure:
        """What is measured."""
        return measure_of(self.kind)

    @property
    def said(self) -> str:
        """The value in words: ``90 %`` or ``0.01``."""
        return _said(self.kind, self.value)

    @property
    def typed(self) -> float:
        """The value as a person types it: an accuracy in per cent."""
        return _tidy(100 * self.value) if self.measure.share else self.value

    def sentence(self) -> str:
        """Return what counts as reached, in a sentence."""
        bound = "or less" if self.measure.better == "low" else "or more"
        return f"Target: {self.measure.label} {self.said} {bound}."


DEFAULT_TARGET = Target("loss", USUAL["loss"])


def checked_target(kind: TargetKind, value: float) -> Target:
    """Return a target within its limits.

    Raises:
        ValueError: If no run could have such a value.
    """
    low, high, within = LIMITS[kind]
    if not (math.isfinite(value) and low <= value <= high) or (kind == "loss" and value == 0):
        label = measure_of(kind).label
        raise ValueError(f"{label} as a target {within}, not {_said(kind, value)}.")
    return Target(kind, float(value))


def memorised_by(spec: RunSpec) -> Target:
    """Return what memorised means for a run of these settings: all right, or an R² of 0.99."""
    regression = SOURCES[spec.batch.source].shape(spec.batch).task == "regression"
    kind: TargetKind = "r2" if regression else "accuracy"
    return Target(kind, USUAL[kind])


def typed_target(kind: TargetKind, typed: float) -> Target:
    """Return the target that a person typed: an accuracy in per cent, as the charts show it.

    Raises:
        ValueError: If no run could have such a value.
    """
    return checked_target(kind, untyped(kind, typed))


def untyped(kind: TargetKind, typed: float) -> float:
    """Return the value that a person typed, unchecked: an accuracy as a share."""
    return _tidy(typed / 100) if measure_of(kind).share else typed


def _tidy(value: float) -> float:
    """Return 7 for a hundred times 0.07, and not the 7.000000000000001 that floats make of it."""
    return float(f"{value:.15g}")


def _said(kind: TargetKind, value: float) -> str:
    return percent(value) if measure_of(kind).share else number(value)
