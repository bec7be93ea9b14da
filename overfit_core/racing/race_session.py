"""A run of a race in progress: its model is shared with others and stays at its start."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.cache import program_key
from overfit_core.training.checkpoint import Checkpoint
from overfit_core.training.hashing import model_hash
from overfit_core.training.loops import versions
from overfit_core.training.plan import Carry
from overfit_core.training.recording import Recorded
from overfit_core.training.session import Session
from overfit_core.training.spec_session import Judged, inference, judged_by, summary_of

if TYPE_CHECKING:
    import keras

    from overfit_core.batches import Batch
    from overfit_core.spec import RunSpec
    from overfit_core.training.plan import Data, Plan
    from overfit_core.training.program import Program
    from overfit_core.training.result import RunSummary
    from overfit_core.training.types import FloatArray, IntArray, Tensor


class RaceSession(Session):
    """Trains one run; see ``Session`` for how it is advanced.

    Behind its last epoch it trains one more, whose figures, taken before its update, are those of
    the network that training leaves. It counts nowhere. To ask Keras for them instead, operation
    by operation, takes as long as half of a short run. So its history is equal to the last bit to
    that of the same run trained alone, and the loss of its summary up to rounding: a compiled pass
    over the batch stands for an eager one.

    Args:
        model: At its start, where it stays.
        spec: Settings of the race.
        batch: The batch as it was made.
        data: The same in the form that the model takes.
        plan: What to record; its criterion says what is right.
        learning_rate: The model's own does not count.
        program: That of a run before with this very model; it is looked for if None.
        start: What the program made of the model for a run before that started from the same
            weights; None has it made anew.

    Attributes:
        start: The same, once this run has begun.
    """

    def __init__(
        self,
        model: keras.Model,
        spec: RunSpec,
        batch: Batch,
        data: Data,
        plan: Plan,
        *,
        learning_rate: float,
        program: Program | None = None,
        start: list[Tensor] | None = None,
    ) -> None:
        """Prepare the run."""
        super().__init__(model, data, epochs=spec.training.epochs, plan=plan, program=program)
        self._rate = learning_rate
        assert plan.criterion is not None
        self._criterion, self._batch, self._dtype = plan.criterion, batch, spec.training.dtype
        self._judged: Judged | None = None
        self.start = self._saved = start

    def checkpoint(self) -> Checkpoint:
        """Return where it stands between two epochs, behind the first one; it can go on, too."""
        self._attach()
        return Checkpoint(
            versions=self._versions(),
            epoch=self.epoch,
            streak=int(self._carry.streak),
            learned=np.asarray(self._carry.learned),
            memorisation=replace(self.memorisation),
            best=self.best,
            compile_seconds=self.compile_seconds,
            train_seconds=self.train_seconds,
            variables=tuple(self.program.save()),
        )

    def go_on(self, checkpoint: Checkpoint) -> bool:
        """Stand where the same run stood in another process, instead of at its start.

        Returns:
            False if that was of another version, whose numbers may be others, or of another run;
            it stays at its start then.
        """
        if checkpoint.versions != self._versions():
            return False
        self.epoch = checkpoint.epoch
        self._carry = Carry(checkpoint.epoch, checkpoint.streak, checkpoint.learned)
        self.memorisation, self.best = replace(checkpoint.memorisation), checkpoint.best
        self.compile_seconds = checkpoint.compile_seconds
        self.train_seconds = checkpoint.train_seconds
        self._saved = list(checkpoint.variables)
        return True

    def _versions(self) -> str:
        """Name all that the numbers depend on: another version may make another batch, too."""
        program = program_key(self.model, self.data, self._plan)
        run = f"{self._batch.hash} {model_hash(self.model)} {self._rate!r}"
        return hashlib.sha256(f"{versions()} {program} {run}".encode()).hexdigest()

    def end(self) -> RunSummary:
        """Return how the run ended; it cannot go on after that.

        It is what the run would say alone, its loss up to rounding.
        """
        judged = self._looked_at() if self._needs_a_look else self._told()
        return summary_of(self, judged, stopped=not self.finished)

    @property
    def _needs_a_look(self) -> bool:
        """Whether the figures of an epoch are not those of the network that training leaves.

        A moving average takes the weights' place only in the end. Keras's R² is the mean over the
        outputs, where the worst counts, and it is another one for targets that are all equal.
        """
        y = np.asarray(self._batch.y)
        apart = y[0].size > 1 or y.max() == y.min()
        regression = self._criterion.task == "regression"
        return bool(self.model.optimizer.use_ema) or (regression and bool(apart))

    def _attach(self) -> None:
        super()._attach()
        if self.start is None and self.epoch == 0:
            self.start = self.program.values()

    def _rates(self, count: int) -> FloatArray:
        return np.full(count, self._rate, self._dtype)

    def _run(self, count: int, chosen: IntArray) -> tuple[Recorded, FloatArray]:
        at_the_end = self.epoch + count == self.total and count < self.program.capacity
        more = at_the_end and not self._needs_a_look
        recorded, rates = super()._run(count + more, chosen)
        if self._carry.epoch > self.total:
            self._judged = self._read(recorded, count)
            self._carry = self._carry._replace(epoch=self.total)
        return recorded, rates

    def _told(self) -> Judged:
        """Judge by the epoch that was trained last, or by one that is trained now."""
        if self._judged is None:
            self._attach()
            recorded, _ = super()._run(1, np.zeros(0, int))
            self._judged = self._read(recorded, 0)
        return self._judged

    def _read(self, recorded: Recorded, place: int) -> Judged:
        """Judge by the figures of an epoch that was just trained."""
        row = recorded.rows.numpy()[place].tolist()
        figures = dict(zip(self.columns, row, strict=True))
        mode = "inference_" if "inference_loss" in figures else ""
        loss = figures[f"{mode}loss"]
        if self._criterion.task == "regression":
            return Judged(loss, None, figures[f"{mode}r2"])
        # Keras's accuracy counts what is no number as the first class.
        return Judged(loss, float((np.asarray(self._carry.learned) > 0).mean()), None)

    def _looked_at(self) -> Judged:
        """Judge what training leaves in the model, and put that back to its start."""
        variables = [*self.model.variables, *self.model.optimizer.variables]
        kept = [variable.numpy() for variable in variables]
        try:
            self.finish()
            prediction, loss = inference(self.model, self.data, self._dtype)
        finally:
            # Whatever goes wrong: the next race may find this very model.
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
        return judged_by(self._criterion, self._batch, self.data.batch[1], prediction, loss)
