"""A report: read by people and by programs, and never more than was tried."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from overfit_core import Report, check
from overfit_core.testing import assert_memorises
from tests.diagnosis.programs import HEALTHY, NUMBERS, X, Y


def test_a_fix_that_was_not_run_is_never_said_to_work() -> None:
    program = replace(HEALTHY, rate=1e-6)
    report = check(program.model(), X, Y, epochs=50, budget_seconds=1e-3)
    assert report.fixes
    for fix in report.fixes:
        assert fix.tried == (fix.outcome is not None)
        assert fix.tried or fix.sentence() == "not tried"


def test_a_report_is_read_back_as_it_was_written() -> None:
    report = check((replace(HEALTHY, rate=1e-6)).model(), X, Y, epochs=50, seeds=1)
    again = Report.from_json(report.to_json())
    assert again.causes
    assert again.fixes
    assert again.to_json() == report.to_json()
    assert again.to_markdown() == report.to_markdown()


def test_a_report_is_read_by_people_and_by_programs() -> None:
    report = check(replace(NUMBERS, rate=1e-6).model(), NUMBERS.x, NUMBERS.y, epochs=50, seeds=1)
    data = json.loads(report.to_json())
    assert data["verdict"] == report.verdict
    assert data["causes"][0]["rule"] == report.causes[0].rule
    assert data["fixes"][0]["change"][0]["setting"] == "optimizer.learning_rate"
    text = report.to_markdown()
    assert report.causes[0].title in text
    assert report.fixes[0].code in text


def test_a_test_suite_fails_with_the_report_as_its_message() -> None:
    assert assert_memorises(HEALTHY.model(), X, Y, epochs=300).memorised
    with pytest.raises(AssertionError, match="The inputs are not scaled"):
        assert_memorises(HEALTHY.model(), X * 1000, Y, epochs=60, budget_seconds=3.0)
