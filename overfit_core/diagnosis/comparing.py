"""What a trial is measured by: the labels' meaning after a change, and the run without it."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.facts import Facts, Trained
from overfit_core.diagnosis.masks import without_filling
from overfit_core.diagnosis.report import Outcome
from overfit_core.diagnosis.running import Standing
from overfit_core.diagnosis.target import Target, target_of

HALF_WAY = 0.5
"""A change is better that takes away so much of what was missing."""


def target_for(before: Setup, facts: Facts, setup: Setup) -> Target:
    """Return what the labels mean, which a change of labels or loss may alter.

    Args:
        before: The program as it is.
        facts: What was seen of it.
        setup: The changed program.
    """
    model, y = facts.model, without_filling(setup.y, facts.batch.mask)
    if setup.y is before.y and setup.loss is before.loss:
        return facts.target
    loss = setup.loss if isinstance(setup.loss, str) else model.loss
    same_rank = y.ndim == len(model.output_shape) + 1
    logits = model.from_logits and setup.loss is before.loss
    return target_of(y, loss=loss, units=model.units, same_rank=same_rank, from_logits=logits)


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
