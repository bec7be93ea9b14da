"""Groups of races as rows: which one, whose it is, how it ends."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from overfit_core.store.guards import Values
from overfit_core.store.tables import RaceGroupRow, RaceRow

GroupEnd = Literal["queued", "finished", "stopped", "failed", "interrupted"]
GOING_ON = and_(RaceRow.wish == "run", RaceRow.deleted_at.is_(None))
"""The races that nobody has stopped or deleted."""


class GroupKey(NamedTuple):
    """Which group of which race.

    Attributes:
        race_id: The race.
        optimizer: Place of its optimizer in the plan, or ``REFERENCE``.
    """

    race_id: str
    optimizer: int


def this_group(key: GroupKey) -> ColumnElement[bool]:
    """One group."""
    return and_(RaceGroupRow.race_id == key.race_id, RaceGroupRow.optimizer == key.optimizer)


def waiting_group(key: GroupKey) -> ColumnElement[bool]:
    """One group, if it waits for a worker."""
    return and_(this_group(key), RaceGroupRow.status == "queued")


def held_group(key: GroupKey, worker: str) -> ColumnElement[bool]:
    """One group, if this worker has it."""
    return and_(this_group(key), RaceGroupRow.status == "running", RaceGroupRow.worker == worker)


def changed_group(session: Session, where: ColumnElement[bool], values: Values) -> bool:
    """Change a group if this holds of it; tells whether it did."""
    change = update(RaceGroupRow).where(where).values(**values).returning(RaceGroupRow.race_id)
    return session.scalar(change) is not None


def end_groups(
    session: Session,
    where: ColumnElement[bool],
    status: GroupEnd,
    reason: str | None,
    now: datetime,
) -> dict[GroupKey, str]:
    """End groups for which this holds, or give them back to the queue.

    Returns:
        By group: the workers that had them.
    """
    order = (RaceGroupRow.race_id, RaceGroupRow.optimizer)
    found = session.scalars(select(RaceGroupRow).where(where).order_by(*order).with_for_update())
    ended = {}
    for group in found.all():
        key = GroupKey(group.race_id, group.optimizer)
        ended[key] = group.worker or ""
        _end_group(group, _possible(session, key, status), reason, now)
    return ended


def _end_group(group: RaceGroupRow, status: GroupEnd, reason: str | None, now: datetime) -> None:
    group.status = status
    group.reason = (group.reason or reason) if status == "stopped" else reason
    if status == "queued":
        group.worker = None
    else:
        group.finished_at = now


def _possible(session: Session, key: GroupKey, status: GroupEnd) -> GroupEnd:
    """What was stopped meanwhile does not go back to the queue."""
    if status != "queued":
        return status
    going_on = select(RaceRow.id).where(RaceRow.id == key.race_id, GOING_ON)
    return "stopped" if session.scalar(going_on) is None else status
