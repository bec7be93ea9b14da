"""Who is to blame: what a trial confirmed, what was measured, and never more than that."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from overfit_core.diagnosis import asking, check
from overfit_core.diagnosis.blame import SHOWN_BY_TRIAL, UNCONFIRMED, causes_of, holding
from overfit_core.diagnosis.facts import Change, Evidence, Facts
from overfit_core.diagnosis.report import Fix, Outcome
from overfit_core.diagnosis.rules import RULES
from tests.diagnosis.programs import HEALTHY, Program
from tests.diagnosis.test_drawings import facts_of
from tests.diagnosis.test_rules import FAULTY


@cache
def facts(name: str) -> Facts:
    return facts_of(FAULTY[name])[0]


def fix(*rules: str, outcome: Outcome = "memorised") -> Fix:
    changes = tuple(Change(rule, "epochs", 9, "Train.", "epochs=9") for rule in rules)
    return Fix(
        changes, tried=True, outcome=outcome, epochs=(7 if outcome == "memorised" else None,)
    )


def blamed(name: str, *fixes: Fix) -> dict[str, Evidence]:
    causes = causes_of(holding(facts(name)), facts(name), fixes)
    return {cause.rule: dict(cause.evidence) for cause in causes}


@pytest.mark.exhaustive
def test_a_network_is_never_called_too_small_before_a_wider_one_did_better() -> None:
    # Its one saturated unit is seen, but its size is not.
    seen = replace(facts("too_little_capacity"), run=facts("nothing_trainable").run)
    held = holding(seen)
    assert [rule.id for rule in held.rules] == ["too_little_capacity"]
    assert causes_of(held, seen, ()) == ()
    assert causes_of(held, seen, [fix("too_little_capacity", outcome="no_better")]) == ()
    (cause,) = causes_of(held, seen, [fix("too_little_capacity", outcome="better")])
    assert cause.rule == "too_little_capacity"


def test_a_network_is_not_too_small_where_something_else_memorises() -> None:
    wider, steps = fix("too_little_capacity", outcome="better"), fix("learning_rate_too_low")
    assert list(blamed("learning_rate_too_low", steps, wider)) == ["learning_rate_too_low"]
    both = fix("learning_rate_too_low", "too_little_capacity")
    assert list(blamed("learning_rate_too_low", both)) == ["learning_rate_too_low"]
    assert list(blamed("learning_rate_too_low", fix("too_little_capacity"))) == [
        "too_little_capacity"
    ]


@pytest.mark.parametrize("rule", ["learning_rate_too_low", "too_few_epochs"])
def test_a_measured_suspicion_stands_and_says_that_no_trial_confirmed_it(rule: str) -> None:
    assert blamed(rule)[rule]["status"] == UNCONFIRMED
    assert "status" not in blamed(rule, fix(rule))[rule]


def test_a_suspicion_that_was_not_confirmed_is_said_to_be_one() -> None:
    program = FAULTY["learning_rate_too_low"]
    report = check(program.model(), program.x, program.y, epochs=40, budget_seconds=1e-3)
    assert [cause.rule for cause in report.causes] == ["learning_rate_too_low"]
    assert f"- status: {UNCONFIRMED}" in report.to_markdown()


@pytest.mark.exhaustive
@pytest.mark.parametrize("rule", ["regularisation", "nothing_trainable"])
def test_other_suspicions_stand_only_where_their_change_helped(rule: str) -> None:
    assert blamed(rule) == {}
    assert list(blamed(rule, fix(rule, outcome="better"))) == [rule]


def test_what_only_a_trial_shows_claims_no_more_than_that() -> None:
    held = holding(facts("saturation"))
    tried = fix("learning_rate_too_high")
    first, *_ = causes_of(held, facts("saturation"), [tried])
    assert (first.rule, first.why) == ("learning_rate_too_high", SHOWN_BY_TRIAL)
    assert first.evidence == {"change": tried.code, "outcome": tried.sentence()}


@pytest.mark.exhaustive
def test_layers_that_are_dead_by_half_are_named_beside_a_cause() -> None:
    seen = facts("too_few_epochs")
    assert seen.run is not None
    columns = {name: seen.run.history[name] for name in seen.run.history}
    half = columns["loss"] * 0 + 0.75
    history = type(seen.run.history)(columns | {"dead_share/dense": half})
    half_dead = replace(seen, run=replace(seen.run, history=history))
    (cause,) = causes_of(holding(half_dead), half_dead, ())
    assert cause.evidence["share_of_dead_units"] == {"dense": 0.75}
    sound = replace(seen, run=replace(seen.run, history=type(history)(columns)))
    (cause,) = causes_of(holding(sound), sound, ())
    assert "share_of_dead_units" not in cause.evidence
    assert "share_of_dead_units" not in blamed("dead_relu")["dead_relu"]


def test_a_rule_that_fails_is_silent_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_facts: Facts) -> Any:  # noqa: ANN401
        raise AttributeError("no such thing")

    rules = tuple(replace(r, find=broken) if r.id == "unscaled_inputs" else r for r in RULES)
    monkeypatch.setattr(asking, "RULES", rules)
    program: Program = replace(HEALTHY, x=HEALTHY.x * 1000, epochs=5)
    report = check(program.model(), program.x, program.y, epochs=5, seeds=1, budget_seconds=2.0)
    assert "does_not_run" not in [cause.rule for cause in report.causes]
    assert "unscaled_inputs failed" in caplog.text
    assert "no such thing" in caplog.text
