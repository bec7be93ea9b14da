"""Fixes are tried, not guessed: each is run, with one seed and then with others."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from overfit_core.diagnosis.allowance import TooLargeError
from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.combining import Changes, program_of, without_epochs
from overfit_core.diagnosis.comparing import distance_of, outcome_of, target_for
from overfit_core.diagnosis.copying import CopyError
from overfit_core.diagnosis.facts import Change, Facts
from overfit_core.diagnosis.proposals import epochs_change
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.rules.too_few_epochs import LONGER
from overfit_core.diagnosis.rules.too_few_epochs import RULE as TOO_FEW_EPOCHS
from overfit_core.diagnosis.running import Limits, ShouldStop, Trial
from overfit_core.diagnosis.trained import Trained
from overfit_core.diagnosis.trials import Workshop
from overfit_core.errors import OverfitError

ENOUGH_EPOCHS = 1_000
"""A trial may take ``LONGER`` times the epochs of the run, and at least so many."""
SHARE = 0.34
"""A trial may train for so much of the time that is left once it is compiled."""

OnTrial = Callable[[list[Fix], Fix | None], None]


@dataclass
class Attempts:
    """Runs fixes, and keeps what came of each.

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
    _tried: list[set[tuple[str, str]]] = field(default_factory=list)
    _compiled: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    _compiling: float = 0.0

    def _try(self, changes: Changes) -> tuple[Fix | None, float]:
        """Run one fix: with the first seed, and with the others if that memorises.

        Returns:
            The fix, None if it was not run now; and how far it is from memorising.
        """
        longer = all(change.setting == "epochs" for change in changes)
        changes = (self._longer(changes[0].rule),) if longer else without_epochs(changes)
        trial = {(one.what, repr(one.value)) for one in changes}
        if trial in self._tried:
            return None, math.inf
        self._tried.append(trial)
        untried = Fix(changes, asked=self.seeds)
        if longer and self._epochs <= self.setup.epochs:
            why = self.workshop.allowance.said(self._epochs)
            changes = (self._longer(changes[0].rule, self._wanted),)
            self.fixes.append(replace(untried, changes=changes, why=why))
            return None, math.inf
        if self._over():
            self.fixes.append(untried)
            return None, math.inf
        self.on_trial(self._sorted(), untried)
        try:
            fix, distance = self._run(self.setup.changed(*changes), untried)
        except (CopyError, TooLargeError) as error:
            fix, distance = replace(untried, why=str(error)), math.inf
        except OverfitError:
            # What Keras refuses to make or to train is no better.
            fix = replace(untried, tried=True, outcome="no_better", epochs=(None,))
            distance = math.inf
        except ValueError:
            # There is no such thing in this model: nothing to try.
            return None, math.inf
        self.fixes.append(fix)
        self.on_trial(self._sorted(), None)
        return (fix, distance) if fix.tried else (None, math.inf)

    def _run(self, setup: Setup, untried: Fix) -> tuple[Fix, float]:
        trial = self._train(setup, 0)
        first = trial.end
        self._compiled.add(program_of(untried.changes))
        self._compiling = max(self._compiling, trial.compiling)
        distance = distance_of(self.facts.target, first)
        if self.should_stop() and first.memorised is None:
            # It was not given the time to show what it can.
            return untried, math.inf
        tried = replace(untried, tried=True, epochs=(first.memorised,), losses=first.losses)
        if first.memorised is None:
            longer = any(change.setting == "epochs" for change in tried.changes)
            if longer:
                tried = replace(tried, changes=(self._longer(tried.rule, first.epochs),))
            then = None if longer else trial.then
            outcome = outcome_of(self.setup, self.facts, setup, first, then)
            return replace(tried, outcome=outcome, why=self._cut(first)), distance
        epochs = (first.memorised, *self._other_seeds(setup))
        longest = max(epoch for epoch in epochs if epoch is not None)
        changes = self._with_epochs(tried.changes, longest, trial.most)
        return replace(tried, changes=changes, outcome="memorised", epochs=epochs), distance

    def _other_seeds(self, setup: Setup) -> Iterator[int | None]:
        """Train with the other seeds, as far as there is time for a fair try."""
        for seed in range(1, self.seeds):
            if self._over():
                return
            try:
                trained = self._train(setup, seed).end
            except CopyError:
                return
            cut_short = trained.epochs < trained.planned and trained.non_finite is None
            if trained.memorised is None and cut_short:
                return
            yield trained.memorised

    def _over(self) -> bool:
        return time.monotonic() > self.deadline or self.should_stop()

    def _cut(self, trained: Trained) -> str:
        """Say where that ended a trial, that no run may be larger."""
        cut = trained.planned < self._wanted and trained.epochs == trained.planned
        return self.workshop.allowance.said(trained.epochs) if cut else ""

    @property
    def _wanted(self) -> int:
        """How long a trial is to be."""
        return max(LONGER * self.setup.epochs, ENOUGH_EPOCHS)

    @property
    def _epochs(self) -> int:
        """How long a trial of the same network may be."""
        return int(min(self._wanted, self.workshop.most_epochs(self.setup)))

    def _longer(self, rule: str, epochs: int | None = None) -> Change:
        return epochs_change(rule, self.setup.epochs, epochs or self._epochs)

    def _with_epochs(self, changes: Changes, longest: int, most: float) -> Changes:
        """Say how many epochs it takes, where that is more than there are; at most ``most``."""
        others = without_epochs(changes)
        if longest <= self.setup.epochs and others:
            return others
        # A round number that leaves some room.
        needed = int(min(np.ceil(1.25 * longest / 50) * 50, most))
        rule = TOO_FEW_EPOCHS.id if others else changes[0].rule
        return (*others, self._longer(rule, needed))

    def _train(self, setup: Setup, seed: int) -> Trial:
        limits = Limits(
            deadline=self.deadline,
            share=SHARE,
            should_stop=self.should_stop,
            at=self.setup.epochs if seed == 0 else 0,
        )
        longer = replace(setup, epochs=self._wanted)
        target = target_for(self.setup, self.facts, setup)
        return self.workshop.try_out(longer, seed, target, limits)

    def _sorted(self) -> list[Fix]:
        return sorted(self.fixes, key=merit, reverse=True)


def merit(fix: Fix) -> tuple[int, bool, int, int]:
    """Return what is larger for a fix that is the better one to take."""
    rank = {"memorised": 2, "better": 1, "no_better": 0, None: -1}[fix.outcome]
    return rank, fix.confirmed, fix.seeds_memorised, -len(fix.changes)
