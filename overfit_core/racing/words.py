"""Races in words: what one is, how far it is, who is first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from overfit_core.charts.numbers import count, duration, estimate, number
from overfit_core.charts.status import Tone, task_title
from overfit_core.comparison.bands import quartiles
from overfit_core.errors import SpecError
from overfit_core.racing.names import REFERENCE_NAME
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.profiles import is_whole

if TYPE_CHECKING:
    import numpy as np

    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import OptimizerScore
    from overfit_core.racing.standing import Standing
    from overfit_core.store import RaceRecord

FIRST_SHARE = 0.05
"""How much of a race must be there before its end is told."""


def race_title(records: Sequence[RaceRecord]) -> str:
    """Return what races that were started together are called, or one that was started alone.

    That is the name that a person gave to them, or else those of their tasks.
    """
    return records[0].given_name or " + ".join(map(_listed_name, records))


def task_name(record: RaceRecord) -> str:
    """Return what the task of a race is called: as when it was started, or batch and network."""
    return record.name or task_title(record.plan.spec)


def _listed_name(record: RaceRecord) -> str:
    """Return the name of a task also where another version has stored it."""
    try:
        return task_name(record)
    except SpecError:
        return record.id


def grid_words(plan: RacePlan) -> str:
    """Return ``8 optimizers × 13 learning rates × 5 seeds``."""
    sizes = (
        (len(plan.optimizers), "optimizer"),
        (len(plan.learning_rates), "learning rate"),
        (len(plan.seeds), "seed"),
    )
    return " × ".join(count(size, what) for size, what in sizes)


def race_line(record: RaceRecord, standing: Standing) -> tuple[str, Tone]:
    """Return in a sentence or two how a race stands, and how that is to be taken."""
    if record.status == "queued":
        return "Waiting for a worker.", "plain"
    if not record.ended:
        return ("Stopping …" if record.wish == "stop" else "Racing."), "plain"
    said = headline(standing)
    if record.status == "finished":
        return said, "good" if _reached(standing) else "open"
    missing = f"{count(record.missing, 'run')} missing of {record.total:,}."
    if record.status == "stopped":
        return f"Stopped: {missing} {said}", "open"
    return f"{said} {missing} {lost_words(record, standing.names)}", "bad"


def lost_words(record: RaceRecord, names: Sequence[str]) -> str:
    """Return which groups did not come to their end through no click, and why."""
    lost = [group for group in record.groups if group.status in ("interrupted", "failed")]
    return " ".join(f"{group_name(group.optimizer, names)}: {group.reason}" for group in lost)


def group_name(optimizer: int, names: Sequence[str]) -> str:
    """Return what a group of runs is called, by the place of its optimizer."""
    return REFERENCE_NAME if optimizer == REFERENCE else names[optimizer]


def race_share(records: Sequence[RaceRecord]) -> float:
    """Return how much of races that were started together is there, from 0 to 1."""
    total = sum(record.total for record in records)
    return sum(record.done for record in records) / total if total else 1.0


def left_out(what: str, found: int, given: int) -> str:
    """Return what to say of a link of which not everything could be read.

    Args:
        what: ``task`` or ``optimizer``.
        found: How many of them are there.
        given: How many the link has.
    """
    return (
        f"Of {count(given, what)} in this address, {given - found:,} cannot be used here: unknown, "
        "there twice, or more than fit."
    )


def missing_runs(records: Sequence[RaceRecord]) -> int:
    """Return how many runs will not come any more, unless somebody asks for them."""
    return sum(record.missing for record in records)


def race_progress(records: Sequence[RaceRecord], now: datetime | None = None) -> str:
    """Return ``320 of 525 runs · 5.1 s since the start · about 4 s left``.

    Args:
        records: The races that were started together.
        now: The time, aware.
    """
    done, total, before = (
        sum(each) for each in zip(*((r.done, r.total, r.done_before) for r in records), strict=True)
    )
    parts = [f"{done:,} of {count(total, 'run')}"]
    began = [record.began_at for record in records if record.began_at is not None]
    if not began:
        return parts[0]
    ended = [record.finished_at for record in records if record.finished_at is not None]
    over = len(ended) == len(records)
    last = max(ended) if over else now or datetime.now(UTC)
    seconds = (last - min(began)).total_seconds()
    whole = "for the rest" if before else "in all"
    parts.append(f"{duration(seconds)} {whole if over else 'since the start'}")
    share = (done - before) / (total - before) if total > before else 1.0
    if not over and share > FIRST_SHARE:
        parts.append(f"{estimate(seconds / share - seconds)} left")
    return " · ".join(parts)


def headline(standing: Standing) -> str:
    """Return who reaches the target first, and beside what."""
    plan, scores = standing.plan, standing.scores
    if not scores:
        return "Nothing is there yet."
    reached = _reached(standing)
    goal = plan.target.sentence().removeprefix("Target: ").rstrip(".")
    if not reached:
        best = min(scores, key=lambda score: float(score.best.best_loss.median))
        loss = float(best.best.best_loss.median)
        none = f"None of them reaches {goal} in {count(plan.spec.training.epochs, 'epoch')}."
        if not math.isfinite(loss):
            return f"{none} All of them diverge."
        return f"{none} Nearest is {_named(standing, best)}: loss {number(loss)}."
    least = min(float(score.best.epochs.median) for score in reached)
    first = [score for score in reached if float(score.best.epochs.median) == least]
    median = "" if len(plan.seeds) == 1 else f", median of {count(len(plan.seeds), 'seed')}"
    names = " and ".join(_named(standing, score) for score in first)
    is_first = "is first" if len(first) == 1 else "are first"
    so_far = "" if is_whole(plan, scores) else " so far"
    said = f"{names} {is_first}{so_far}: {goal} after {number(least)} epochs{median}."
    if len(scores) > 1:
        said += f" {len(reached)} of {len(scores)} optimizers reach it."
    return f"{said}{_reference_words(standing)}"


def _reference_words(standing: Standing) -> str:
    if not standing.reference:
        return ""
    found = quartiles(_times(standing)).median
    if float(found) == float("inf"):
        return f" {REFERENCE_NAME} misses it."
    return f" {REFERENCE_NAME} takes {number(float(found))} evaluations."


def _times(standing: Standing) -> np.ndarray:
    import numpy as np

    return np.array([run.epochs_to_target for run in standing.reference])


def _reached(standing: Standing) -> list[OptimizerScore]:
    return [score for score in standing.scores if float(score.best.epochs.median) < float("inf")]


def _named(standing: Standing, score: OptimizerScore) -> str:
    return f"{standing.names[score.optimizer]} with {number(score.best.learning_rate)}"
