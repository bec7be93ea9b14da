"""What is known of a spec's batch before anything runs, without scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.batches import SOURCES, Batch
from overfit_core.batches.contradictions import with_contradictions
from overfit_core.batches.known import KNOWN, quick_batch, stand_in
from overfit_core.diagnosis.batch_facts import BatchFacts, Columns, Contradictions, look_at
from overfit_core.diagnosis.facts import Cause
from overfit_core.diagnosis.rules.contradictory_labels import RULE as CONTRADICTORY_LABELS
from overfit_core.models.targets import target_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overfit_core.spec import BatchSpec, RunSpec

NUMBERS = 8_192
"""At most so many numbers of the inputs are looked at: the first samples of a larger batch."""


def batch_facts_of(spec: RunSpec) -> BatchFacts:
    """Return what is known of the batch, made-up rows standing for what is not at hand."""
    batch, dtype = spec.batch, spec.training.dtype
    first = _first_samples(batch)
    if batch.source not in KNOWN and first == batch.samples:
        made = quick_batch(batch, dtype)
        assert made is not None
        return look_at({"x": made.x}, target_for(spec, made), names=made.feature_names)
    rows = quick_batch(batch.model_copy(update={"samples": first, "contradictions": 0}), dtype)
    bundled, rows = rows is None, rows or stand_in(batch, dtype)
    facts = look_at({"x": rows.x}, target_for(spec, rows), names=rows.feature_names)
    if bundled:
        # Rows that were made up contradict nothing.
        facts = replace(facts, contradictions=Contradictions(np.arange(facts.samples)))
    if bundled and batch.scaling == "none" and facts.samples > 1:
        known = KNOWN[batch.source]
        of_all = (known.low, known.high, known.mean, known.std)
        facts = replace(facts, columns={"x": Columns(*(np.array(v, float) for v in of_all))})
    return _repeating(facts, rows, spec)


def samples_are_real(batch: BatchSpec) -> bool:
    """Tell whether the samples that are looked at are those of the batch, with their labels."""
    cut = _first_samples(batch) < batch.samples
    return batch.source not in KNOWN and not (cut and batch.label_noise > 0)


def as_sure(cause: Cause, batch: BatchSpec) -> Cause:
    """Return a cause with evidence that holds for the batch though it was found in a stand-in."""
    if samples_are_real(batch):
        return cause
    if cause.rule == CONTRADICTORY_LABELS.id:
        # Places and share are certain. Loss and R² may depend on which labels they are.
        names = ("samples", "best_accuracy")
        certain = {name: value for name, value in cause.evidence.items() if name in names}
        return replace(cause, evidence=certain, drawing=None)
    if batch.source not in KNOWN:
        return cause
    evidence = {name: value for name, value in cause.evidence.items() if name != "sample"}
    count = SOURCES[batch.source].max_samples
    return replace(cause, evidence={**evidence, "seen_in": f"all {count:,} samples of the source"})


def contradicts_itself(batch: BatchSpec, groups: Iterable[Iterable[int]], dtype: str) -> bool:
    """Tell whether equal samples would have different labels without `contradictions` too.

    Args:
        batch: Checked settings.
        groups: Places of all samples of the batch that contradict each other.
        dtype: Type of the batch: rounding can make inputs equal.
    """
    # A batch that is cut has so many columns that no two of its samples are drawn alike.
    own = {"contradictions": 0, "samples": _first_samples(batch)}
    made = quick_batch(batch.model_copy(update=own), dtype)
    if made is not None:
        return bool(look_at({"x": made.x}, made.y).contradictions.pairs)
    # Bundled data have one label for equal samples, unless it was drawn anew.
    asked = {frozenset(pair) for pair in _pairs(batch)}
    return batch.label_noise > 0 and not {frozenset(group) for group in groups} <= asked


def _first_samples(batch: BatchSpec) -> int:
    inputs = SOURCES[batch.source].shape(batch).inputs
    return min(batch.samples, max(1, NUMBERS // prod(inputs)))


def _pairs(batch: BatchSpec) -> tuple[tuple[int, int], ...]:
    """Return the places of each sample that is repeated and of the one that repeats it."""
    first_repeated = batch.samples - batch.contradictions
    return tuple((place, first_repeated + place) for place in range(batch.contradictions))


def _repeating(facts: BatchFacts, rows: Batch, spec: RunSpec) -> BatchFacts:
    """Let as many rows as the batch has contradict each other as its settings make sure.

    Args:
        facts: What is known of a few rows.
        rows: These; they stand for the others in turn.
        spec: The spec. How far apart the targets of a regression are depends on its samples, so
            that nothing is sure of those.
    """
    batch, pairs = spec.batch, _pairs(spec.batch)
    shape = SOURCES[batch.source].shape(batch)
    if not pairs or shape.classes is None:
        return facts
    turn = np.arange(batch.samples) % len(rows.x)
    x, y = with_contradictions(rows.x[turn], rows.y[turn], len(pairs), shape.classes)
    group = np.arange(batch.samples)
    group[-len(pairs) :] = group[: len(pairs)]
    labels = target_for(spec, replace(rows, x=x, y=y))
    return replace(facts, x={"x": x}, y=labels, contradictions=Contradictions(group, pairs))
