"""The learning rate of every step of a chunk, as one vector.

A schedule is data to the compiled loop, not part of it, so a change of schedule compiles nothing.
Keras's own schedules take one step at a time; here they are evaluated for many at once, in the
same formulas and in the precision that Keras uses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.training.history import FloatArray

if TYPE_CHECKING:
    import keras

Schedule = Callable[[FloatArray, dict[str, Any]], FloatArray]


def learning_rates(optimizer: keras.Optimizer, first_step: int, count: int) -> FloatArray:
    """Return the learning rates of ``count`` steps.

    Args:
        optimizer: A Keras optimizer with a constant rate or a schedule.
        first_step: Updates done before the first of these steps, from 0.
        count: How many steps.

    Returns:
        Shape ``(count,)``, dtype ``keras.config.floatx()``.
    """
    import keras

    dtype = np.dtype(keras.config.floatx())
    rate = optimizer._learning_rate
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        constant = rate() if callable(rate) else rate
        return np.full(count, float(keras.ops.convert_to_numpy(constant)), dtype)
    formula = _FORMULAS.get(type(rate).__name__) if type(rate).__module__.startswith("keras.") else None
    if formula is None:
        steps = range(first_step, first_step + count)
        return np.array([keras.ops.convert_to_numpy(rate(step)) for step in steps], dtype)
    config = {k: _cast(v, dtype) for k, v in rate.get_config().items() if k != "name"}
    steps = np.arange(first_step, first_step + count).astype(dtype)
    return formula(steps, config).astype(dtype)


def _cast(value: Any, dtype: np.dtype[Any]) -> Any:
    """Give a schedule's number the precision that Keras computes in."""
    if isinstance(value, bool) or value is None:
        return value
    return np.asarray(value, dtype)


def _exponential(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    power = step / c["decay_steps"]
    if c["staircase"]:
        power = np.floor(power)
    return c["initial_learning_rate"] * np.power(c["decay_rate"], power)


def _inverse_time(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    progress = step / c["decay_steps"]
    if c["staircase"]:
        progress = np.floor(progress)
    return c["initial_learning_rate"] / (1 + c["decay_rate"] * progress)


def _polynomial(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    steps, end = c["decay_steps"], c["end_learning_rate"]
    if c["cycle"]:
        steps = steps * np.where(step == 0, 1, np.ceil(step / steps))
    else:
        step = np.minimum(step, steps)
    return (c["initial_learning_rate"] - end) * np.power(1 - step / steps, c["power"]) + end


def _cosine(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    start, target, warm = c["initial_learning_rate"], c["warmup_target"], c["warmup_steps"]
    peak = start if target is None else target
    done = step if target is None else step - warm
    share = np.minimum(done, c["decay_steps"]) / c["decay_steps"]
    wave = 0.5 * (1 + np.cos(np.asarray(np.pi, step.dtype) * share))
    decayed = peak * ((1 - c["alpha"]) * wave + c["alpha"])
    if target is None:
        return decayed
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = (target - start) * (step / warm) + start
    return np.where(step < warm, rising, decayed)


def _cosine_restarts(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    share = step / c["first_decay_steps"]
    t_mul = c["t_mul"]
    if t_mul == 1.0:
        restarts = np.floor(share)
        share = share - restarts
    else:
        restarts = np.floor(np.log(1 - share * (1 - t_mul)) / np.log(t_mul))
        before = (1 - t_mul**restarts) / (1 - t_mul)
        share = (share - before) / t_mul**restarts
    wave = 0.5 * c["m_mul"] ** restarts * (1 + np.cos(np.asarray(np.pi, step.dtype) * share))
    return c["initial_learning_rate"] * ((1 - c["alpha"]) * wave + c["alpha"])


def _piecewise(step: FloatArray, c: dict[str, Any]) -> FloatArray:
    values: FloatArray = c["values"][np.searchsorted(c["boundaries"], step, side="left")]
    return values


_FORMULAS: dict[str, Schedule] = {
    "ExponentialDecay": _exponential,
    "InverseTimeDecay": _inverse_time,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _cosine_restarts,
    "PiecewiseConstantDecay": _piecewise,
}
