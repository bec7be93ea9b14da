"""The loop of epochs as one compiled TensorFlow function.

Everything that changes between runs of one network is an input: the batch, the learning rate of
each epoch, how many epochs. Weights, optimizer state and moving statistics are variables of the
program's own, loaded before a run and read after it. So nothing is compiled twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.training.criterion import EPOCHS_RUNNING
from overfit_core.training.draws import Draw, drawn_again, drawn_once
from overfit_core.training.epoch import Epoch
from overfit_core.training.forward import Pass
from overfit_core.training.loops import Loop, LoopFile, adopted
from overfit_core.training.parameters import Parameters
from overfit_core.training.plan import Carry, Data, Plan
from overfit_core.training.recording import Recorded, empty, put
from overfit_core.training.structure import Backend, backend_for
from overfit_core.training.transfer import Pair, Transfer
from overfit_core.training.types import FloatArray, IntArray, Tensor

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_NUMBERS_PER_CALL = 65_536
_CAPACITY = (256, 4096)


class Program:
    """A compiled loop for one architecture, optimizer, loss and set of shapes.

    Args:
        model: A compiled Keras model, with its weights and metrics built. It lends its structure;
            its own variables are neither read nor written by the loop.
        plan: What to record.
        held_out: Whether held-out samples are evaluated after each epoch.
        file: Where the traced loop is kept for later processes; None keeps it nowhere.

    Attributes:
        traces: How often the loop was traced: at most once, not at all if it was on disk.
        ready: Whether it was compiled, without an error.
        capacity: The most epochs of one call.
        columns: Names of the recorded columns.
    """

    def __init__(
        self, model: keras.Model, plan: Plan, *, held_out: bool, file: LoopFile | None = None
    ) -> None:
        """Make the variables; tracing and compiling wait for the first call."""
        import tensorflow as tf

        self.model, self.plan = model, plan
        self.backend: Backend = plan.backend or backend_for(model)
        self.traces = 0
        self.ready = False
        self._rate: Tensor | None = None
        self.parameters = Parameters(model, lambda: self._rate)
        self.others = [tf.Variable(v.value, trainable=False) for v in model.non_trainable_variables]
        self._transfer = Transfer()
        self._epoch = Epoch(model, plan, self.parameters, self.others, held_out=held_out)
        self.columns = self._epoch.columns
        fitting = 1 << ((_NUMBERS_PER_CALL // len(self.columns)).bit_length() - 1)
        self.capacity = int(np.clip(fitting, *_CAPACITY))
        self._file = file
        self._traced: Loop | None = None

    def columns_for(self, model: keras.Model) -> tuple[str, ...]:
        """Return the names of the columns for a model that shares this program."""
        return self._epoch.columns_for(model)

    def load(self, model: keras.Model) -> None:
        """Start from a model's weights, optimizer state and moving statistics."""
        self._transfer.load(self._pairs(model))

    def store(self, model: keras.Model) -> None:
        """Give a model what training has made of them."""
        self._transfer.store(self._pairs(model))

    def _pairs(self, model: keras.Model) -> list[Pair]:
        others = zip(self.others, model.non_trainable_variables, strict=True)
        return [*self.parameters.pairs(model), *(Pair(own, [v.value]) for own, v in others)]

    def values(self) -> list[Tensor]:
        """Return everything that training changes, as it is now, for ``restore``."""
        return [v.read_value() for v in self._state()]

    def save(self) -> list[FloatArray]:
        """Return the same as arrays, which need no TensorFlow."""
        return [value.numpy() for value in self.values()]

    def restore(self, saved: Sequence[FloatArray | Tensor]) -> None:
        """Go back to what ``values`` or ``save`` returned."""
        import tensorflow as tf
        from tensorflow.python.ops import gen_resource_variable_ops as ops

        for variable, value in zip(self._state(), saved, strict=True):
            # Past the checks of ``assign``, which take ten times as long.
            ops.assign_variable_op(variable.handle, tf.convert_to_tensor(value, variable.dtype))

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
        # In one array, for each takes 20 µs on its way to TensorFlow.
        numbers = np.array([len(rates), stop, carry.epoch, carry.streak], np.int32)
        inputs = (data, epochs, numbers, carry.learned)
        if self._traced is None:
            self._traced = self._find(inputs)
        flat = [
            v if isinstance(v, tf.Tensor) else tf.convert_to_tensor(v)
            for v in tf.nest.flatten(inputs)
            if v is not None
        ]
        *recorded, epoch, streak, learned = self._traced(flat)
        if not self.ready and self._file is not None:
            self._file.save()
        self.ready = True
        return Recorded(*recorded), Carry(carry.epoch + int(epoch), int(streak), learned)

    def compile(self, data: Data) -> None:
        """Trace and compile now, training nothing."""
        rates, slots = np.zeros(0), np.zeros(0, int)
        self(data, rates, slots, Carry.start(data), stop=False)

    def _find(self, inputs: tuple[Any, ...]) -> Loop:
        """Load the traced loop, or trace it."""
        import tensorflow as tf

        state = self._state()
        loop = self._file.load(state) if self._file is not None else None
        if loop is None:
            xla = self.backend == "xla"
            function = tf.function(self._loop, jit_compile=xla, autograph=False)
            traced = function.get_concrete_function(*inputs)
            adopt = adopted if self._file is None else self._file.adopt
            loop = adopt(traced, state, xla=xla)
            outputs = len(traced.outputs)
            loop = loop or Loop(traced.name, traced.captured_inputs, outputs, kept=traced)
        return loop

    def _loop(
        self, data: Data, epochs: Tensor, numbers: Tensor, learned: Tensor
    ) -> tuple[Recorded, Carry]:
        """Trace the loop.

        Args:
            data: As in a call.
            epochs: Rates and slots, shape ``(2, capacity)``.
            numbers: How many epochs, whether to stop once memorised, and of the carry the epoch
                and the streak.
            learned: The rest of the carry.
        """
        import keras
        import tensorflow as tf

        self.traces += 1
        _, _, first, streak = tf.unstack(numbers)
        judging = self.plan.criterion is not None
        draws: list[Draw] = []

        def going_on(carry: Carry, recorded: Recorded) -> Tensor:
            # Taken apart here, where XLA does it in the kernel of the condition.
            count, stop, _, _ = tf.unstack(numbers)
            loss = tf.gather(recorded.rows, tf.maximum(carry.epoch - 1, 0))[0]
            memorised = tf.logical_and(stop > 0, carry.streak >= EPOCHS_RUNNING)
            return (carry.epoch < count) & tf.math.is_finite(loss) & ~memorised

        def epoch(carry: Carry, recorded: Recorded) -> tuple[Carry, Recorded]:
            at = carry.epoch
            # Not epochs[0, at]: XLA takes the place of a slice as fixed and would compile anew.
            rate, slot = tf.unstack(tf.gather(epochs, at, axis=1))
            self._rate = tf.cast(rate, keras.config.floatx())
            row, judged, carry = self._epoch(data, carry._replace(epoch=first + at))
            draws[:] = drawn_once(row.graph) if self.backend == "xla" else []
            rows = put(recorded.rows, at, row, self.backend)
            recorded = recorded._replace(rows=rows)
            if self.plan.snapshots:
                recorded = self._snapshot(recorded, tf.cast(slot, tf.int32), data, judged)
            return carry._replace(epoch=at + 1), recorded

        shape = self._snapshot_shape(data) if self.plan.snapshots else None
        buffers = empty(self.capacity, len(self.columns), self._epoch.dtype, shape)
        start = Carry(tf.constant(0), streak if judging else tf.constant(0), learned)
        carry, recorded = tf.while_loop(going_on, epoch, (start, buffers), parallel_iterations=1)
        return recorded, carry._replace(epoch=drawn_again(draws, numbers[0], carry.epoch))

    def _snapshot(self, recorded: Recorded, slot: Tensor, data: Data, judged: Pass) -> Recorded:
        """Trace the writing of predictions and of each sample's loss."""
        each = self._epoch.losses(data, judged)
        return recorded._replace(
            predictions=put(recorded.predictions, slot, judged.prediction, self.backend),
            losses=put(recorded.losses, slot, each, self.backend),
        )

    def _snapshot_shape(self, data: Data) -> tuple[int, int]:
        return data.batch[1].shape[0], int(np.prod(self.model.output_shape[1:]))
