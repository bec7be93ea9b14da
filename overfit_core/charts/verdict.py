"""How a run is judged, and how the search for its cause stands, in words for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from overfit_core.charts.numbers import duration, number, percent
from overfit_core.charts.status import Tone
from overfit_core.diagnosis.judgement import Judgement, Verdict
from overfit_core.diagnosis.wording import evidence_lines

if TYPE_CHECKING:
    from overfit_core.diagnosis.facts import Cause
    from overfit_core.diagnosis.report import Fix, Report
    from overfit_core.store import CheckRecord

WORDS: Mapping[Verdict, tuple[str, str]] = {
    "memorised": ("Memorised", "Every sample was right for five epochs running."),
    "still_descending": ("Still descending", "The loss was still falling when the run ended."),
    "stuck": ("Stuck", "The loss stays where it is, above the least that this batch allows."),
    "oscillating": ("Oscillating", "The loss swings from epoch to epoch."),
    "diverged": ("Diverged", "The loss has blown up."),
    "impossible": ("Impossible", "No network can be right on the whole of this batch."),
}
"""Each verdict in a word, and what it means."""


class Figure(NamedTuple):
    """One number of the verdict, named and explained."""

    name: str
    value: str
    meaning: str


def verdict_figures(judged: Judgement) -> list[Figure]:
    """Return the word and the numbers of a verdict, in the order in which they are shown."""
    word, meaning = WORDS[judged.verdict]
    if judged.memorised and judged.epoch is not None:
        word = f"{word} at epoch {judged.epoch:,}"
    if judged.epoch is not None and judged.forgotten is not None:
        meaning = f"Right from epoch {judged.epoch:,}, wrong again at epoch {judged.forgotten:,}."
    found = [Figure("Verdict", word, meaning)]
    if judged.loss is not None:
        found.append(Figure("Loss", number(judged.loss), "After the last update, without dropout."))
    found.append(Figure("Floor", number(judged.floor), "The least loss that this batch allows."))
    if judged.accuracy is not None:
        found.append(Figure("Accuracy", percent(judged.accuracy), _best(judged)))
    if judged.r2 is not None:
        found.append(Figure("R²", number(judged.r2), "Of the worst output; 0.99 is memorised."))
    return found


def _best(judged: Judgement) -> str:
    best = 1.0 if judged.best_accuracy is None else judged.best_accuracy
    return f"This batch allows {percent(best)}."


def search_line(check: CheckRecord) -> tuple[str, Tone]:
    """Return in one sentence how the search for the cause stands, and how that is to be taken."""
    report = check.report if check.told or check.ended else None
    if check.status == "queued":
        return "The search for the cause waits for a worker.", "plain"
    if check.status == "running":
        return _running(check, report), "plain"
    if check.status in ("failed", "interrupted"):
        return f"The search for the cause went wrong: {check.reason}", "bad"
    said = _found(report)
    if check.status == "stopped":
        return " ".join(filter(None, ["The search was stopped.", check.reason, said])), "open"
    return said, "good" if report is not None and _mended(report) else "open"


def is_open(check: CheckRecord) -> bool:
    """Tell whether looking again may find what was not found yet."""
    found = check.report
    return check.ended and not (check.status == "finished" and found is not None and _mended(found))


def _mended(report: Report) -> bool:
    return report.memorised or any(fix.outcome == "memorised" for fix in report.fixes)


def in_a_sentence(cause: Cause) -> str:
    """Return what a cause's evidence says of the problem; empty where numbers say it all."""
    problem = str(cause.evidence.get("problem", ""))
    return f"{problem[:1].upper()}{problem[1:]}." if problem else ""


def said(cause: Cause) -> str:
    """Return the evidence of a cause in one line."""
    return "; ".join(f"{name} {value}" for name, value in evidence_lines(cause.evidence))


def other_evidence(cause: Cause) -> list[tuple[str, str]]:
    """Return the evidence of a cause that is not in the sentence, as pairs to read."""
    return [pair for pair in evidence_lines(cause.evidence) if pair[0] != "problem"]


def _running(check: CheckRecord, report: Report | None) -> str:
    if check.wish == "stop":
        return "Stopping the search …"
    if report is None:
        return "Looking for the cause: the run is trained again, with every layer measured."
    tried = sum(fix.tried for fix in report.fixes)
    before = f"{tried} change{'s' if tried != 1 else ''} tried. " if tried else ""
    return f"{before}Now: {report.trying.text}" if report.trying else f"{before}Looking on."


def _found(report: Report | None) -> str:
    if report is None:
        return ""
    seconds = f"in {duration(report.seconds)}"
    if report.memorised:
        return f"Trained again, it memorises the batch ({seconds})."
    tried = [fix for fix in report.fixes if fix.tried]
    if report.epochs < report.planned and report.verdict != "diverged":
        seconds += f"; it saw the first {report.epochs:,} of {report.planned:,} epochs"
    if tried and tried[0].outcome == "memorised":
        return f"A change was found that memorises the batch, {seconds}."
    changes = f"{len(tried)} change{'s' if len(tried) != 1 else ''}"
    return f"{changes} tried {seconds}, and none of them memorises the batch." if tried else ""


def search_share(check: CheckRecord) -> float:
    """Return the share of its time that a search has had, 0 to 1."""
    report = check.report if check.told else None
    return min(1.0, report.seconds / check.budget) if report else 0.0


def fix_tone(fix: Fix) -> Tone:
    """Return how the outcome of a change is to be taken."""
    return "good" if fix.outcome == "memorised" else "open" if fix.tried else "plain"
