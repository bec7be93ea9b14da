"""Fixes are tried, not guessed: changes are run one by one, and on top of each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.combining import Changes, joined, on_top, program_of, without_epochs
from overfit_core.diagnosis.comparing import distance_of, outcome_of, target_for
from overfit_core.diagnosis.copying import CopyError
from overfit_core.diagnosis.facts import Change, Facts, Rule
from overfit_core.diagnosis.proposals import epochs_change
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.rules.too_few_epochs import LONGER
from overfit_core.diagnosis.rules.too_few_epochs import RULE as TOO_FEW_EPOCHS
from overfit_core.diagnosis.running import Limits, ShouldStop, Trial
from overfit_core.diagnosis.trials import Workshop
from overfit_core.errors import OverfitError

ENOUGH_EPOCHS = 1_000
"""A trial may take ``LONGER`` times the epochs of the run, and at least so many."""
ROUNDS = 3
"""At most so many changes of the ladder on top of each other."""
SHARE = 0.34
"""A trial may train for so much of the time that is left once it is compiled."""

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
    _tried: list[set[tuple[str, str]]] = field(default_factory=list)
    _compiled: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    _compiling: float = 0.0

    def run(self, rules: Sequence[Rule], ladder: Sequence[Rule]) -> list[Fix]:
        """Try the changes of rules that hold, then those of a ladder that often helps.

        A change that helps and is not enough is kept, and the next ones are tried on top of it.
        Where that leads nowhere, they are tried on top of everything that was found: of several
        faults each may hide what it is worth to mend another. The search ends with a change that
        memorises with every seed.

        Args:
            rules: The rules that hold, in the order of blame.
            ladder: Rules whose changes are tried where nothing else memorises; the last one only
                after all others.

        Returns:
            Every fix that was tried or could be, the one to take first in front.
        """
        kept, found = self._mended([rule for rule in rules if not rule.suspicion])
        last = ladder[-1:]
        suspicions = [rule for rule in rules if rule.suspicion and rule not in last]
        rungs = [*suspicions, *(rule for rule in ladder[:-1] if rule not in rules), *last]
        steps = [change for rule in rungs for change in rule.changes(self.facts)]
        if not self._done():
            self._climb(steps, kept)
        if not self._done() and not self._over():
            self._climb(steps, found)
        return self._sorted()

    def _mended(self, rules: Sequence[Rule]) -> tuple[Changes, Changes]:
        """Try the changes of rules that hold, one rule after the other, until one works.

        Returns:
            What helped or is needed in any case; and what mends everything that was found.
        """
        kept: Changes = ()
        needed: Changes = ()
        found: Changes = ()
        for rule in rules:
            best = self._of_rule(rule, kept)
            if best is None:
                continue
            if self._works(best):
                break
            own = tuple(change for change in best.changes if change.rule == rule.id)
            found = joined(found, without_epochs(own))
            if rule.forbids:
                # All that follows is tried together with what is needed in any case.
                needed = joined(needed, without_epochs(own))
            helped = best.changes if best.outcome == "better" else kept
            kept = joined(needed, without_epochs(helped))
        return kept, found

    def _of_rule(self, rule: Rule, kept: Changes) -> Fix | None:
        """Try a rule's changes alone and on top of what was kept; returns the best of them."""
        best: Fix | None = None
        for change in rule.changes(self.facts):
            for changes in ((change,), (*kept, change))[: 2 if kept else 1]:
                fix, _ = self._try(changes)
                best = max((f for f in (best, fix) if f is not None), key=_merit, default=None)
                if fix is not None and self._works(fix):
                    return fix
        return best

    def _climb(self, steps: Sequence[Change], kept: Changes) -> None:
        """Try each step; keep the best of those that help, and try the others on top of it."""
        for _ in range(ROUNDS):
            helped: list[tuple[float, Changes]] = []
            every = (on_top(kept, change, self.facts) for change in steps)
            for changes in self._dear_ones_last([one for one in every if one is not None]):
                fix, distance = self._try(changes)
                if fix is not None and self._works(fix):
                    return
                # More epochs are no step: every trial has them.
                step = without_epochs(changes)
                if fix is not None and fix.outcome in ("better", "memorised") and step != kept:
                    helped.append((distance, step))
            if not helped:
                return
            _, kept = min(helped, key=lambda one: one[0])

    def _dear_ones_last(self, every: list[Changes]) -> Iterator[Changes]:
        """Yield what takes longer to compile than its share of what is left after the others."""
        later = []
        for changes in every:
            share = SHARE * (self.deadline - time.monotonic())
            if program_of(changes) in self._compiled or self._compiling <= share:
                yield changes
            else:
                later.append(changes)
        yield from later

    def _done(self) -> bool:
        """Tell whether a fix was found."""
        return any(map(self._works, self.fixes))

    def _works(self, fix: Fix) -> bool:
        """Tell whether nothing better need be looked for."""
        if fix.confirmed:
            return True
        # No other weights can be drawn for a model that cannot be copied.
        return not self.workshop.draws and fix.outcome == "memorised"

    def _try(self, changes: Changes) -> tuple[Fix | None, float]:
        """Run one fix: with the first seed, and with the others if that memorises.

        Returns:
            The fix, None if it was not run now; and how far it is from memorising.
        """
        if all(change.setting == "epochs" for change in changes):
            changes = (self._longer(changes[0].rule),)
        else:
            changes = without_epochs(changes)
        trial = {(one.setting, repr(one.value)) for one in changes}
        if trial in self._tried:
            return None, math.inf
        self._tried.append(trial)
        untried = Fix(changes, asked=self.seeds)
        if self._over():
            self.fixes.append(untried)
            return None, math.inf
        self.on_trial(self._sorted(), untried)
        try:
            fix, distance = self._run(self.setup.changed(*changes), untried)
        except CopyError as error:
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
        first, then, compiling = self._train(setup, 0)
        self._compiled.add(program_of(untried.changes))
        self._compiling = max(self._compiling, compiling)
        distance = distance_of(self.facts.target, first)
        if self.should_stop() and first.memorised is None:
            # It was not given the time to show what it can.
            return untried, math.inf
        tried = replace(untried, tried=True, epochs=(first.memorised,), losses=first.losses)
        if first.memorised is None:
            longer = any(change.setting == "epochs" for change in tried.changes)
            if longer:
                tried = replace(tried, changes=(self._longer(tried.rule, first.epochs),))
            outcome = outcome_of(self.setup, self.facts, setup, first, None if longer else then)
            return replace(tried, outcome=outcome), distance
        epochs = (first.memorised, *self._other_seeds(setup))
        longest = max(epoch for epoch in epochs if epoch is not None)
        changes = self._with_epochs(tried.changes, longest)
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

    @property
    def _epochs(self) -> int:
        """How long a trial may be."""
        return max(LONGER * self.setup.epochs, ENOUGH_EPOCHS)

    def _longer(self, rule: str, epochs: int | None = None) -> Change:
        return epochs_change(rule, self.setup.epochs, epochs or self._epochs)

    def _with_epochs(self, changes: Changes, longest: int) -> Changes:
        """Say how many epochs it takes, where that is more than there are."""
        others = without_epochs(changes)
        if longest <= self.setup.epochs and others:
            return others
        # A round number that leaves some room.
        needed = int(np.ceil(1.25 * longest / 50) * 50)
        rule = TOO_FEW_EPOCHS.id if others else changes[0].rule
        return (*others, self._longer(rule, needed))

    def _train(self, setup: Setup, seed: int) -> Trial:
        limits = Limits(
            deadline=self.deadline,
            share=SHARE,
            should_stop=self.should_stop,
            at=self.setup.epochs if seed == 0 else 0,
        )
        longer = replace(setup, epochs=self._epochs)
        target = target_for(self.setup, self.facts, setup)
        return self.workshop.try_out(longer, seed, target, limits)

    def _sorted(self) -> list[Fix]:
        return sorted(self.fixes, key=_merit, reverse=True)


def _merit(fix: Fix) -> tuple[int, bool, int, int]:
    rank = {"memorised": 2, "better": 1, "no_better": 0, None: -1}[fix.outcome]
    return rank, fix.confirmed, fix.seeds_memorised, -len(fix.changes)
