"""Programs that people really wrote: they build, and a check finds what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from overfit_core.diagnosis import Report, check
from overfit_core.diagnosis.rules import RULES
from tests.diagnosis.real import MENDED, PROGRAMS, RULES_OF, UNSEEN, RealProgram
from tests.diagnosis.real.making import MAKERS, make

QUICK = ("48934338", "34673164", "51930566", "reuters-R2", "45442843", "418955")
"""Of those that fail however long they train, the quickest to check.

In the last two several faults hide each other: no change alone makes them memorise.
"""
ALL = (*PROGRAMS, *UNSEEN)
GOAL = 0.7
"""Share of the faulty programs whose primary cause is right."""
ONE_UNIT = pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")
"""What Keras says of a softmax over one unit, which some programs have."""
FIXED = 0.85
"""Share of them with a change that was run and memorises."""


def _named(*names: str) -> list[RealProgram]:
    return [program for program in PROGRAMS if program.id in names]


def _checked(program: RealProgram) -> Report:
    return check(program.model(), program.x, program.y, epochs=program.epochs)


@pytest.mark.few(4)
@pytest.mark.parametrize("program", ALL, ids=lambda program: program.id)
def test_a_real_program_builds_and_its_batch_has_its_shape(program: RealProgram) -> None:
    samples = program.batch["samples"]
    assert program.x.shape == (samples, *program.input_shape)
    assert program.y.shape == (samples, *program.label_shape)
    assert program.x.dtype == program.y.dtype == "float32"
    assert np.isfinite(program.x).all()
    assert np.isfinite(program.y).all()
    model = program.model()
    assert model.input_shape == (None, *program.input_shape)
    assert model.loss == program.loss
    for ours, again in zip(model.get_weights(), program.model().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, again)


def test_batches_are_equal_for_a_seed_and_all_makers_are_used() -> None:
    assert {program.batch["maker"] for program in ALL} == set(MAKERS)
    for program in ALL:
        again = make(**program.batch)
        np.testing.assert_array_equal(program.x, again[0])
        np.testing.assert_array_equal(program.y, again[1])
    ours, other = (make("irises", 30, seed)[0] for seed in (0, 1))
    assert not np.array_equal(ours, other)


def test_every_real_fault_is_known_and_its_rules_are_there() -> None:
    assert {fault for program in ALL for fault in program.faults} == set(RULES_OF)
    assert frozenset().union(*RULES_OF.values()) <= {rule.id for rule in RULES}
    assert len({program.id for program in ALL}) == len(ALL)
    assert all(program.rules for program in ALL if program.shows != "never")
    assert {program.id for program in UNSEEN} >= MENDED


@pytest.mark.few(1)
@ONE_UNIT
@pytest.mark.parametrize("program", _named(*QUICK), ids=lambda program: program.id)
def test_a_real_program_gets_its_cause_and_a_fix_that_memorises(program: RealProgram) -> None:
    report = _checked(program)
    assert not report.memorised
    assert report.causes[0].rule in program.rules
    assert report.fixes[0].outcome == "memorised"


@ONE_UNIT
@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_most_real_programs_get_their_cause_and_a_fix_and_none_is_blamed_without_one() -> None:
    wrong, broken = [], []
    faulty = [program for program in PROGRAMS if program.shows != "never"]
    for program in PROGRAMS:
        report = _checked(program)
        found = [cause.rule for cause in report.causes]
        if program not in faulty:
            assert report.memorised, program.name
            assert not found, program.name
            continue
        if not found or found[0] not in program.rules:
            wrong.append(f"{program.name}: {report.verdict}, {found}")
        if not report.fixes or report.fixes[0].outcome != "memorised":
            broken.append(program.name)
    assert len(faulty) - len(wrong) >= GOAL * len(faulty), wrong
    assert len(faulty) - len(broken) >= FIXED * len(faulty), broken
