"""The learning rate of every step of a chunk, as one vector.

A schedule is data to the compiled loop, not part of it, so a change of schedule compiles nothing.
Keras's own schedules take one step at a time; here they are evaluated for many at once, by the
same formulas.

Keras computes a schedule in float32 even when everything else is float64, and XLA rounds it
differently from single operations (by up to 3e-7). In float64, where a run can otherwise equal
``fit`` to the last digits, the schedule itself is therefore compiled, as ``fit`` does; so is a
schedule of the caller's own.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.training.twins import inner_of
from overfit_core.training.types import FloatArray, IntArray, KerasObject, Setting, Tensor

if TYPE_CHECKING:
    import keras

Settings = dict[str, Setting]
Formula = Callable[[FloatArray, Settings], Setting]
_STEPS_PER_CALL = 4096
_MAX_COMPILED = 32


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
    rate = inner_of(optimizer)._learning_rate
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        constant = rate() if callable(rate) else rate
        return np.full(count, float(keras.ops.convert_to_tensor(constant)), dtype)
    formula = _FORMULAS.get(type(rate).__name__)
    foreign = not type(rate).__module__.startswith("keras.")
    if formula is None or foreign or dtype == np.float64:
        return _compiled(rate, optimizer, first_step, count).astype(dtype)
    config = {k: _cast(v, dtype) for k, v in rate.get_config().items() if k != "name"}
    steps = np.arange(first_step, first_step + count).astype(dtype)
    rates: FloatArray = formula(steps, config).astype(dtype)
    return rates


def _compiled(
    schedule: KerasObject, optimizer: keras.Optimizer, first: int, count: int
) -> FloatArray:
    """Evaluate a schedule as a compiled training step does, rounding included."""
    foreign = not type(schedule).__module__.startswith("keras.")
    step_type = optimizer._iterations.dtype
    name = f"{type(schedule).__name__} {step_type}"
    key = str(id(schedule)) if foreign else name + json.dumps(schedule.get_config(), default=str)
    function = _functions.pop(key, None) or _function(schedule, step_type)
    _functions[key] = function
    while len(_functions) > _MAX_COMPILED:
        _functions.popitem(last=False)
    starts = range(first, first + count, _STEPS_PER_CALL)
    parts = [function(np.array(start, step_type)).numpy() for start in starts]
    return np.concatenate(parts)[:count]


_functions: OrderedDict[str, Callable[[IntArray], Tensor]] = OrderedDict()


def _function(schedule: KerasObject, step_type: str) -> Callable[[IntArray], Tensor]:
    import tensorflow as tf

    def rates(first: Tensor) -> Tensor:
        def one(i: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
            rate = tf.cast(schedule(first + tf.cast(i, step_type)), tf.float64)
            return i + 1, tf.tensor_scatter_nd_update(filled, [[i]], [rate])

        empty = tf.zeros(_STEPS_PER_CALL, tf.float64)
        start = (tf.constant(0), empty)
        return tf.while_loop(lambda i, _: i < _STEPS_PER_CALL, one, start)[1]

    compiled: Callable[[IntArray], Tensor] = tf.function(rates, jit_compile=True, autograph=False)
    return compiled


def _cast(value: Setting, dtype: np.dtype[Any]) -> Setting:
    """Give a schedule's number the precision that Keras computes in."""
    if isinstance(value, bool) or value is None:
        return value
    return np.asarray(value, dtype)


def _exponential(step: FloatArray, c: Settings) -> Setting:
    power = step / c["decay_steps"]
    if c["staircase"]:
        power = np.floor(power)
    return c["initial_learning_rate"] * np.power(c["decay_rate"], power)


def _inverse_time(step: FloatArray, c: Settings) -> Setting:
    progress = step / c["decay_steps"]
    if c["staircase"]:
        progress = np.floor(progress)
    return c["initial_learning_rate"] / (1 + c["decay_rate"] * progress)


def _polynomial(step: FloatArray, c: Settings) -> Setting:
    steps, end = c["decay_steps"], c["end_learning_rate"]
    if c["cycle"]:
        steps = steps * np.where(step == 0, 1, np.ceil(step / steps))
    else:
        step = np.minimum(step, steps)
    return (c["initial_learning_rate"] - end) * np.power(1 - step / steps, c["power"]) + end


def _cosine(step: FloatArray, c: Settings) -> Setting:
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


def _cosine_restarts(step: FloatArray, c: Settings) -> Setting:
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


def _piecewise(step: FloatArray, c: Settings) -> Setting:
    values: FloatArray = c["values"][np.searchsorted(c["boundaries"], step, side="left")]
    return values


_FORMULAS: dict[str, Formula] = {
    "ExponentialDecay": _exponential,
    "InverseTimeDecay": _inverse_time,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _cosine_restarts,
    "PiecewiseConstantDecay": _piecewise,
}
