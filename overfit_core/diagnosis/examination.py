"""One check, step by step: what is seen, which rules hold, what was tried, who is to blame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_core.diagnosis.allowance import Allowance, TooLargeError
from overfit_core.diagnosis.asking import rules_for
from overfit_core.diagnosis.blame import causes_of, holding
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Cause, Facts
from overfit_core.diagnosis.judgement import Verdict, verdict_of
from overfit_core.diagnosis.model_facts import why_unread
from overfit_core.diagnosis.report import Fix, OnProgress, OutputReport, Report
from overfit_core.diagnosis.running import Limits, ShouldStop
from overfit_core.diagnosis.seeing import seen_of
from overfit_core.diagnosis.several import with_run
from overfit_core.diagnosis.trials import ALL_PROBES, Workshop
from overfit_core.diagnosis.trying import Search
from overfit_core.errors import ModelError
from overfit_core.training.history import History
from overfit_core.training.types import Arrays

if TYPE_CHECKING:
    import keras

RUN_SHARE = 0.5
"""The first run may train for so much of the budget that is left once it is compiled."""
LADDER = (
    "learning_rate_too_low",
    "unscaled_inputs",
    "unscaled_targets",
    "learning_rate_too_high",
    "regularisation",
    "too_little_capacity",
)
"""What is tried where no rule's own change memorises."""
LABELS = "label_loss_mismatch"
"""The rule that says in its own words why Keras refuses labels."""


class Terms(NamedTuple):
    """What a check was asked for.

    Attributes:
        epochs: Steps to train.
        seeds: With how many initial weights a change that works is tried.
        began: When it began, by ``time.monotonic``.
        budget: Seconds that it may take in all.
        on_progress: Told how far it is.
        should_stop: True ends the trials.
        names: Names of the columns of the only input; empty where they have none.
        allowance: How large a run may be; None for no limit.
    """

    epochs: int
    seeds: int
    began: float
    budget: float
    on_progress: OnProgress
    should_stop: ShouldStop
    names: tuple[str, ...] = ()
    allowance: Allowance | None = None


class Examination:
    """One check of one model on one batch.

    Args:
        model: Compiled; it is not changed.
        x: Inputs: an array, or a list or dict of arrays.
        y: Labels, likewise.
        terms: What was asked for.
    """

    def __init__(self, model: keras.Model, x: Arrays, y: Arrays, terms: Terms) -> None:
        """Look at nothing yet."""
        self._terms = terms
        self._workshop = Workshop(model, terms.allowance)
        self._batch = x, y
        self._error: str | None = None

    def report(self) -> Report:
        """Train, look, try, and say what came out.

        Raises:
            TooLargeError: If not even one epoch of the model is allowed.
        """
        try:
            self._setup = setup_of(self._workshop.model, *self._batch, self._terms.epochs)
            self._facts = self._seen()
        except TooLargeError:
            raise
        except Exception as error:
            # Models may do anything: what cannot be read is a finding, not an end.
            return unreadable(why_unread(error), self._terms)
        self._held = holding(self._facts)
        self._verdict = _verdict(self._facts)
        fixes: Sequence[Fix] = ()
        if self._verdict != "memorised":
            # A size that was guessed is no ladder where the model could not be run at all.
            rungs = LADDER if self._facts.run is not None else ()
            rules = rules_for(self._facts)
            ladder = [rule for name in rungs for rule in rules if rule.id == name]
            fixes = self._search().run(self._held.rules, ladder)
        return self._made(fixes)

    def _search(self) -> Search:
        self._tell((), None)
        terms = self._terms
        return Search(
            self._workshop,
            self._setup,
            self._facts,
            terms.seeds,
            terms.began + terms.budget,
            terms.should_stop,
            self._tell,
        )

    def _tell(self, fixes: Sequence[Fix], trying: Fix | None) -> None:
        self._terms.on_progress(self._made(fixes, trying))

    def _seen(self) -> Facts:
        model = self._workshop.model
        if not model.built:
            model = self._workshop.build(self._setup, 0)
        self._setup, facts = seen_of(model, self._setup, self._terms.names)
        if facts.batch.bad:
            return facts
        terms = self._terms
        limits = Limits(terms.began + terms.budget, RUN_SHARE, terms.should_stop)
        try:
            run = self._workshop.train(
                self._setup, 0, facts.target, probes=ALL_PROBES, limits=limits
            )
        except ModelError as error:
            self._error = str(error)
            return facts
        return with_run(facts, run)

    def _causes(self, fixes: Sequence[Fix]) -> tuple[Cause, ...]:
        """Return why the batch was not memorised, the cause to blame first."""
        if self._verdict == "memorised":
            return ()
        labels = any(rule.id == LABELS for rule in self._held.rules)
        if self._error is not None and not labels:
            return (_does_not_run(self._error),)
        return causes_of(self._held, self._facts, fixes)

    def _made(self, fixes: Sequence[Fix], trying: Fix | None = None) -> Report:
        facts, run = self._facts, self._facts.run
        heads = self._setup.heads
        names = () if heads is None else heads.names
        outputs = [_fared(name, facts.outputs.get(name)) for name in names]
        each = outputs or [_fared("", facts)]
        right = [one.accuracy for one in each if one.accuracy is not None]
        near = [one.r2 for one in each if one.r2 is not None]
        return Report(
            verdict=self._verdict,
            epoch=None if run is None else run.memorised,
            forgotten=None if run is None else run.forgotten,
            epochs=0 if run is None else run.epochs,
            planned=self._terms.epochs,
            accuracy=min(right, default=None),
            r2=min(near, default=None),
            loss=None if run is None else run.loss,
            floor=facts.floor.loss,
            best_accuracy=facts.floor.accuracy,
            causes=self._causes(fixes),
            fixes=tuple(fixes),
            seconds=time.monotonic() - self._terms.began,
            trying=trying,
            history=History({}) if run is None else run.history,
            outputs=tuple(outputs),
        )


def _fared(name: str, facts: Facts | None) -> OutputReport:
    """Return how an output fares; one without facts is not looked at."""
    if facts is None:
        return OutputReport(name, None)
    score = None if facts.run is None else facts.run.score
    classes = facts.target.is_classes
    return OutputReport(
        name,
        right=facts.run is not None and facts.run.attained,
        accuracy=score if classes else None,
        r2=None if classes else score,
        floor=facts.floor.loss,
        best_accuracy=facts.floor.accuracy,
    )


def unreadable(error: str, terms: Terms) -> Report:
    """Return the report on a batch that is none."""
    return Report(
        verdict="impossible",
        epoch=None,
        forgotten=None,
        epochs=0,
        planned=terms.epochs,
        accuracy=None,
        r2=None,
        loss=None,
        floor=0.0,
        best_accuracy=None,
        causes=(_does_not_run(error),),
        fixes=(),
        seconds=time.monotonic() - terms.began,
    )


def _verdict(facts: Facts) -> Verdict:
    run = facts.run
    if run is None:
        return verdict_of(np.zeros(0), facts.floor.loss, memorised=False)
    return verdict_of(
        run.losses,
        facts.floor.loss,
        memorised=run.memorised is not None,
        diverged=run.non_finite is not None,
        forbidden=facts.floor.forbids,
    )


def _does_not_run(error: str) -> Cause:
    return Cause(
        "does_not_run",
        "The model cannot be trained on this batch",
        {"error": error},
        "Keras raises an error before the first step. Shapes, types and the loss have to fit each "
        "other before anything can be learned.",
        "Keras",
    )
