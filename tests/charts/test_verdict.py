"""The verdict and the search for a cause, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from overfit_core.charts.verdict import is_open, search_line, search_share, verdict_figures
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.judgement import Judgement
from overfit_core.diagnosis.report import Fix, Report
from overfit_core.store import CheckRecord

MEMORISED = Judgement("memorised", 12, None, 500, 500, 1.0, None, 0.01, 0.0, 1.0)
WIDER = Change("too_little_capacity", "layers.times", 4, "Wider.", "Dense(4 * units)")
REPORT = Report(
    "stuck", None, None, 500, 500, 0.5, None, 0.69, 0.0, 1.0, (),
    (Fix((WIDER,), True, "no_better", (None,)),), 5.0,
)  # fmt: skip


def check(status: str, report: Report | None = REPORT, told: bool = True) -> CheckRecord:
    from datetime import UTC, datetime

    text = None if report is None else report.to_json()
    told_at = datetime(2026, 1, 1, tzinfo=UTC) if told else None
    return CheckRecord("run", status, "run", 20.0, None, told_at, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("judged", "word", "meaning"),
    [
        (MEMORISED, "Memorised at epoch 12", "Every sample was right"),
        (replace(MEMORISED, forgotten=30), "Memorised at epoch 12", "wrong again at epoch 30"),
        (replace(MEMORISED, verdict="diverged", forgotten=30), "Diverged", "again at epoch 30"),
        (replace(MEMORISED, verdict="impossible"), "Impossible", "No network"),
    ],
)
def test_the_word_says_what_happened_and_when(judged: Judgement, word: str, meaning: str) -> None:
    figure = verdict_figures(judged)[0]
    assert figure.value == word
    assert meaning in figure.meaning


def test_what_the_batch_allows_stands_beside_what_was_reached() -> None:
    judged = replace(MEMORISED, floor=0.25, best_accuracy=0.75)
    found = {figure.name: figure for figure in verdict_figures(judged)}
    assert found["Floor"].value == "0.25"
    assert "75 %" in found["Accuracy"].meaning


def test_an_earlier_report_says_nothing_of_a_search_that_goes_on() -> None:
    assert "1 change tried" in search_line(check("running"))[0]
    assert search_share(check("running")) == 0.25
    assert "is trained again" in search_line(check("running", told=False))[0]
    assert search_share(check("running", told=False)) == 0.0


def test_the_end_of_a_search_says_what_came_out() -> None:
    mended = replace(REPORT, fixes=(Fix((WIDER,), True, "memorised", (40,)),))
    assert search_line(check("finished", mended))[1] == "good"
    assert not is_open(check("finished", mended))
    said, tone = search_line(check("finished"))
    assert ("none of them memorises" in said, tone) == (True, "open")
    assert is_open(check("finished"))
    assert is_open(check("failed", None))
    short = replace(REPORT, planned=5_000)
    assert "the first 500 of 5,000 epochs" in search_line(check("finished", short))[0]
