"""What a trial is measured by: the labels' meaning after a change, and the run without it."""

from __future__ import annotations

from typing import Any

import numpy as np

from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.masks import without_filling
from overfit_core.diagnosis.report import Outcome
from overfit_core.diagnosis.running import Standing
from overfit_core.diagnosis.target import Target, Targets, target_of
from overfit_core.diagnosis.trained import Trained
from overfit_core.training.types import AnyArray

HALF_WAY = 0.5
"""A change is better that takes away so much of what was missing."""


def target_for(before: Setup, facts: Facts, setup: Setup) -> Target:
    """Return what the labels mean, which a change of labels or loss may alter.

    Args:
        before: The program as it is.
        facts: What was seen of it.
        setup: The changed program.
    """
    if setup.y is before.y and setup.loss is before.loss:
        return facts.target
    if before.heads is None:
        return _target_for(before.parts[0], facts, setup.parts[0])
    pairs = zip(before.heads.names, before.parts, setup.parts, strict=True)
    each = (
        _target_for(was, facts.outputs[name], now) if name in facts.outputs else None
        for name, was, now in pairs
    )
    return Targets(outputs=tuple(each))


def _target_for(before: tuple[AnyArray, Any], facts: Facts, after: tuple[AnyArray, Any]) -> Target:
    """Return what the labels of an output mean, from labels and loss."""
    if after[0] is before[0] and after[1] is before[1]:
        return facts.target
    model, same_loss = facts.model, after[1] is before[1]
    y = without_filling(after[0], facts.batch.mask)
    return target_of(
        y,
        loss=after[1] if isinstance(after[1], str) else model.loss,
        units=model.units,
        same_rank=y.ndim == len(model.output_shape) + 1,
        from_logits=model.from_logits and same_loss,
    )


def distance_of(target: Target, trained: Trained) -> float:
    """Return how far a trial is from memorising, to be compared among trials.

    For numbers 1 - R², which no scale of targets alters; for classes the loss, for a share of
    right samples moves by leaps.

    Args:
        target: What the labels mean.
        trained: How it ended.
    """
    distance = trained.loss if target.is_classes else 1 - trained.score
    return distance if np.isfinite(distance) else np.inf


def outcome_of(
    before: Setup, facts: Facts, setup: Setup, trained: Trained, then: Standing | None
) -> Outcome:
    """Say whether a trial that did not memorise came markedly nearer than the run.

    A trial is longer than the run, so it is measured by where it was after as many epochs. Only
    where more epochs are the change itself it is measured by its end.

    Args:
        before: The program as it is.
        facts: What was seen of it, its run included.
        setup: The changed program.
        trained: What came of that.
        then: Where that was after as many epochs as the run had; None for its end.
    """
    run = facts.run
    if trained.non_finite is not None:
        return "no_better"
    if run is None or run.non_finite is not None:
        return "better"
    now = then or Standing(trained.epochs, trained.loss, trained.penalty, trained.score)
    missing, gained = 1 - run.score, now.score - run.score
    nearer = gained >= HALF_WAY * missing > 0
    same = setup.loss is before.loss and setup.y is before.y
    if same and now.score >= run.score:
        # Without penalties: to leave one out is no better fit.
        least, was = now.loss - now.penalty, run.loss - run.penalty
        floor = min(facts.floor.loss, least)
        nearer |= least - floor <= HALF_WAY * (was - floor)
    return "better" if nearer else "no_better"
