"""Which rules hold, and which of them another one explains."""

from __future__ import annotations

from dataclasses import dataclass

from overfit_core.diagnosis.facts import Cause, Evidence, Facts, Rule
from overfit_core.diagnosis.rules import RULES


@dataclass(frozen=True)
class Held:
    """The rules that hold.

    Attributes:
        rules: Those that no other one explains, in the order of blame.
        explained: By the id of each of them: the ids of those that it explains.
    """

    rules: tuple[Rule, ...]
    explained: dict[str, tuple[str, ...]]

    def cause(self, rule: Rule, facts: Facts, shown: Evidence | None = None) -> Cause:
        """Return a rule as a cause.

        Args:
            rule: The rule.
            facts: What it was found in.
            shown: Its evidence where only its change has shown it.
        """
        found = rule.find(facts)
        evidence = found or shown or {}
        drawing = None if found is None else rule.drawing(facts, found)
        upstream_of = self.explained.get(rule.id, ())
        return Cause(rule.id, rule.title, evidence, rule.why, rule.source, upstream_of, drawing)


def holding(facts: Facts) -> Held:
    """Ask every rule, and leave out those that another one explains."""
    held = [rule for rule in RULES if _holds(rule, facts)]
    kept = tuple(rule for rule in held if not any(_explains(up, rule) for up in held))
    explained = {up.id: tuple(r.id for r in held if r.id in up.silences) for up in kept}
    return Held(kept, explained)


def _holds(rule: Rule, facts: Facts) -> bool:
    if facts.run is None and not rule.from_start:
        return False
    if facts.batch.bad and rule.id != "non_finite":
        return False
    return rule.find(facts) is not None


def _explains(up: Rule, rule: Rule) -> bool:
    """Tell whether one rule silences another; of two that silence each other the first stays."""
    if rule.id not in up.silences:
        return False
    return up.id not in rule.silences or RULES.index(up) < RULES.index(rule)
