"""A run of a spec in progress: its batch and model are made here, its samples judged."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_core.batches import SOURCES, make_batch
from overfit_core.models.build import build_model, floatx
from overfit_core.models.heads import head_of
from overfit_core.models.targets import target_for
from overfit_core.training.criterion import Criterion
from overfit_core.training.forward import forward
from overfit_core.training.hashing import model_hash
from overfit_core.training.plan import Data, Plan
from overfit_core.training.result import RunSummary, Samples, worst_r2
from overfit_core.training.session import Session

if TYPE_CHECKING:
    import keras

    from overfit_core.batches import Batch
    from overfit_core.spec import RunSpec
    from overfit_core.training.types import Arrays, FloatArray

_PACKAGES = ("keras", "numpy", "scikit-learn")


class Judged(NamedTuple):
    """What a network gives after the last update, in inference mode.

    Attributes:
        loss: Its loss, penalties included.
        accuracy: Share of samples that are right; None for a regression.
        r2: R² of the worst output of a regression; None otherwise.
    """

    loss: float
    accuracy: float | None
    r2: float | None


class SpecSession(Session):
    """Trains what a spec describes; see ``Session`` for how it is advanced.

    Args:
        spec: What to run.

    Attributes:
        spec: The same.
        batch: The batch that was made.

    Raises:
        SpecError: If the batch cannot be made or the layers do not take it.
    """

    def __init__(self, spec: RunSpec) -> None:
        """Make batch and model and prepare the run; nothing is compiled yet."""
        self.spec = spec
        training = spec.training
        self.batch = make_batch(spec.batch, training.dtype)
        plan = Plan(
            probes=tuple(p for p in training.probes if p != "samples"),
            snapshots="samples" in training.probes,
            criterion=criterion_of(spec),
        )
        with floatx(training.dtype):
            super().__init__(
                build_model(spec),
                data_of(spec, self.batch),
                epochs=training.epochs,
                plan=plan,
                stop_when_memorised=training.stop_when_memorised,
            )
        # Now: what ``finish`` leaves in the model are other weights.
        self._weights_hash = model_hash(self.model)

    @property
    def batch_hash(self) -> str:
        """SHA-256 (hex) of the batch; see ``Batch.hash``."""
        return self.batch.hash

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) of the weights that training started from; see ``model_hash``."""
        return self._weights_hash

    def samples(self) -> Samples:
        """Return the batch as it was made, with what the network makes of it now."""
        names = tuple(self.batch.class_names)
        samples = Samples(self.batch.x, self.batch.y, self.batch.task, names)
        if not self.epoch:
            return samples
        prediction, _ = self._inference()
        right = np.asarray(self.criterion.right(self.data.batch[1], prediction))
        since = np.asarray(self._carry.learned)
        learned = np.where(right, np.where(since > 0, since, self.epoch), 0)
        return samples.with_predictions(prediction, learned, right)

    def summary(self, *, stopped: bool = False) -> RunSummary:
        """Return how the run stands, or how it ended.

        Args:
            stopped: Whether somebody ended the run here.
        """
        prediction, loss = self._inference()
        judged = judged_by(self.criterion, self.batch, self.data.batch[1], prediction, loss)
        return summary_of(self, judged, stopped=stopped)

    @property
    def criterion(self) -> Criterion:
        """What counts as right in this run."""
        return criterion_of(self.spec)

    def _inference(self) -> tuple[np.ndarray, float]:
        """Return prediction and loss of the batch with the weights as they are now."""
        self.finish()
        return inference(self.model, self.data, self.spec.training.dtype)


def data_of(spec: RunSpec, batch: Batch) -> Data:
    """Return the batch of a spec in the form that its model takes, held-out samples included."""
    held_out = None
    if batch.x_held_out is not None:
        held_out = (batch.x_held_out, target_for(spec, batch, held_out=True), None)
    return Data((batch.x, target_for(spec, batch), None), held_out)


def inference(model: keras.Model, data: Data, dtype: str) -> tuple[FloatArray, float]:
    """Return prediction and loss of the batch with the weights that a model has."""
    weights = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    with floatx(dtype):
        result = forward(model, weights, others, data.batch, training=False)
    return result.prediction.numpy(), float(result.loss)


def judged_by(
    criterion: Criterion, batch: Batch, target: Arrays, prediction: FloatArray, loss: float
) -> Judged:
    """Judge a prediction of the batch, given its loss.

    Args:
        criterion: What counts as right.
        batch: The batch as it was made.
        target: Its labels in the form that the model takes.
        prediction: Inference-mode output, shape ``(samples, outputs)``.
        loss: The loss of it.
    """
    if criterion.task == "regression":
        return Judged(loss, None, worst_r2(batch.y, prediction))
    return Judged(loss, float(np.asarray(criterion.right(target, prediction)).mean()), None)


def summary_of(session: Session, judged: Judged, *, stopped: bool = False) -> RunSummary:
    """Return how a run stands, or how it ended.

    Args:
        session: The run.
        judged: What its network gives now.
        stopped: Whether somebody ended it here.
    """
    best_loss, best_epoch = session.best or (None, None)
    return RunSummary(
        ended="stopped" if stopped or session.ended is None else session.ended,
        epochs=session.epoch,
        memorised_epoch=session.memorisation.epoch,
        forgotten_epoch=session.memorisation.forgotten,
        non_finite_epoch=session.non_finite_epoch,
        loss=judged.loss,
        accuracy=judged.accuracy,
        r2=judged.r2,
        best_loss=best_loss,
        best_loss_epoch=best_epoch,
        compile_seconds=session.compile_seconds,
        train_seconds=session.train_seconds,
        backend=session.program.backend,
        parameters=session.model.count_params(),
        versions=dict(_versions()),
    )


def criterion_of(spec: RunSpec) -> Criterion:
    """Return what counts as right for a spec: by its task, and by what its head can say."""
    shape = SOURCES[spec.batch.source].shape(spec.batch)
    if shape.task == "regression":
        return Criterion("regression")
    head = head_of(spec.model, shape)
    return Criterion("binary" if head.units == 1 else "multiclass", head.threshold)


@cache
def _versions() -> dict[str, str]:
    import tensorflow as tf

    return {"tensorflow": tf.__version__} | {name: version(name) for name in _PACKAGES}
