"""Recorded runs as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overfit_core.charts.status import STATES, run_title
from overfit_core.comparison.differences import told_apart
from overfit_core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

    from overfit_core.store import RunRecord


def run_table(records: Sequence[RunRecord]) -> pd.DataFrame:
    """Return one row per run.

    Args:
        records: The runs, in the order of the rows.

    Returns:
        With the columns ``run`` (its title), ``loss curve`` (common logarithms, a list), ``state``,
        ``memorised`` (epoch or None), ``loss`` and ``score`` (accuracy or R², at the end),
        ``epochs``, ``optimizer``, ``rate``, ``tags`` (a list), ``notes`` and ``made`` (UTC); the
        index are the ids.
    """
    import pandas as pd

    rows = [_row(record) for record in records]
    index = pd.Index([record.id for record in records], name="id")
    return pd.DataFrame(rows, index=index, columns=list(_COLUMNS)).astype(_COLUMNS)


_COLUMNS: dict[str, Any] = {
    "run": "object",
    "loss curve": "object",
    "state": "object",
    "memorised": "Int64",
    "loss": "float64",
    "score": "float64",
    "epochs": "Int64",
    "optimizer": "object",
    "rate": "float64",
    "tags": "object",
    "notes": "object",
    "made": "datetime64[us, UTC]",
}


def _row(record: RunRecord) -> dict[str, object]:
    summary = record.summary
    row: dict[str, object] = {
        "run": record_title(record),
        "loss curve": list(record.sparkline),
        "state": STATES[record.status],
        "memorised": None,
        "loss": None,
        "score": None,
        "epochs": record.epoch,
        "optimizer": record.optimizer,
        "rate": None,
        "tags": list(record.tags),
        "notes": record.notes,
        "made": record.created_at,
    }
    if summary is not None:
        score = summary.r2 if summary.accuracy is None else summary.accuracy
        row |= {"memorised": summary.memorised_epoch, "loss": summary.loss, "score": score}
    try:
        row["rate"] = record.spec.optimizer.base_learning_rate
    except SpecError:
        row["state"] = "Of another version"
    return row


def record_title(record: RunRecord) -> str:
    """Return what a run is called: the name that a person gave it, or its settings in short."""
    if record.name:
        return record.name
    try:
        return run_title(record.spec)
    except SpecError:
        return record.id


def distinct_titles(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return a title per id; those that would be equal are told apart by a number."""
    titles = told_apart([record_title(record) for record in records])
    return dict(zip((record.id for record in records), titles, strict=True))
