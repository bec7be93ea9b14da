"""How a recorded run went: judged from what the store has of it, without TensorFlow."""

from __future__ import annotations

from overfit_core.batches import SOURCES
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.judgement import Judgement, verdict_of
from overfit_core.diagnosis.target import target_of
from overfit_core.models.heads import head_of
from overfit_core.models.targets import labels_as_trained
from overfit_core.spec import RunSpec
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples


def judgement_of(
    spec: RunSpec, summary: RunSummary, samples: Samples, history: History
) -> Judgement:
    """Judge a run that has ended.

    Args:
        spec: What was run.
        summary: How it ended, in numbers.
        samples: Its batch.
        history: Its epochs, 1 or more.
    """
    head = head_of(spec.model, SOURCES[spec.batch.source].shape(spec.batch))
    y = labels_as_trained(spec, samples.y, samples.x.dtype)
    target = target_of(y, loss=head.loss, units=head.units, same_rank=y.ndim == 2)
    floor = floor_of(look_at({"x": samples.x}, y), target, head.loss)
    losses = history["inference_loss" if "inference_loss" in history else "loss"]
    return Judgement(
        verdict=verdict_of(
            losses,
            floor.loss,
            memorised=summary.memorised_epoch is not None,
            diverged=summary.non_finite_epoch is not None,
            forbidden=floor.forbids,
        ),
        epoch=summary.memorised_epoch,
        forgotten=summary.forgotten_epoch,
        epochs=summary.epochs,
        planned=spec.training.epochs,
        accuracy=summary.accuracy,
        r2=summary.r2,
        loss=summary.loss,
        floor=floor.loss,
        best_accuracy=floor.accuracy,
    )
