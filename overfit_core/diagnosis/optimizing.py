"""Optimizers made anew for a trial, and the learning rates that they have."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.copying import CopyError
from overfit_core.training.twins import inner_of
from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras

DIGITS = 6
"""float32 keeps a little more of them."""


def as_written(rate: float) -> float:
    """Return a learning rate as people write it: 0.01, not 0.009999999776."""
    return float(f"{rate:.{DIGITS}g}")


def usual_rate(rates: FloatArray) -> float:
    """Return the median of the learning rates that a run had."""
    return as_written(float(np.median(rates)))


def has_schedule(optimizer: keras.Optimizer) -> bool:
    """Tell whether the learning rate is no constant."""
    import keras

    return not isinstance(inner_of(optimizer)._learning_rate, keras.Variable)


def with_rate(optimizer: dict[str, Any], rate: float) -> dict[str, Any]:
    """Return a serialised optimizer with a constant learning rate.

    Raises:
        ValueError: If the rate is not above 0.
        CopyError: If the optimizer could not be serialised.
    """
    if not rate > 0:
        raise ValueError(f"A learning rate is above 0, got {rate}.")
    made = _copied(optimizer)
    config = made["config"]
    inner = config.get("inner_optimizer")
    (config if inner is None else inner["config"])["learning_rate"] = rate
    return made


def made_from(optimizer: dict[str, Any]) -> keras.Optimizer:
    """Make a serialised optimizer, unbuilt.

    Raises:
        CopyError: If it could not be serialised.
    """
    import keras

    return keras.optimizers.deserialize(_copied(optimizer))


def _copied(optimizer: dict[str, Any]) -> dict[str, Any]:
    if not optimizer:
        raise CopyError("The optimizer cannot say how it is made: its get_config fails.")
    return copy.deepcopy(optimizer)
