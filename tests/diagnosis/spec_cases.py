"""Specs to be looked at before a run, and what a check sees of them."""

from __future__ import annotations

from typing import Any

from overfit_core.batches import SOURCES, make_batch
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.model_facts import ModelFacts, read_model
from overfit_core.diagnosis.target import target_of
from overfit_core.models.build import build_model
from overfit_core.models.targets import target_for
from overfit_core.spec import RunSpec

SMALL = {"kind": "dense", "units": 16}


def spec_of(
    source: str,
    *layers: dict[str, Any],
    head: dict[str, Any] | None = None,
    loss: str | None = None,
    **batch: Any,  # noqa: ANN401
) -> RunSpec:
    samples = batch.pop("samples", SOURCES[source].max_samples or 32)
    return RunSpec.load(
        {
            "batch": {"source": source, "samples": min(samples, 32), **batch},
            "model": {"layers": list(layers), "head": head or {}, "loss": loss},
        }
    )


def keras_facts(spec: RunSpec) -> ModelFacts:
    """What a check reads off the Keras model."""
    return read_model(build_model(spec), make_batch(spec.batch, spec.training.dtype).x)


def checked_facts(spec: RunSpec) -> Facts:
    """What a check sees of a spec before its run."""
    batch = make_batch(spec.batch, spec.training.dtype)
    model = keras_facts(spec)
    facts = look_at({"x": batch.x}, target_for(spec, batch))
    target = target_of(
        facts.y, loss=model.loss, units=model.units, same_rank=facts.y.ndim == 2
    )  # fmt: skip
    return Facts(facts, model, target, floor_of(facts, target, model.loss))
