"""Optimizer, schedule, loss, metric and the training itself as source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from overfit_core.batches import SOURCES
from overfit_core.exports.code import Code, Value, call, literal
from overfit_core.models.heads import head_of
from overfit_core.models.layers import Conv1D, Conv2D
from overfit_core.models.losses import LOSSES
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.schedules import Cosine, CosineRestarts, Exponential, Piecewise, Polynomial
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.training.criterion import EPOCHS_RUNNING
from overfit_core.training.result import NO_SPREAD, R2_MEMORISED

SCHEDULES = "keras.optimizers.schedules"


def compile_code(spec: RunSpec) -> str:
    """The lines that make the optimizer and compile the model."""
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    cast = _must_cast(spec)
    optimizer = _optimizer(spec.optimizer, cast=cast)
    by_xla = drops_by_xla(spec)
    loss = call(f"keras.losses.{LOSSES[head.loss].keras_class}")
    compiled = call(
        "model.compile",
        optimizer=Code("optimizer"),
        loss=loss,
        metrics=[_metric(spec)],
        **({} if by_xla is None else {"jit_compile": by_xla}),
    )
    lines = [CAST] if cast else []
    lines += [f"optimizer = {optimizer.text}", compiled.text]
    if spec.optimizer.name == "ScheduleFreeAdamW":
        lines += [
            "# Built here, it starts from the initial weights; built by fit, it would start from 0",
            "# (Keras 3.15).",
            "optimizer.build(model.trainable_variables)",
        ]
    return "\n".join(lines)


def drops_by_xla(spec: RunSpec) -> bool | None:
    """Tell whether XLA drew what dropout drops, for it draws other numbers; None without dropout.

    The rule is that of `backend_for`: convolutions are left to TensorFlow's own kernels.
    """
    layers = spec.model.layers
    if not any(getattr(layer, "rate", 0) or getattr(layer, "dropout", 0) for layer in layers):
        return None
    return not any(isinstance(layer, Conv1D | Conv2D) for layer in layers)


CAST = '''\
class Cast(keras.optimizers.schedules.LearningRateSchedule):
    """Gives a schedule's rates, which are float32, in the type of the weights.

    The Muon of Keras 3.15 multiplies them without casting.
    """

    def __init__(self, schedule):
        """Take the schedule."""
        self.schedule = schedule

    def __call__(self, step):
        """Return the learning rate of a step."""
        return keras.ops.cast(self.schedule(step), keras.config.floatx())

'''


def _must_cast(spec: RunSpec) -> bool:
    """Tell whether `fit` would fail on the type of the learning rate, as the engine does not."""
    scheduled = spec.optimizer.schedule.kind != "constant"
    return spec.optimizer.name == "Muon" and scheduled and spec.training.dtype == "float64"


def _optimizer(spec: OptimizerSpec, *, cast: bool) -> Code:
    arguments: dict[str, Value] = dict(spec.arguments)
    if isinstance(excluded := arguments.get("exclude_layers"), str):
        arguments["exclude_layers"] = excluded.split(",")
    rate = spec.base_learning_rate
    schedule = _SCHEDULES[spec.schedule.kind](spec.schedule, rate)
    if cast:
        schedule = call("Cast", schedule)
    return call(
        f"keras.optimizers.{OPTIMIZERS[spec.name].name}", learning_rate=schedule, **arguments
    )


def _decay(keras_class: str) -> Callable[[Any, float], Value]:
    def write(schedule: Exponential, rate: float) -> Value:
        given: dict[str, Value] = {"staircase": True} if schedule.staircase else {}
        name = f"{SCHEDULES}.{keras_class}"
        steps, strength = schedule.decay_steps, schedule.decay_rate
        return call(name, rate, decay_steps=steps, decay_rate=strength, **given)

    return write


def _polynomial(schedule: Polynomial, rate: float) -> Value:
    return call(
        f"{SCHEDULES}.PolynomialDecay",
        rate,
        decay_steps=schedule.decay_steps,
        end_learning_rate=rate * schedule.end,
        power=schedule.power,
        cycle=schedule.cycle,
    )


def _cosine(schedule: Cosine, rate: float) -> Value:
    name, steps, end = f"{SCHEDULES}.CosineDecay", schedule.decay_steps, schedule.end
    if not schedule.warmup_steps:
        return call(name, rate, decay_steps=steps, alpha=end)
    return call(
        name,
        rate * schedule.warmup_start,
        decay_steps=steps,
        alpha=end,
        warmup_target=rate,
        warmup_steps=schedule.warmup_steps,
    )


def _restarts(schedule: CosineRestarts, rate: float) -> Value:
    return call(
        f"{SCHEDULES}.CosineDecayRestarts",
        rate,
        first_decay_steps=schedule.first_decay_steps,
        t_mul=schedule.growth,
        m_mul=schedule.height,
        alpha=schedule.end,
    )


def _piecewise(schedule: Piecewise, rate: float) -> Value:
    rates = [rate * factor for factor in schedule.multipliers]
    return call(f"{SCHEDULES}.PiecewiseConstantDecay", boundaries=schedule.boundaries, values=rates)


_SCHEDULES: Mapping[str, Callable[[Any, float], Value]] = MappingProxyType(
    {
        "constant": lambda schedule, rate: rate,
        "exponential": _decay("ExponentialDecay"),
        "inverse_time": _decay("InverseTimeDecay"),
        "polynomial": _polynomial,
        "cosine": _cosine,
        "cosine_restarts": _restarts,
        "piecewise": _piecewise,
    }
)
"""How each schedule is written."""


def _metric(spec: RunSpec) -> Code:
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    if batch.classes is None:
        return call("keras.metrics.R2Score", name="r2")
    if head.units == 1:
        threshold: dict[str, Value] = {} if head.threshold == 0.5 else {"threshold": head.threshold}
        return call("keras.metrics.BinaryAccuracy", name="accuracy", **threshold)
    kind = "Categorical" if head.target == "one_hot" else "SparseCategorical"
    return call(f"keras.metrics.{kind}Accuracy", name="accuracy")


def criterion_code(spec: RunSpec) -> str:
    """The function `all_right` and the callback that notes when the batch was memorised."""
    stop = '\n    def on_epoch_end(self, epoch, logs=None):\n        """Stop training."""\n'
    stop += "        if self.epoch is not None:\n            self.model.stop_training = True\n"
    return f'''\
def all_right(prediction):
    """Tell whether every sample of the batch is right."""
    return bool({_right(spec)})


class Memorised(keras.callbacks.Callback):
    """Notes the first of {EPOCHS_RUNNING} epochs running in which every sample was right.

    An epoch is judged before its step, as its loss is.
    """

    epoch = None
    running = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Judge what the network predicts now; Keras counts epochs from 0."""
        right = all_right(self.model.predict_on_batch(x))
        self.running = self.running + 1 if right else 0
        if self.running == {EPOCHS_RUNNING} and self.epoch is None:
            self.epoch = epoch + 1 - {EPOCHS_RUNNING - 1}
{stop if spec.training.stop_when_memorised else ""}'''


def _right(spec: RunSpec) -> str:
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    if batch.task == "regression":
        # R² of every output: the residual's share of the variance, or of what stands for it
        # where all targets are equal; see ``result.spread``.
        share, least = literal(R2_MEMORISED), literal(NO_SPREAD)
        spread = f"(y.var() if np.ptp(y) else np.mean(y**2) or {least})"
        tolerance = f"(1 - {share}) * {spread}"
        residual = "np.mean((prediction - y) ** 2, axis=0)"
        return f"\n        np.all({residual}\n        <= {tolerance})\n    "
    if head.units == 1:
        answer = f"(prediction > {literal(head.threshold)}) == (y > 0.5)"
    else:
        labels = {"one_hot": "y.argmax(axis=1)", "column": "y[:, 0]", "classes": "y"}[head.target]
        answer = f"prediction.argmax(axis=1) == {labels}"
    return f"np.isfinite(prediction).all() and np.all({answer})"


def fit_code(spec: RunSpec) -> str:
    """The lines that train, on the whole batch in each step."""
    held_out: dict[str, Value] = {}
    if spec.batch.held_out:
        held_out = {
            "validation_data": Code("(x_held_out, y_held_out)"),
            "validation_batch_size": Code("len(x_held_out)"),
        }
    fit = call(
        "model.fit",
        Code("x"),
        Code("y"),
        epochs=spec.training.epochs,
        batch_size=Code("len(x)"),
        shuffle=False,
        verbose=0,
        **held_out,
        callbacks=[Code("memorised"), Code("keras.callbacks.TerminateOnNaN()")],
    )
    return f"memorised = Memorised()\nhistory = {fit.text}"
