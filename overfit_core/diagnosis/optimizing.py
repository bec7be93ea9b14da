"""Optimizers made anew for a trial, and the learning rates that they have."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.copying import CopyError
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


def inner_of(optimizer: keras.Optimizer) -> keras.Optimizer:
    """Return what takes the steps: Keras wraps it for mixed precision."""
    return getattr(optimizer, "inner_optimizer", optimizer)


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

    optimizer = _copied(optimizer)
    if optimizer["class_name"] == "LossScaleOptimizer":
        return _scaling_class().from_config(optimizer["config"])
    return keras.optimizers.deserialize(optimizer)


def _copied(optimizer: dict[str, Any]) -> dict[str, Any]:
    if not optimizer:
        raise CopyError("The optimizer cannot say how it is made: its get_config fails.")
    return copy.deepcopy(optimizer)


class _Scale:
    """The loss scale of a step inside a trace; a tensor cannot be asked whether it is there."""

    def __init__(self, now: Any) -> None:  # noqa: ANN401
        self._now = now

    def __rtruediv__(self, values: Any) -> Any:  # noqa: ANN401
        return values / self._now.value


def _scaling_class() -> Any:  # noqa: ANN401
    """Return ``LossScaleOptimizer`` in a form that the compiled loop can give a learning rate.

    The loop makes its own copy of an optimizer, whose rate is an input. Keras's class refuses a
    rate; this one hands it on to the optimizer that it wraps.
    """
    global _SCALING  # Keras is not imported before it is needed
    if _SCALING is not None:
        return _SCALING
    import keras

    class Scaling(keras.optimizers.LossScaleOptimizer):  # type: ignore[misc]
        @classmethod
        def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:  # noqa: ANN401
            config = dict(config)
            inner = config.pop("inner_optimizer")
            if "learning_rate" in config:
                rate = {"learning_rate": config.pop("learning_rate")}
                inner = type(inner).from_config(inner.get_config() | rate)
            elif isinstance(inner, dict):
                inner = keras.optimizers.deserialize(inner, custom_objects)
            made = cls(inner, **config)
            made._learning_rate = inner._learning_rate
            return made

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "inner_optimizer": self.inner_optimizer}

        @property
        def loss_scale_factor(self) -> _Scale | None:
            return _Scale(self.dynamic_scale) if self.built else None

        @loss_scale_factor.setter
        def loss_scale_factor(self, _value: None) -> None:
            """Keras sets it to None."""

    _SCALING = Scaling
    return Scaling


_SCALING: Any = None


def copy_exclusions(like: keras.Model, model: keras.Model) -> None:
    """Exclude from weight decay what another model's optimizer excludes.

    No configuration holds that.

    Args:
        like: The caller's model.
        model: A compiled copy, whose optimizer is not built yet.
    """
    theirs, ours = inner_of(like.optimizer), inner_of(model.optimizer)
    keys = getattr(theirs, "_exclude_from_weight_decay", None) or set()
    pattern = getattr(theirs, "_exclude_from_weight_decay_pattern", None)
    if not keys and pattern is None:
        return
    weights = zip(like.trainable_variables, model.trainable_variables, strict=False)
    ours.exclude_from_weight_decay([own for w, own in weights if theirs._var_key(w) in keys])
    ours._exclude_from_weight_decay_pattern = pattern
