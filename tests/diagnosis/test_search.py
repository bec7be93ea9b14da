"""The search for a change that memorises: like is compared with like, and all seeds count."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core import check
from overfit_core.diagnosis import attempts
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.combining import on_top, program_of
from overfit_core.diagnosis.comparing import distance_of
from overfit_core.diagnosis.facts import Change, Facts, Rule
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.proposals import rate_changes
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import Workshop
from overfit_core.diagnosis.trying import Search
from tests.diagnosis.programs import CURVE, HEALTHY, Program, X, Y

SLOW = replace(HEALTHY, rate=2e-4, epochs=30)
"""Comes nearer for as long as it is trained, and memorises after some hundred epochs."""
STUCK = replace(CURVE, units=(1,), epochs=30)
"""Comes nearer for as long as it is trained, and never memorises."""


def search(program: Program, *, seeds: int = 1, seconds: float = 60.0) -> Search:
    model = program.model()
    batch, read = look_at({"x": program.x}, program.y), read_model(model, program.x)
    target = target_of(program.y, loss=read.loss, units=read.units, same_rank=True)
    setup, workshop = setup_of(model, program.x, program.y, program.epochs), Workshop(model)
    facts = Facts(batch, read, target, floor_of(batch, target, read.loss, read.loss_settings))
    facts = replace(facts, run=workshop.train(setup, 0, target))
    return Search(workshop, setup, facts, seeds, time.monotonic() + seconds)


def rule(name: str, *changes: Change) -> Rule:
    return Rule(name, name, name, name, find=lambda _: {}, changes=lambda _: changes)


def change(setting: str, value: Any) -> Change:  # noqa: ANN401
    return Change("a_rule", setting, value, f"Set {setting}.", f"{setting}={value}")


NOTHING = change("layers.trainable", True)
FASTER = change("optimizer.learning_rate", 0.01)


def test_a_change_that_changes_nothing_is_no_better() -> None:
    (fix,) = search(STUCK).run([rule("a_rule", NOTHING)], [])
    assert (fix.tried, fix.outcome) == (True, "no_better")


def test_a_change_that_helps_within_the_epochs_there_are_is_better() -> None:
    (fix,) = search(STUCK).run([rule("a_rule", change("optimizer.learning_rate", 0.1))], [])
    assert fix.outcome == "better"


def test_a_penalty_that_is_left_out_is_no_better_fit() -> None:
    program = replace(STUCK, more={"kernel_regularizer": keras.regularizers.L2(1e-2)}, rate=1e-5)
    (fix,) = search(program).run([rule("a_rule", change("layers.regularizer", None))], [])
    assert fix.outcome == "no_better"


def test_more_epochs_are_one_trial_however_many_are_proposed() -> None:
    looking = search(STUCK)
    fixes = looking.run([rule("a_rule", change("epochs", 120), change("epochs", 300))], [])
    (fix,) = fixes
    assert fix.changes[0].value == max(10 * 30, attempts.ENOUGH_EPOCHS)
    assert fix.outcome == "better"


def test_more_epochs_are_no_ground_to_keep_a_change() -> None:
    proposed = rule("a_rule", change("epochs", 120)), rule("another", NOTHING)
    fixes = search(STUCK).run(proposed, [])
    assert {fix.changes[0].setting: fix.outcome for fix in fixes} == {
        "epochs": "better", "layers.trainable": "no_better"
    }  # fmt: skip


def test_the_same_trial_is_run_once_whoever_proposes_it() -> None:
    both = [rule("a_rule", NOTHING), rule("another", replace(NOTHING, rule="another"))]
    assert len(search(STUCK).run(both, [])) == 1


def test_a_fix_that_needs_more_epochs_says_how_many() -> None:
    (fix,) = search(SLOW).run([rule("a_rule", change("optimizer.learning_rate", 2e-3))], [])
    assert fix.outcome == "memorised"
    assert [one.setting for one in fix.changes] == ["optimizer.learning_rate", "epochs"]


def _timed(looking: Search, ends_after: int) -> Search:
    """End a search after so many trainings."""
    trained = 0
    train = looking.workshop.try_out

    def counted(*given: Any) -> Any:  # noqa: ANN401
        nonlocal trained
        trained += 1
        if trained == ends_after:
            looking.deadline = 0.0
        return train(*given)

    looking.workshop.try_out = counted  # type: ignore[method-assign]
    return looking


def test_a_fix_keeps_how_many_seeds_were_asked_for() -> None:
    looking = _timed(search(SLOW, seeds=3), 1)
    fix = looking.run([rule("a_rule", FASTER)], [])[0]
    assert (fix.seeds, fix.seeds_memorised, fix.asked, fix.confirmed) == (1, 1, 3, False)
    assert fix.sentence().endswith("on 1 of 1 seeds tried (3 asked)")
    assert Fix.from_dict(fix.to_dict()) == fix


def test_a_fix_with_all_seeds_goes_before_one_with_fewer() -> None:
    full = Fix((FASTER, NOTHING), True, "memorised", (70, 80, 90), 3)
    part = Fix((FASTER,), True, "memorised", (70,), 3)
    looking = search(STUCK)
    looking.fixes += [part, full]
    assert looking._sorted() == [full, part]
    assert full.sentence() == "memorised at epoch 80 on 3 of 3 seeds"


def test_the_search_goes_on_after_a_fix_that_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = search(SLOW, seeds=3)
    other_seeds, calls = looking._other_seeds, []

    def first_time_none(setup: Any) -> Any:  # noqa: ANN401
        calls.append(setup)
        return iter(()) if len(calls) == 1 else other_seeds(setup)

    monkeypatch.setattr(looking, "_other_seeds", first_time_none)
    faster = replace(FASTER, value=0.02)
    fixes = looking.run([rule("a_rule", FASTER, faster)], [])
    assert [fix.changes[0].value for fix in fixes] == [0.02, 0.01]
    assert [fix.confirmed for fix in fixes] == [True, False]


def test_a_check_whose_fix_works_has_tried_all_seeds() -> None:
    report = check(replace(HEALTHY, rate=1e-4).model(), X, Y, epochs=50, seeds=2)
    assert report.fixes[0].confirmed
    assert report.fixes[0].seeds == report.fixes[0].asked == 2


def test_a_change_that_is_needed_and_not_enough_is_kept_for_what_follows() -> None:
    # The tanh bounds the output, and without it the targets are still far too large.
    program = replace(CURVE, output="tanh", y=CURVE.y * 1e3 + 5e3, epochs=300)
    report = check(program.model(), program.x, program.y, epochs=300, budget_seconds=60.0)
    best = report.fixes[0]
    assert best.outcome == "memorised"
    assert {"output.activation", "targets"} <= {change.setting for change in best.changes}
    assert report.causes[0].rule == "output_cannot_reach_target"


def _trained_with(looking: Search, distances: dict[frozenset[str], float]) -> list[frozenset[str]]:
    """Let nothing memorise, and say of trials by what they set how far they are from it."""
    tried: list[frozenset[str]] = []

    def run(_setup: Any, untried: Fix) -> tuple[Fix, float]:  # noqa: ANN401
        settings = frozenset(one.setting for one in untried.changes)
        tried.append(settings)
        outcome: Any = "better" if settings in distances else "no_better"
        fix = replace(untried, tried=True, outcome=outcome, epochs=(None,))
        return fix, distances.get(settings, np.inf)

    looking._run = run  # type: ignore[method-assign]
    return tried


OUTPUT = change("output.activation", "tanh")
INPUTS = change("inputs", "standardise")
WIDER = change("layers.times", 4)


def test_what_was_found_is_mended_all_at_once_where_nothing_helps_alone() -> None:
    looking = search(STUCK)
    tried = _trained_with(looking, {})
    needed = replace(rule("a_rule", OUTPUT), forbids=True)
    other = rule("another", replace(INPUTS, rule="another"))
    looking.run([needed, other], [rule("a_rung", WIDER), rule("last", NOTHING)])
    output, inputs, wider = "output.activation", "inputs", "layers.times"
    assert tried == [
        {output}, {inputs}, {output, inputs},
        {output, wider}, {output, "layers.trainable"},
        {output, inputs, wider}, {output, inputs, "layers.trainable"},
    ]  # fmt: skip


def test_what_is_needed_in_any_case_stays_when_something_else_helps() -> None:
    looking = search(STUCK)
    tried = _trained_with(looking, {frozenset({"inputs"}): 0.5})
    needed = replace(rule("a_rule", OUTPUT), forbids=True)
    looking.run([needed, rule("another", replace(INPUTS, rule="another"))], [rule("rung", WIDER)])
    assert tried[-1] == {"output.activation", "inputs", "layers.times"}


def test_a_rate_is_multiplied_again_on_top_of_another_change_of_it() -> None:
    facts = search(STUCK).facts
    assert facts.model.learning_rate == pytest.approx(0.01)
    lower, lowest = rate_changes("learning_rate_too_high", facts, (0.1, 0.01))
    (higher,) = rate_changes("learning_rate_too_low", facts, (10,))
    both = on_top((OUTPUT, lowest), higher, facts)
    assert both == (OUTPUT, lower)
    assert on_top((lower, OUTPUT), higher, facts) == (OUTPUT,)
    assert on_top((lower,), higher, facts) is None
    (highest,) = rate_changes("learning_rate_too_low", facts, (100,))
    assert on_top((lower,), highest, facts) == (higher,)
    assert on_top((OUTPUT,), higher, facts) == (OUTPUT, higher)
    assert on_top((OUTPUT,), replace(OUTPUT, value="linear"), facts) is None


def test_how_far_a_trial_of_numbers_is_does_not_depend_on_their_scale() -> None:
    looking, large = search(STUCK), search(replace(STUCK, y=STUCK.y * 1e-6))
    far, tiny = looking.facts.run, large.facts.run
    assert far is not None
    assert tiny is not None
    assert distance_of(looking.facts.target, far) == 1 - far.score
    assert distance_of(large.facts.target, tiny) == 1 - tiny.score > 1 > tiny.loss
    assert distance_of(target_of(Y, loss="", units=1, same_rank=True), far) == far.loss
    assert distance_of(looking.facts.target, replace(far, score=float("nan"))) == np.inf


def test_what_takes_long_to_compile_waits_for_what_is_compiled_already() -> None:
    looking = search(STUCK, seconds=30.0)
    every = [(WIDER,), (FASTER,), (INPUTS, FASTER), (OUTPUT,)]
    assert list(looking._dear_ones_last(every)) == every
    looking._compiling = 15.0
    looking._compiled.add(program_of((change("epochs", 20),)))
    assert list(looking._dear_ones_last(every)) == [every[1], every[2], every[0], every[3]]
