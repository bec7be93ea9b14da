"""The scores of runs, or of groups of seeds, as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_core.comparison.bands import quartiles, seed_groups
from overfit_core.comparison.differences import group_names, short_names
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scores import Score
from overfit_core.comparison.target import DEFAULT_TARGET, Target

Row = dict[str, Any]

RATIO, LOWER, UPPER = "_ratio", "_lower", "_upper"
"""What follows the key of a column: its ratio to the baseline, its lower and upper quartile."""
TIMED = "compiling left out; from its start where a run has no result (yet)"
"""What is counted as training time."""


@dataclass(frozen=True)
class ScoreColumn:
    """What one column of the table says.

    Attributes:
        key: Name of the value in a row.
        label: Head of the column.
        unit: Of the value: ``epochs``, ``s``, ``samples``, ``%`` (of a share from 0 to 1),
            ``decades``, or empty.
        help: The definition, in a sentence.
        spread: Whether a group has quartiles of it.
        ratio: Whether it has a ratio to the baseline.
    """

    key: str
    label: str
    unit: str
    help: str
    spread: bool = True
    ratio: bool = False


def score_columns(target: Target | None, *, grouped: bool) -> list[ScoreColumn]:
    """Return the columns for a target, in their order.

    Args:
        target: What counts as reached; without one there are no columns that tell of it.
        grouped: Whether rows stand for groups of seeds; values are medians then.
    """
    measure = (target or DEFAULT_TARGET).measure
    name, low = measure.label, measure.better == "low"
    unit = "%" if measure.share else ""
    columns = [
        ScoreColumn("compile_seconds", "Getting ready", "s",
            "Building and compiling before the first epoch; not in the time to target."),
        ScoreColumn("best", f"Best {name}", unit,
            "Best value of all epochs.", ratio=low),
        ScoreColumn("best_epoch", "Best epoch", "epochs", "First epoch with the best value."),
        ScoreColumn("last", f"Last {name}", unit,
            "Value of the last epoch; empty: the run diverged.", ratio=low),
        ScoreColumn("memorised_epoch", "All right from epoch", "epochs",
            "First of five epochs running with every sample right; empty: never."),
        ScoreColumn("never_learned", "Not learned", "samples",
            "Samples that are wrong with the last weights."),
    ]  # fmt: skip
    if target is not None:
        columns = _target_columns(target, grouped=grouped) + columns
    if grouped:
        help_text = "Runs that differ in their seed only."
        columns.insert(0, ScoreColumn("seeds", "Seeds", "", help_text, spread=False))
    return columns


def _target_columns(target: Target, *, grouped: bool) -> list[ScoreColumn]:
    """Return the columns that tell of the target."""
    measure, low = target.measure, target.measure.better == "low"
    how = "falls to" if low else "rises to"
    behind = "Powers of ten above" if low else "How far below"
    unit = "%" if measure.share else "decades" if low else ""
    reached = "Share of the seeds that reached" if grouped else "Whether it reached"
    return [
        ScoreColumn("success", "Reached", "%",
            f"{reached} {target.said}; empty: not yet.", spread=False),
        ScoreColumn("epochs_to_target", "Epochs to target", "epochs",
            f"First epoch at which {measure.label}, in training mode, {how} {target.said}; "
            "empty: never, or not yet.",
            ratio=True),
        ScoreColumn("seconds_to_target", "Time to target", "s",
            f"Training time up to that epoch, {TIMED}.", ratio=True),
        ScoreColumn("drift", "Drift after target", unit,
            f"{behind} the target it got again after the first hit; 0: it stayed."),
    ]  # fmt: skip


def scoreboard(
    runs: Sequence[ComparedRun],
    scores: Mapping[str, Score],
    target: Target | None,
    *,
    grouped: bool = False,
    baseline: str | None = None,
    hidden: Collection[str] = (),
) -> list[Row]:
    """Return one row per run, or per group of seeds and per run that is in none.

    Args:
        runs: In the order of the rows.
        scores: How each of them did, by its id.
        target: What counts as reached.
        grouped: Whether seeds are put together. A group's values are medians, with quartiles
            beside them under ``key + LOWER`` and ``key + UPPER``. A run that missed counts as
            later than all others, so that a median can be empty; drift is that of the runs that
            reached the target.
        baseline: Id of the run that the others are measured by: its row, or its group's, has a
            ratio of 1.
        hidden: Ids of runs that are not shown. They count as all others do; only a row of nothing
            but hidden ones is left out.

    Returns:
        Rows with ``id`` (of the run, or of its group), ``name``, ``runs`` (ids), ``baseline``,
        ``exact``, ``as_of`` (the last epoch of those that go on), and a value per column of
        ``score_columns``; None where there is none.
    """
    groups = seed_groups(runs) if grouped else {}
    names = short_names(runs) | group_names(groups)
    rows: dict[str, Row] = {}
    for run in runs:
        members = groups.get(run.group, [run])
        key = run.group if run.group in groups else run.id
        if key not in rows:
            ids = [other.id for other in runs if key in (other.id, other.group)]
            head = {"id": key, "name": names[key], "runs": ids, "baseline": baseline in ids}
            rows[key] = head | _row([scores[member.id] for member in members])
    table = list(rows.values())
    _add_ratios(table, target, grouped=grouped)
    return [row for row in table if not set(row["runs"]) <= set(hidden)]


def _row(scores: Sequence[Score]) -> Row:
    """Return the median of each value over these runs, and its quartiles where there are more."""
    reached = [one.reached for one in scores if one.reached is not None]
    row: Row = {
        "seeds": len(scores),
        "success": sum(reached) / len(reached) if reached else None,
        "exact": all(one.exact for one in scores),
        "as_of": max((one.as_of for one in scores if one.as_of is not None), default=None),
    }
    for key in _VALUES:
        values = [value for one in scores if (value := getattr(one, key)) is not None]
        if not values:
            row |= {key: None, key + LOWER: None, key + UPPER: None}
            continue
        spread = quartiles(np.array(values, dtype=np.float64))
        row[key] = _said(float(spread.median))
        lower, upper = (_said(float(spread.lower)), _said(float(spread.upper)))
        several = len(values) > 1
        row |= {key + LOWER: lower if several else None, key + UPPER: upper if several else None}
    return row


_VALUES = (
    "epochs_to_target",
    "seconds_to_target",
    "compile_seconds",
    "best",
    "best_epoch",
    "last",
    "drift",
    "memorised_epoch",
    "never_learned",
)


def _said(value: float) -> float | None:
    """Return a value for a table, which has no place for infinity."""
    return value if math.isfinite(value) else None


def _add_ratios(rows: list[Row], target: Target | None, *, grouped: bool) -> None:
    """Put each value over the baseline's, where both are known and the baseline's is not 0."""
    base = next((row for row in rows if row["baseline"]), None)
    for column in score_columns(target, grouped=grouped):
        if not column.ratio:
            continue
        by = base[column.key] if base else None
        for row in rows:
            value = row[column.key]
            known = value is not None and by is not None and (by > 0 or row is base)
            ratio = (1.0 if row is base else value / by) if known else None
            row[column.key + RATIO] = ratio
