"""The search for a change that memorises: changes one by one, and on top of each other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from overfit_core.diagnosis.attempts import SHARE, Attempts, merit
from overfit_core.diagnosis.combining import Changes, joined, on_top, program_of, without_epochs
from overfit_core.diagnosis.facts import Change, Rule
from overfit_core.diagnosis.report import Fix

ROUNDS = 3
"""At most so many changes of the ladder on top of each other."""


class Search(Attempts):
    """Looks for a change that memorises the batch."""

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
            own = tuple(change for change in best.changes if change.key == rule.key)
            found = joined(found, without_epochs(own))
            if rule.forbids:
                # All that follows is tried together with what is needed in any case.
                needed = joined(needed, without_epochs(own))
            helped = best.changes if best.outcome == "better" else kept
            kept = joined(needed, without_epochs(helped))
        return kept, found

    def _of_rule(self, rule: Rule, kept: Changes) -> Fix | None:
        """Try a rule's changes alone and on top of what was kept; returns the best of them."""
        tried: list[tuple[Fix, float]] = []
        for change in rule.changes(self.facts):
            for changes in ((change,), (*kept, change))[: 2 if kept else 1]:
                fix, distance = self._try(changes)
                if fix is not None and self._works(fix):
                    return fix
                if fix is not None:
                    tried.append((fix, distance))
        return max(tried, key=lambda one: (merit(one[0]), -one[1]), default=(None, 0.0))[0]

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
