"""Stored races as a table: those that were started together are one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.charts.status import STATES
from overfit_core.errors import SpecError
from overfit_core.racing.names import optimizer_names
from overfit_core.racing.words import grid_words, race_title

if TYPE_CHECKING:
    import pandas as pd

    from overfit_core.store import RaceRecord

COLUMNS = {
    "race": "object",
    "state": "object",
    "optimizers": "object",
    "grid": "object",
    "runs": "Int64",
    "of": "Int64",
    "made": "datetime64[us, UTC]",
}
OTHER_VERSION = "Of another version"


def race_sets(records: Sequence[RaceRecord]) -> list[list[RaceRecord]]:
    """Return races by the set that they were started in, in the order in which they come."""
    sets: dict[str, list[RaceRecord]] = {}
    for record in records:
        sets.setdefault(record.set_id or record.id, []).append(record)
    return [sorted(found, key=lambda record: record.place) for found in sets.values()]


def races_table(sets: Sequence[Sequence[RaceRecord]]) -> pd.DataFrame:
    """Return one row per set of races.

    Args:
        sets: From ``race_sets``.

    Returns:
        With the columns ``race`` (its name, or those of its tasks), ``state``, ``optimizers`` (a
        list of names), ``grid``, ``runs`` (those that are there), ``of`` (those that there will
        be) and ``made`` (UTC); the index are the ids of the first race of each.
    """
    import pandas as pd

    index = pd.Index([records[0].id for records in sets], name="id")
    rows = [_row(records) for records in sets]
    return pd.DataFrame(rows, index=index, columns=list(COLUMNS)).astype(COLUMNS)


def _row(records: Sequence[RaceRecord]) -> dict[str, object]:
    first = records[0]
    row: dict[str, object] = {
        "race": race_title(records),
        "state": _state(records),
        "optimizers": [],
        "grid": None,
        "runs": sum(record.done for record in records),
        "of": sum(record.total for record in records),
        "made": first.created_at,
    }
    try:
        row |= {"optimizers": list(optimizer_names(first.plan)), "grid": grid_words(first.plan)}
    except SpecError:
        row["state"] = OTHER_VERSION
    return row


def _state(records: Sequence[RaceRecord]) -> str:
    """Return the state of the first that goes on, or else of the worst."""
    order = ("running", "queued", "interrupted", "failed", "stopped", "finished")
    worst = min((record.status for record in records), key=order.index)
    return "Racing" if worst == "running" else STATES[worst]
