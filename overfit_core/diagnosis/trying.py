"""Fixes are tried, not guessed: changes are run one by one, and on top of each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.facts import Change, Facts, Rule, Trained
from overfit_core.diagnosis.proposals import epochs_change
from overfit_core.diagnosis.report import Fix, Outcome
from overfit_core.diagnosis.rules.too_few_epochs import LONGER
from overfit_core.diagnosis.rules.too_few_epochs import RULE as TOO_FEW_EPOCHS
from overfit_core.diagnosis.target import Target, target_of
from overfit_core.diagnosis.trials import ShouldStop, Workshop
from overfit_core.errors import OverfitError

ENOUGH_EPOCHS = 1_000
"""A trial may take ``LONGER`` times the epochs of the run, and at least so many."""
HALF_WAY = 0.5
"""A change is better that takes away so much of what was missing."""
ROUNDS = 3
"""At most so many changes of the ladder on top of each other."""
SHARE = 0.34
"""A trial may take so much of the time that is left."""

OnTrial = Callable[[list[Fix], Fix | None], None]


@dataclass
class Search:
    """Looks for a change that memorises the batch.

    Attributes:
        workshop: Makes and trains copies.
        setup: The program as it is.
        facts: What was seen of it.
        seeds: How many seeds a fix that works is tried with.
        deadline: When to end, by ``time.monotonic``.
        should_stop: Asked before and in each trial.
        on_trial: Told, before and after each trial, what was tried and what is being tried.
        fixes: What was tried, or could not be any more.
    """

    workshop: Workshop
    setup: Setup
    facts: Facts
    seeds: int
    deadline: float
    should_stop: ShouldStop = lambda: False
    on_trial: OnTrial = lambda _fixes, _trying: None
    fixes: list[Fix] = field(default_factory=list)

    def run(self, rules: Sequence[Rule], ladder: Sequence[Rule]) -> list[Fix]:
        """Try the changes of rules that hold, then those of a ladder that often helps.

        A change that helps and is not enough is kept, and the next ones are tried on top of it.

        Args:
            rules: The rules that hold, in the order of blame.
            ladder: Rules whose changes are tried where nothing else memorises; the last one only
                after all others.

        Returns:
            Every fix that was tried or could be, the one to take first in front.
        """
        kept: tuple[Change, ...] = ()
        for rule in rules:
            if rule.suspicion:
                continue
            best = self._of_rule(rule, kept)
            if best is not None and _works(best):
                return self._sorted()
            if best is not None and best.outcome == "better":
                kept = best.changes
        last = ladder[-1:]
        suspicions = [rule for rule in rules if rule.suspicion and rule not in last]
        steps = [*suspicions, *(rule for rule in ladder[:-1] if rule not in rules), *last]
        self._climb([change for rule in steps for change in rule.changes(self.facts)], kept)
        return self._sorted()

    def _of_rule(self, rule: Rule, kept: tuple[Change, ...]) -> Fix | None:
        """Try a rule's changes alone and on top of what was kept; returns the best of them."""
        best: Fix | None = None
        for change in rule.changes(self.facts):
            for changes in ((change,), (*kept, change))[: 2 if kept else 1]:
                fix, _ = self._try(changes)
                best = max((f for f in (best, fix) if f is not None), key=_merit, default=None)
                if fix is not None and _works(fix):
                    return fix
        return best

    def _climb(self, steps: Sequence[Change], kept: tuple[Change, ...]) -> None:
        """Try each step; keep the best of those that help, and try the others on top of it."""
        for _ in range(ROUNDS):
            helped: list[tuple[float, tuple[Change, ...]]] = []
            for change in steps:
                if change.setting in {one.setting for one in kept}:
                    continue
                fix, loss = self._try((*kept, change))
                if fix is not None and _works(fix):
                    return
                if fix is not None and fix.outcome in ("better", "memorised"):
                    helped.append((loss, (*kept, change)))
            if not helped:
                return
            _, kept = min(helped, key=lambda one: one[0])

    def _try(self, changes: tuple[Change, ...]) -> tuple[Fix | None, float]:
        """Run one fix: with the first seed, and with the others if that memorises.

        Returns:
            The fix, None if it was not run now; and the loss that it came to.
        """
        if any(known.changes[: len(changes)] == changes for known in self.fixes):
            return None, math.inf
        if self._over():
            self.fixes.append(Fix(changes))
            return None, math.inf
        try:
            setup = self.setup.changed(*changes)
        except ValueError:
            # There is no such thing in this model: nothing to try.
            return None, math.inf
        self.on_trial(self._sorted(), Fix(changes))
        try:
            fix, loss = self._run(setup, changes)
        except OverfitError:
            # What Keras refuses to make or to train is no better.
            fix, loss = Fix(changes, tried=True, outcome="no_better"), math.inf
        self.fixes.append(fix)
        self.on_trial(self._sorted(), None)
        return (fix, loss) if fix.tried else (None, math.inf)

    def _run(self, setup: Setup, changes: tuple[Change, ...]) -> tuple[Fix, float]:
        first = self._train(setup, 0)
        epochs = [first.memorised]
        if self.should_stop() and first.memorised is None:
            # It was not given the time to show what it can.
            return Fix(changes), math.inf
        if first.memorised is None:
            outcome = self._compared(first, setup)
            return Fix(changes, True, outcome, tuple(epochs)), first.loss
        for seed in range(1, self.seeds):
            if self._over():
                break
            trained = self._train(setup, seed)
            if trained.memorised is None and self.should_stop():
                break
            epochs.append(trained.memorised)
        longest = max(epoch for epoch in epochs if epoch is not None)
        changes = self._with_epochs(changes, longest)
        return Fix(changes, True, "memorised", tuple(epochs)), first.loss

    def _over(self) -> bool:
        return time.monotonic() > self.deadline or self.should_stop()

    def _with_epochs(self, changes: tuple[Change, ...], longest: int) -> tuple[Change, ...]:
        """Say how many epochs it takes, where that is more than there are."""
        others = tuple(change for change in changes if change.setting != "epochs")
        if longest <= self.setup.epochs and others:
            return others
        # A round number that leaves some room.
        needed = int(np.ceil(1.25 * longest / 50) * 50)
        return (*others, epochs_change(TOO_FEW_EPOCHS.id, self.setup.epochs, needed))

    def _train(self, setup: Setup, seed: int) -> Trained:
        epochs = max(LONGER * self.setup.epochs, ENOUGH_EPOCHS)
        seconds = SHARE * max(self.deadline - time.monotonic(), 1.0)
        return self.workshop.train(
            replace(setup, epochs=epochs), seed, self._target(setup),
            stop_when_memorised=True, seconds=seconds, should_stop=self.should_stop,
        )  # fmt: skip

    def _target(self, setup: Setup) -> Target:
        """What the labels mean, which a change of labels or loss may alter."""
        model, y = self.facts.model, np.asarray(setup.y)
        if setup.y is self.setup.y and setup.loss is self.setup.loss:
            return self.facts.target
        loss = setup.loss if isinstance(setup.loss, str) else model.loss
        same_rank = y.ndim == len(model.output_shape) + 1
        logits = model.from_logits and setup.loss is self.setup.loss
        return target_of(y, loss=loss, units=model.units, same_rank=same_rank, from_logits=logits)

    def _compared(self, trained: Trained, setup: Setup) -> Outcome:
        """Say whether a run that did not memorise came markedly nearer."""
        before = self.facts.run
        if trained.non_finite is not None:
            return "no_better"
        if before is None or before.non_finite is not None:
            return "better"
        missing, gained = 1 - before.score, trained.score - before.score
        nearer = gained >= HALF_WAY * missing > 0
        same = setup.loss is self.setup.loss and setup.y is self.setup.y
        if same and trained.score >= before.score:
            floor = min(self.facts.floor.loss, trained.loss)
            nearer |= trained.loss - floor <= HALF_WAY * (before.loss - floor)
        return "better" if nearer else "no_better"

    def _sorted(self) -> list[Fix]:
        return sorted(self.fixes, key=_merit, reverse=True)


def _works(fix: Fix) -> bool:
    return fix.outcome == "memorised" and fix.seeds_memorised == fix.seeds


def _merit(fix: Fix) -> tuple[int, int, int]:
    rank = {"memorised": 2, "better": 1, "no_better": 0, None: -1}[fix.outcome]
    return rank, fix.seeds_memorised, -len(fix.changes)
