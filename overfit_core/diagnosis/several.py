"""Facts of a model with several outputs: those of each, and those of all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from overfit_core.diagnosis.batch_facts import BatchFacts, Columns, Contradictions
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.floor import Floor
from overfit_core.diagnosis.graph_facts import UNKNOWN
from overfit_core.diagnosis.model_facts import LossSettings, ModelFacts
from overfit_core.diagnosis.target import Targets, side_by_side
from overfit_core.diagnosis.trained import Trained


def together(
    outputs: Mapping[str, Facts], names: Sequence[str], weights: Mapping[str, float]
) -> Facts:
    """Return the facts of a whole model, without a run.

    Args:
        outputs: Facts of each output that has a loss that counts, by name; one or more.
        names: All outputs, in the order in which Keras lays them out.
        weights: What each output's loss counts in the sum.
    """
    parts = list(outputs.values())
    targets = (outputs[name].target if name in outputs else None for name in names)
    return Facts(
        _batch([part.batch for part in parts]),
        _model(parts[0].model),
        Targets(outputs=tuple(targets)),
        _floor(outputs, weights),
        outputs=outputs,
    )


def with_run(facts: Facts, run: Trained) -> Facts:
    """Return facts with how training went: for the whole, and for each of several outputs."""
    if not facts.outputs:
        return replace(facts, run=run)
    each = zip(facts.outputs.items(), run.each, strict=True)
    own = {
        name: replace(part, run=replace(run, each=(), **answers._asdict()))
        for (name, part), answers in each
    }
    return replace(facts, run=run, outputs=own)


def _batch(parts: Sequence[BatchFacts]) -> BatchFacts:
    labels = [part.labels for part in parts]
    columns = (
        np.concatenate([getattr(one, name) for one in labels])
        for name in ("low", "high", "mean", "std")
    )
    return replace(
        parts[0],
        y=side_by_side([part.y.reshape(part.samples, -1) for part in parts]),
        labels=Columns(*columns),
        bad=tuple(dict.fromkeys(place for part in parts for place in part.bad)),
        contradictions=Contradictions(parts[0].contradictions.group),
        mask=None,
        each={part.label: part.y for part in parts},
    )


def _model(first: ModelFacts) -> ModelFacts:
    """Return what is true of a model whichever output is looked at."""
    return replace(
        first,
        output=None,
        output_activation=UNKNOWN,
        output_shape=(),
        loss="",
        from_logits=False,
        loss_settings=LossSettings(),
        mask=None,
    )


def _floor(outputs: Mapping[str, Facts], weights: Mapping[str, float]) -> Floor:
    """Return the sum of the losses, and the score of the worst output of each kind."""
    floors = {name: part.floor for name, part in outputs.items()}
    right = [one.accuracy for one in floors.values() if one.accuracy is not None]
    near = [one.r2 for one in floors.values() if one.r2 is not None]
    loss = sum(weights[name] * one.loss for name, one in floors.items())
    return Floor(loss, min(right, default=None), min(near, default=None))
