"""The loop of epochs as one compiled TensorFlow function.

Everything that changes between runs of one network is an input: the batch, the learning rate of
each epoch, how many epochs. Weights, optimizer state and moving statistics are variables of the
program's own, loaded before a run and read after it. So nothing is compiled twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overfit_core.training.criterion import EPOCHS_RUNNING, Criterion
from overfit_core.training.forward import Pass, forward
from overfit_core.training.parameters import Parameters
from overfit_core.training.probes import PROBES, Step
from overfit_core.training.probes.layer_norms import LayerNorms
from overfit_core.training.recording import Recorded, empty, put
from overfit_core.training.structure import Backend, backend_for, differs_in_training
from overfit_core.training.types import Arrays, FloatArray, IntArray, KerasObject, Tensor

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_NUMBERS_PER_CALL = 65_536
_CAPACITY = (256, 4096)


@dataclass(frozen=True)
class Plan:
    """What a program records and how it is compiled; part of its key in the cache.

    Attributes:
        backend: XLA or TensorFlow's own kernels; None follows ``structure.backend_for``.
        probes: Names from ``PROBES``.
        snapshots: Whether predictions and losses per sample are kept at chosen epochs.
        criterion: What counts as right; None follows no memorisation.
    """

    backend: Backend | None = None
    probes: tuple[str, ...] = ()
    snapshots: bool = False
    criterion: Criterion | None = None


class Data(NamedTuple):
    """The batch as ``(x, y, sample weight or None)``, and the held-out samples or None."""

    batch: tuple[Arrays, Arrays, Arrays]
    held_out: tuple[Arrays, Arrays, Arrays] | None = None


class Carry(NamedTuple):
    """What one call leaves for the next.

    Attributes:
        epoch: Epochs done.
        streak: Epochs running, up to the last, in which the whole batch was right.
        learned: Shape ``(samples,)``: epoch since which a sample is right, 0 when it is not.
    """

    epoch: Any
    streak: Any
    learned: Any

    @classmethod
    def start(cls, data: Data) -> Carry:
        """Return the carry before the first epoch."""
        return cls(0, 0, np.zeros(len(data.batch[1]), np.int32))


class Program:
    """A compiled loop for one architecture, optimizer, loss and set of shapes.

    Args:
        model: A compiled Keras model, with its weights and metrics built. It lends its structure;
            its own variables are neither read nor written by the loop.
        plan: What to record.
        held_out: Whether held-out samples are evaluated after each epoch.

    Attributes:
        traces: How often the loop was traced: 1 after the first call, and ever after.
        capacity: The most epochs of one call.
        columns: Names of the recorded columns.
        dtype: Precision of what is recorded: the finer one of the model's and of its loss's.
    """

    def __init__(self, model: keras.Model, plan: Plan, *, held_out: bool) -> None:
        """Make the variables; tracing and compiling wait for the first call."""
        import keras
        import tensorflow as tf

        self.model, self.plan = model, plan
        self.backend: Backend = plan.backend or backend_for(model)
        self.differs = differs_in_training(model)
        dtypes = {keras.config.floatx(), *(v.dtype for v in model.variables)}
        self.dtype = "float64" if "float64" in dtypes else "float32"
        self.traces = 0
        self._rate: Tensor | None = None
        self.parameters = Parameters(model, lambda: self._rate)
        self.others = [tf.Variable(v.value, trainable=False) for v in model.non_trainable_variables]
        self._probes = [PROBES[name](model) for name in plan.probes]
        self._layer_norms = LayerNorms(model)
        self._metrics = ("loss", *(n for n in model.get_metrics_result() if n != "loss"))
        self._held_out = held_out
        self.columns = self.columns_for(model)
        fitting = 1 << ((_NUMBERS_PER_CALL // len(self.columns)).bit_length() - 1)
        self.capacity = int(np.clip(fitting, *_CAPACITY))
        self._compiled: KerasObject = None
        self._function = tf.function(self._loop, jit_compile=self.backend == "xla", autograph=False)

    def columns_for(self, model: keras.Model) -> tuple[str, ...]:
        """Return the names of the columns for a model that shares this program."""
        metrics = self._metrics
        names = [*metrics]
        if self.differs:
            names += [f"inference_{name}" for name in metrics]
        if self._held_out:
            names += [f"val_{name}" for name in metrics]
        if self.plan.criterion is not None:
            names.append("right")
        for name in self.plan.probes:
            names += PROBES[name](model).columns
        return tuple(names)

    def load(self, model: keras.Model) -> None:
        """Start from a model's weights, optimizer state and moving statistics."""
        self.parameters.load(model)
        for own, theirs in zip(self.others, model.non_trainable_variables, strict=True):
            own.assign(theirs.value)

    def store(self, model: keras.Model) -> None:
        """Give a model what training has made of them."""
        self.parameters.store(model)
        for own, theirs in zip(self.others, model.non_trainable_variables, strict=True):
            theirs.value.assign(own)

    def save(self) -> list[FloatArray]:
        """Return a copy of everything that training changes."""
        return [v.numpy() for v in self._state()]

    def restore(self, saved: Sequence[FloatArray]) -> None:
        """Go back to what ``save`` returned."""
        for variable, value in zip(self._state(), saved, strict=True):
            variable.assign(value)

    def _state(self) -> list[tf.Variable]:
        kept = (*self.parameters.variables, *self.parameters.optimizer.variables)
        return [*(v.value for v in kept), *self.others]

    def __call__(
        self, data: Data, rates: FloatArray, slots: IntArray, carry: Carry, *, stop: bool
    ) -> tuple[Recorded, Carry]:
        """Train up to ``len(rates)`` epochs.

        Args:
            data: Tensors of the shapes that the first call had.
            rates: Learning rate of each epoch, shape ``(epochs,)``, at most ``capacity``.
            slots: The place of each epoch's snapshot, ``SNAPSHOTS_PER_CALL`` for none.
            carry: What the call before left.
            stop: Whether to end once the batch is memorised.

        Returns:
            What was recorded, and the new carry: fewer epochs than asked for when the loss was
            no longer finite or the batch was memorised.
        """
        import tensorflow as tf

        epochs = np.zeros((2, self.capacity))
        epochs[0, : len(rates)], epochs[1, : len(rates)] = rates, slots
        state = Carry(np.int32(carry.epoch), np.int32(carry.streak), carry.learned)
        inputs = (data, epochs, np.int32(len(rates)), np.bool_(stop), state)
        if self._compiled is None:
            self._compiled = self._function.get_concrete_function(*inputs)
        # Past TensorFlow's own dispatch, which takes a tenth of a short run.
        flat = [tf.convert_to_tensor(v) for v in tf.nest.flatten(inputs) if v is not None]
        recorded, after = self._compiled._call_flat(flat, self._compiled.captured_inputs)
        return recorded, Carry(int(after.epoch), int(after.streak), after.learned)

    def compile(self, data: Data) -> None:
        """Trace and compile now, training nothing."""
        rates, slots = np.zeros(0), np.zeros(0, int)
        self(data, rates, slots, Carry.start(data), stop=False)

    def _loop(
        self, data: Data, epochs: Tensor, count: Tensor, stop: Tensor, carry: Carry
    ) -> tuple[Recorded, Carry]:
        """Trace the loop over ``count`` epochs; ``epochs`` holds their rates and slots."""
        import keras
        import tensorflow as tf

        self.traces += 1
        first = carry.epoch

        def going_on(carry: Carry, recorded: Recorded, finite: Tensor) -> Tensor:
            memorised = tf.logical_and(stop, carry.streak >= EPOCHS_RUNNING)
            return (carry.epoch - first < count) & finite & ~memorised

        def epoch(carry: Carry, recorded: Recorded, _: Tensor) -> tuple[Any, ...]:
            at = carry.epoch - first
            # Not epochs[0, at]: XLA takes the place of a slice as fixed and would compile anew.
            rate, slot = tf.unstack(tf.gather(epochs, at, axis=1))
            self._rate = tf.cast(rate, keras.config.floatx())
            row, judged, carry = self._epoch(data, carry)
            rows = put(recorded.rows, at, row, self.backend)
            recorded = recorded._replace(rows=rows)
            if self.plan.snapshots:
                recorded = self._snapshot(recorded, tf.cast(slot, tf.int32), data, judged)
            return carry, recorded, tf.math.is_finite(row[0])

        shape = self._snapshot_shape(data) if self.plan.snapshots else None
        buffers = empty(self.capacity, len(self.columns), self.dtype, shape)
        start = (carry, buffers, tf.constant(True))
        carry, recorded, _ = tf.while_loop(going_on, epoch, start, parallel_iterations=1)
        return recorded, carry

    def _epoch(self, data: Data, carry: Carry) -> tuple[Tensor, Pass, Carry]:
        """Trace one epoch: its row, the pass that predictions are judged by, the new carry."""
        import tensorflow as tf

        weights = self.parameters.shaped(self.parameters.values())
        others = [tf.convert_to_tensor(v) for v in self.others]
        judged = None
        if self.differs:
            judged = forward(self.model, weights, others, data.batch, training=False)
        trained, measured = self._step(data.batch, others)
        row = _figures(trained)
        if judged is not None:
            row += _figures(judged)
        if data.held_out is not None:
            row += _figures(self._evaluate(data.held_out))
        judged = judged or trained
        carry, right = self._judge(data, judged, carry)
        figures = tf.stack([tf.cast(v, self.dtype) for v in (*row, *right)])
        return tf.concat([figures, *(tf.cast(m, self.dtype) for m in measured)], 0), judged, carry

    def _step(
        self, batch: tuple[Arrays, Arrays, Arrays], others: list[Tensor]
    ) -> tuple[Pass, list[Tensor]]:
        """Trace a forward pass, its gradients, the update and the probes."""
        import tensorflow as tf

        watch = sorted({name for p in self._probes for name in p.watched})
        sources = self.parameters.values()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            weights = self.parameters.shaped(sources)
            trained = forward(self.model, weights, others, batch, training=True, watch=watch)
            loss = self.parameters.optimizer.scale_loss(trained.loss)
        gradients = tape.gradient(loss, sources) if sources else []
        self.parameters.apply(gradients)
        for own, after in zip(self.others, trained.others, strict=True):
            own.assign(after)
        return trained, self._measure(sources, gradients, trained.outputs)

    def _measure(
        self,
        before: Sequence[Tensor],
        gradients: Sequence[Tensor | None],
        outputs: dict[str, Tensor],
    ) -> list[Tensor]:
        """Trace the probes."""
        if not self._probes or not before:
            return []
        weights, moved = _vector(before), _vector(self.parameters.values())
        vectors = (weights, _vector(_dense(gradients, before)), moved - weights)
        held, slopes, updates = (self._layer_norms(vector) for vector in vectors)
        step = Step(held, slopes, updates, outputs)
        return [probe.measure(step) for probe in self._probes if probe.columns]

    def _evaluate(self, held_out: tuple[Arrays, Arrays, Arrays]) -> Pass:
        """Trace a pass over the held-out samples with the weights as they are now."""
        import tensorflow as tf

        weights = self.parameters.shaped(self.parameters.values())
        others = [tf.convert_to_tensor(v) for v in self.others]
        return forward(self.model, weights, others, held_out, training=False)

    def _judge(self, data: Data, judged: Pass, carry: Carry) -> tuple[Carry, list[Tensor]]:
        """Count the epoch, and follow which samples are right."""
        import tensorflow as tf

        epoch = carry.epoch + 1
        criterion = self.plan.criterion
        if criterion is None:
            return Carry(epoch, carry.streak, carry.learned), []
        y = data.batch[1]
        right = criterion.right(y, judged.prediction)
        everything = criterion.all_right(y, judged.prediction, right)
        streak = tf.where(everything, carry.streak + 1, 0)
        since = tf.where(carry.learned > 0, carry.learned, epoch)
        return Carry(epoch, streak, tf.where(right, since, 0)), [everything]

    def _snapshot(self, recorded: Recorded, slot: Tensor, data: Data, judged: Pass) -> Recorded:
        """Trace the writing of predictions and of each sample's loss, penalties left out."""
        import keras
        import tensorflow as tf

        function = keras.losses.get(self.model.loss)
        function = getattr(function, "call", function)
        y = tf.convert_to_tensor(data.batch[1])
        if y.shape.rank == 1 and judged.prediction.shape[-1] == 1:
            y = y[:, None]
        each = function(y, judged.prediction)
        each = tf.reduce_mean(tf.reshape(each, (each.shape[0], -1)), axis=1)
        return recorded._replace(
            predictions=put(recorded.predictions, slot, judged.prediction, self.backend),
            losses=put(recorded.losses, slot, each, self.backend),
        )

    def _snapshot_shape(self, data: Data) -> tuple[int, int]:
        return data.batch[1].shape[0], int(np.prod(self.model.output_shape[1:]))


def _figures(result: Pass) -> list[Tensor]:
    return [result.loss, *result.metrics.values()]


def _dense(gradients: Sequence[Any], sources: Sequence[Tensor]) -> list[Tensor]:
    """Give weights that the loss does not depend on a gradient of zero."""
    import tensorflow as tf

    return [
        tf.zeros_like(s) if g is None else tf.convert_to_tensor(g)
        for g, s in zip(gradients, sources, strict=True)
    ]


def _vector(tensors: Sequence[Tensor]) -> Tensor:
    """Lay all numbers into one vector."""
    import tensorflow as tf

    return tf.concat([tf.reshape(t, [-1]) for t in tensors], 0)
