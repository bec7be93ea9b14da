"""A run of a spec in progress: its batch and model are made here, its samples judged."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

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
    from overfit_core.spec import RunSpec

_PACKAGES = ("keras", "numpy", "scikit-learn")


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
        held_out = None
        if self.batch.x_held_out is not None:
            held_out = (self.batch.x_held_out, target_for(spec, self.batch, held_out=True), None)
        data = Data((self.batch.x, target_for(spec, self.batch), None), held_out)
        plan = Plan(
            probes=tuple(p for p in training.probes if p != "samples"),
            snapshots="samples" in training.probes,
            criterion=criterion_of(spec),
        )
        with floatx(training.dtype):
            super().__init__(
                build_model(spec),
                data,
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
        right = np.asarray(self.criterion.right(self.data.batch[1], prediction))
        regression = self.criterion.task == "regression"
        best_loss, best_epoch = self.best or (None, None)
        return RunSummary(
            ended="stopped" if stopped or self.ended is None else self.ended,
            epochs=self.epoch,
            memorised_epoch=self.memorisation.epoch,
            forgotten_epoch=self.memorisation.forgotten,
            non_finite_epoch=self.non_finite_epoch,
            loss=loss,
            accuracy=None if regression else float(right.mean()),
            r2=worst_r2(self.batch.y, prediction) if regression else None,
            best_loss=best_loss,
            best_loss_epoch=best_epoch,
            compile_seconds=self.compile_seconds,
            train_seconds=self.train_seconds,
            backend=self.program.backend,
            parameters=self.model.count_params(),
            versions=_versions(),
        )

    @property
    def criterion(self) -> Criterion:
        """What counts as right in this run."""
        return criterion_of(self.spec)

    def _inference(self) -> tuple[np.ndarray, float]:
        """Return prediction and loss of the batch with the weights as they are now."""
        self.finish()
        model = self.model
        weights = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        with floatx(self.spec.training.dtype):
            result = forward(model, weights, others, self.data.batch, training=False)
        return result.prediction.numpy(), float(result.loss)


def criterion_of(spec: RunSpec) -> Criterion:
    """Return what counts as right for a spec: by its task, and by what its head can say."""
    shape = SOURCES[spec.batch.source].shape(spec.batch)
    if shape.task == "regression":
        return Criterion("regression")
    head = head_of(spec.model, shape)
    return Criterion("binary" if head.units == 1 else "multiclass", head.threshold)


def _versions() -> dict[str, str]:
    import tensorflow as tf

    return {"tensorflow": tf.__version__} | {name: version(name) for name in _PACKAGES}
