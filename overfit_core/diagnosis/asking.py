"""Which rules are asked of a model: of several outputs, those that look at labels once for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.rules import RULES

_LABELS = re.compile(r"(?<!['\"])\by\b(?!['\"])")
"""The labels in a line of code."""


def rules_for(facts: Facts) -> tuple[Rule, ...]:
    """Return every rule in the order of blame; of one that looks at labels one for each output."""
    return tuple(asked for rule in RULES for asked in _asked(rule, facts))


def _asked(rule: Rule, facts: Facts) -> Iterator[Rule]:
    if not facts.outputs or not rule.of_outputs:
        yield rule
        return
    yield from (_of_output(rule, name) for name in facts.outputs)


def _of_output(rule: Rule, name: str) -> Rule:
    """Return a rule that looks at one of several outputs, and changes this one alone."""

    def find(facts: Facts) -> Evidence | None:
        found = rule.find(facts.outputs[name])
        return None if found is None else {"output": name, **found}

    def changes(facts: Facts) -> list[Change]:
        own = facts.outputs[name]
        return [_addressed(change, name, own) for change in rule.changes(own)]

    def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
        return rule.drawing(facts.outputs[name], evidence)

    return replace(rule, find=find, changes=changes, drawing=drawing, output=name)


def _addressed(change: Change, name: str, facts: Facts) -> Change:
    """Return a change that says of which output it speaks, in words and in code."""
    change = replace(change, output=name)
    if not change.of_output:
        return change
    code = _LABELS.sub(lambda _: facts.batch.label, change.code)
    code = code.replace('loss="', f'{facts.model.loss_label} = "')
    return replace(change, text=f"Output {name}: {change.text}", code=code)
