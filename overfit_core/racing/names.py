"""What the optimizers of a race are called, short and each differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.charts.numbers import number
from overfit_core.comparison.differences import told_apart
from overfit_core.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from overfit_core.optimizers import Value
    from overfit_core.racing.plan import RacePlan
    from overfit_core.spec import OptimizerSpec

REFERENCE_NAME = "L-BFGS (SciPy)"
"""What the reference is called beside the optimizers."""
DIGITS = 10
"""Significant digits of an argument: what a person typed, and no rounding of a float."""


def optimizer_names(plan: RacePlan) -> tuple[str, ...]:
    """Return a name for each optimizer of a race, in its order; no two are equal.

    It is the catalogue's label, and where one class races more than once the arguments in which
    they differ, as far as they are not Keras's defaults: ``SGD`` beside ``SGD, momentum 0.9``.
    """
    return tuple(told_apart([_name(one, plan.optimizers) for one in plan.optimizers]))


def entrant_name(optimizer: OptimizerSpec) -> str:
    """Return the name of an optimizer by itself, with every argument: ``SGD, momentum 0.9``."""
    said = [_said(name, value) for name, value in optimizer.arguments.items()]
    return ", ".join([OPTIMIZERS[optimizer.name].label, *said])


def _name(optimizer: OptimizerSpec, every: Sequence[OptimizerSpec]) -> str:
    alike = [other.arguments for other in every if other.name == optimizer.name]
    said = [
        _said(name, value)
        for name, value in optimizer.arguments.items()
        if any(name not in other or other[name] != value for other in alike)
    ]
    return ", ".join([OPTIMIZERS[optimizer.name].label, *said])


def _said(name: str, value: Value) -> str:
    """Return an argument in words: ``momentum 0.9``, ``nesterov``, ``no weight decay``."""
    # "beta 1 0.9" reads as two numbers.
    words = name if name[-1].isdigit() else name.replace("_", " ")
    if value is None or value is False:
        return f"no {words}"
    if value is True:
        return words
    return f"{words} {value if isinstance(value, str) else number(value, DIGITS)}"
