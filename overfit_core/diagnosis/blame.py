"""Which rules hold, which of them another one explains, and which are to blame."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from overfit_core.diagnosis.asking import rules_for
from overfit_core.diagnosis.drawings import trial_lines
from overfit_core.diagnosis.facts import Cause, Evidence, Facts, Rule
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.rules.dead_relu import RULE as DEAD_RELU
from overfit_core.diagnosis.rules.dead_relu import mostly_dead

STRICT = frozenset(
    {"non_finite", "label_loss_mismatch", "contradictory_labels", "output_cannot_reach_target"}
)
"""Rules that stay the primary cause whatever mends the run."""
MEASURED = frozenset({"learning_rate_too_low", "too_few_epochs"})
"""Suspicions whose evidence says enough to stand where nothing was confirmed by a trial."""
CAPACITY = "too_little_capacity"
UNCONFIRMED = "not confirmed by a trial"
SHOWN_BY_TRIAL = (
    "A trial showed it: with this change the batch is memorised. Nothing that the run recorded "
    "gives it away by itself."
)
"""Said of a rule that found nothing itself, in the place of its two sentences."""

_ORDER = {rule.id: place for place, rule in enumerate(RULES)}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """The rules that hold.

    Attributes:
        rules: Those that no other one explains, in the order of blame.
        explained: By the key of each of them: the ids of those that it explains.
    """

    rules: tuple[Rule, ...]
    explained: dict[tuple[str, str], tuple[str, ...]]

    def cause(self, rule: Rule, facts: Facts, trial: Fix | None = None) -> Cause:
        """Return a rule as a cause.

        Args:
            rule: The rule.
            facts: What it was found in.
            trial: Its change, which is the evidence where the rule found nothing itself.
        """
        found, why = found_by(rule, facts), rule.why
        drawing = None if found is None else rule.drawing(facts, found)
        if found is None:
            found, why = {}, SHOWN_BY_TRIAL
            if trial is not None:
                found = {"change": trial.code, "outcome": trial.sentence()}
        if drawing is None and trial is not None and trial.losses is not None:
            drawing = trial_lines(facts, trial.losses)
        upstream_of = self.explained.get(rule.key, ())
        return Cause(rule.id, rule.title, found, why, rule.source, upstream_of, drawing)


def holding(facts: Facts) -> Held:
    """Ask every rule, and leave out those that another one explains."""
    held = list(_holding(facts))
    kept = tuple(
        rule for rule in held if not any(_explains(up, rule) for up in held) or _stands(rule, facts)
    )
    explained = {
        up.key: tuple(dict.fromkeys(r.id for r in held if _explains(up, r))) for up in kept
    }
    return Held(kept, explained)


def found_by(rule: Rule, facts: Facts) -> Evidence | None:
    """Return what a rule finds; nothing where it fails, for models may be of any kind."""
    try:
        return rule.find(facts)
    except Exception:
        _log.exception("The rule %s failed and says nothing.", rule.id)
        return None


def _holding(facts: Facts) -> Iterator[Rule]:
    for rule in rules_for(facts):
        if facts.run is None and not rule.from_start:
            continue
        if facts.batch.bad and rule.id != "non_finite":
            continue
        found = found_by(rule, facts)
        if found is not None and rule.doubtful(found):
            yield replace(rule, suspicion=True, silences=frozenset())
        elif found is not None:
            yield rule


def _stands(rule: Rule, facts: Facts) -> bool:
    """Tell whether what a rule found is wrong by itself."""
    found = found_by(rule, facts)
    return found is not None and rule.stands(facts, found)


def _explains(up: Rule, rule: Rule) -> bool:
    """Tell whether one rule silences another; of two that silence each other the first stays.

    What is wrong with one output explains nothing of another one.
    """
    if rule.id not in up.silences or (up.output and rule.output not in ("", up.output)):
        return False
    return up.id not in rule.silences or _ORDER[up.id] < _ORDER[rule.id]


def causes_of(held: Held, facts: Facts, fixes: Sequence[Fix]) -> tuple[Cause, ...]:
    """Return the rules that hold of a run that did not memorise, the one to blame first.

    Those that only a change can show are among them if it helped; the rule whose change memorises
    goes first, unless one stands that is true whatever helps.

    Args:
        held: The rules that hold.
        facts: What they were found in.
        fixes: What was tried until now, the one to take first in front.
    """
    helped = {c.key for f in fixes if f.outcome in ("memorised", "better") for c in f.changes}
    kept = [rule for rule in held.rules if not rule.suspicion or rule.key in helped]
    best = fixes[0] if fixes and fixes[0].outcome == "memorised" else None
    if best is not None and best.rule != CAPACITY:
        # Wider is often better; a network is too small only where nothing else is wrong with it.
        kept = [rule for rule in kept if rule.id != CAPACITY]
    if best is not None and not facts.floor.forbids:
        others = {rule.key for rule in kept}
        found = (rule for rule in rules_for(facts) if rule.key == best.key)
        kept += [rule for rule in found if rule.key not in others]
    if best is not None and not any(rule.id in STRICT for rule in kept):
        kept.sort(key=lambda rule: rule.key != best.key)
    causes = [held.cause(rule, facts, _trial_of(rule, fixes)) for rule in kept]
    causes = causes or _unconfirmed(held, facts)
    return tuple([_with_dead_units(cause, facts) for cause in causes[:1]] + causes[1:])


def _unconfirmed(held: Held, facts: Facts) -> list[Cause]:
    """Return the first suspicion that was measured, and say that it is no more than one."""
    rule = next((rule for rule in held.rules if rule.id in MEASURED), None)
    if rule is None:
        return []
    cause = held.cause(rule, facts)
    return [replace(cause, evidence={**cause.evidence, "status": UNCONFIRMED})]


def _with_dead_units(cause: Cause, facts: Facts) -> Cause:
    """Name layers that are dead by half: alone that is no cause, but it is worth a word."""
    dead = mostly_dead(facts)
    if not dead or cause.rule == DEAD_RELU.id:
        return cause
    return replace(cause, evidence={**cause.evidence, "share_of_dead_units": dead})


def _trial_of(rule: Rule, fixes: Sequence[Fix]) -> Fix | None:
    """Return the best trial of a rule's change; None where none was run."""
    own = [fix for fix in fixes if fix.tried and fix.key == rule.key]
    among = [fix for fix in fixes if fix.tried and rule.key in {one.key for one in fix.changes}]
    return next(iter([*own, *among]), None)
