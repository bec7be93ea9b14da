"""The net and the batch of a preset, as every way that goes through Keras takes them."""

from __future__ import annotations

from overfit_core.batches import make_batch
from overfit_core.models.build import KerasObject, build_model
from overfit_core.models.targets import target_for
from overfit_core.presets import PRESETS
from overfit_core.training.types import FloatArray


def batch_of(preset: str) -> tuple[FloatArray, FloatArray]:
    """Return x and y."""
    spec = PRESETS[preset].spec
    batch = make_batch(spec.batch, "float32")
    return batch.x, target_for(spec, batch)


def model_of(preset: str) -> KerasObject:
    """Return a fresh compiled model."""
    return build_model(PRESETS[preset].spec)
