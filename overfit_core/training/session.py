"""A run in progress: it can be advanced, looked at, and ended."""

from __future__ import annotations

import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.errors import ModelError
from overfit_core.models.build import floatx
from overfit_core.training.cache import PROGRAMS
from overfit_core.training.criterion import Memorisation
from overfit_core.training.history import History, Snapshots
from overfit_core.training.learning_rates import learning_rates
from overfit_core.training.plan import Carry, Data, Plan
from overfit_core.training.preparing import (
    build_optimizer,
    program_for,
    reason,
    tensors,
    without_collections,
)
from overfit_core.training.program import Program
from overfit_core.training.recording import SNAPSHOTS_PER_CALL, Recorded
from overfit_core.training.result import Ended
from overfit_core.training.types import FloatArray, IntArray, Tensor

if TYPE_CHECKING:
    import keras

SNAPSHOTS_PER_DECADE = 10


class Session:
    """Trains a compiled Keras model on one batch, as many epochs at a time as it is told.

    Several sessions may take turns in one process, also on the same compiled program; a session
    is not for several threads at once.

    Args:
        model: A compiled model with its variables built. It is trained in place, as by ``fit``:
            ``finish`` gives it its weights and optimizer state.
        data: The batch, and the held-out samples if any, as arrays in the form the model takes.
        epochs: Epochs to train in all, at least 1.
        plan: What to record.
        stop_when_memorised: End at the fifth epoch running in which the whole batch is right;
            needs ``plan.criterion``.
        program: That of a session before with this very model, data and plan; it is looked for if
            None.

    Attributes:
        epoch: Epochs done.
        ended: Why the run is over; None while it is not.
        compile_seconds: Time spent on tracing and compiling.
        train_seconds: Time spent on training.
    """

    def __init__(
        self,
        model: keras.Model,
        data: Data,
        *,
        epochs: int,
        plan: Plan | None = None,
        stop_when_memorised: bool = False,
        program: Program | None = None,
    ) -> None:
        """Prepare everything but the compiled program; see the class."""
        import keras

        plan = plan or Plan()
        self.model, self.total, self._plan = model, epochs, plan
        self._floatx = keras.config.floatx()
        self.data = tensors(data)
        fresh = not model.optimizer.built
        self.program = program or program_for(model, self.data, plan)
        if fresh:
            build_optimizer(model)
        self.epoch = 0
        self.ended: Ended | None = None
        self.non_finite_epoch: int | None = None
        self.memorisation = Memorisation()
        self.best: tuple[float, int] | None = None
        self.compile_seconds = self.train_seconds = 0.0
        self._stop = stop_when_memorised
        self._first_step = int(model.optimizer.iterations)
        self._carry = Carry.start(self.data)
        self._saved: list[Tensor] | None = None
        self._snapshot_epochs = snapshot_epochs(epochs) if plan.snapshots else np.zeros(0, int)
        self.columns = self.program.columns_for(model)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.ended is not None

    @property
    def backend(self) -> str:
        """``xla`` or ``tensorflow``."""
        return self.program.backend

    def compile(self) -> None:
        """Compile the program if that was not done yet; ``advance`` does it when needed.

        Raises:
            ModelError: If Keras cannot train the model on this batch.
        """
        if self.program.ready:
            return
        start = time.perf_counter()
        try:
            with floatx(self._floatx), without_collections():
                self._compile()
        except Exception as error:
            raise ModelError(reason(error)) from error
        self.compile_seconds += time.perf_counter() - start

    def _compile(self) -> None:
        """Compile, with TensorFlow's kernels if the model holds what XLA does not know."""
        import tensorflow as tf

        try:
            self.program.compile(self.data)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            if self.program.backend == "tensorflow" or self._plan.backend is not None:
                raise
            other = replace(self._plan, backend="tensorflow")
            self.program = PROGRAMS.get(self.model, self.data, other)
            PROGRAMS.put(self.model, self.data, self._plan, self.program)
            if not self.program.ready:
                self.program.compile(self.data)

    def advance(self, epochs: int) -> History:
        """Train at most ``epochs`` more and return what they recorded.

        Fewer are trained when the run ends: at its last epoch, at the first loss that is not a
        finite number, or, if asked for, when the batch is memorised.

        Raises:
            ValueError: If ``epochs`` is below 1.
            ModelError: If Keras cannot train the model on this batch.
        """
        if epochs < 1:
            raise ValueError(f"A run advances by at least one epoch, got epochs={epochs}.")
        self.compile()
        self._attach()
        start = time.perf_counter()
        chunk = History({}, self.epoch + 1)
        goal = min(self.epoch + epochs, self.total)
        with floatx(self._floatx):
            while self.epoch < goal and not self.finished:
                chunk.append(self._call(self._call_length(goal)))
        self.train_seconds += time.perf_counter() - start
        return chunk

    def finish(self) -> None:
        """Leave the model as ``fit`` would, were training to end here.

        It gets the weights and the optimizer state, and the moving average in place of the
        weights where the optimizer keeps one. Training can go on from what it was.
        """
        if self.program.ready:
            self._attach()
            self.program.store(self.model)
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)

    def _call_length(self, goal: int) -> int:
        """Return how many epochs fit into one call of the program."""
        ahead = self._snapshot_epochs[self._snapshot_epochs > self.epoch]
        if len(ahead) > SNAPSHOTS_PER_CALL:
            goal = min(goal, int(ahead[SNAPSHOTS_PER_CALL]) - 1)
        return min(goal - self.epoch, self.program.capacity)

    def _call(self, count: int) -> History:
        first, chosen = self.epoch + 1, self._snapshot_epochs
        chosen = chosen[(chosen >= first) & (chosen < first + count)]
        recorded, rates = self._run(count, chosen)
        return self._record(recorded, rates, chosen, first)

    def _run(self, count: int, chosen: IntArray) -> tuple[Recorded, FloatArray]:
        """Have the program train so many epochs; returns what it recorded, and their rates.

        Args:
            count: How many.
            chosen: At which of them samples are looked at.
        """
        rates = self._rates(count)
        slots = np.full(count, SNAPSHOTS_PER_CALL)
        slots[chosen - self.epoch - 1] = np.arange(len(chosen))
        recorded, self._carry = self.program(self.data, rates, slots, self._carry, stop=self._stop)
        return recorded, rates

    def _rates(self, count: int) -> FloatArray:
        return learning_rates(self.model.optimizer, self._first_step + self.epoch, count)

    def _record(
        self, recorded: Recorded, rates: FloatArray, chosen: IntArray, first: int
    ) -> History:
        """Turn the buffers of one call into history, and follow how the run fares."""
        self.epoch = self._carry.epoch
        rows = recorded.rows.numpy()[: self.epoch - first + 1]
        columns = {name: rows[:, i].copy() for i, name in enumerate(self.columns)}
        columns["learning_rate"] = rates[: len(rows)]
        right = columns.pop("right", None)
        if right is not None:
            self.memorisation.follow(first, right)
        self._follow(columns, first)
        snapshots = None
        if len(chosen) and chosen[0] <= self.epoch:
            chosen = chosen[chosen <= self.epoch]
            kept = slice(len(chosen))
            snapshots = Snapshots(
                chosen, recorded.predictions.numpy()[kept], recorded.losses.numpy()[kept]
            )
        return History(columns, first, snapshots)

    def _follow(self, columns: dict[str, FloatArray], first: int) -> None:
        loss = columns.get("inference_loss", columns["loss"])
        finite = np.isfinite(loss)
        if finite.any():
            best = int(np.argmin(np.where(finite, loss, np.inf)))
            if self.best is None or loss[best] < self.best[0]:
                self.best = (float(loss[best]), first + best)
        if not np.isfinite(columns["loss"][-1]):
            self.non_finite_epoch, self.ended = self.epoch, "non_finite"
        elif self._stop and self.memorisation.epoch is not None:
            self.ended = "memorised"
        elif self.epoch >= self.total:
            self.ended = "epochs"

    def _attach(self) -> None:
        """Make the program's variables ours; another session may have used them since."""
        owner = _owners.get(self.program)
        holder = owner() if owner is not None else None
        if holder is self:
            return
        if holder is not None:
            holder._saved = self.program.values()
        if self._saved is None:
            self.program.load(self.model)
        else:
            self.program.restore(self._saved)
            self._saved = None
        _owners[self.program] = weakref.ref(self)


_owners: weakref.WeakKeyDictionary[Program, weakref.ref[Session]] = weakref.WeakKeyDictionary()


def snapshot_epochs(epochs: int) -> IntArray:
    """Return the epochs of a run at which samples are looked at, evenly spaced by logarithm.

    Ten to a decade, the first and the last among them; rising, shape ``(snapshots,)``.
    """
    decades = np.log10(max(epochs, 1))
    spaced = np.logspace(0, decades, int(np.ceil(decades * SNAPSHOTS_PER_DECADE)) + 1)
    return np.unique(np.rint(spaced).astype(int).clip(1, epochs))
