"""What all sides ask of races."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from sqlalchemy import ColumnElement, Executable, Select, and_, case, or_, select, update
from sqlalchemy.orm import Session

from overfit_core.errors import UnknownRaceError, shown
from overfit_core.store.race_records import RaceGroup, RaceRecord
from overfit_core.store.tables import RaceGroupRow, RaceRow

STOPPED_WAITING = "It was stopped before a worker had taken it."

RACE = (
    *(RaceRow.id, RaceRow.name, RaceRow.given_name, RaceRow.owner, RaceRow.set_id),
    *(RaceRow.place, RaceRow.created_at, RaceRow.wish, RaceRow.plan.label("plan_json")),
)
"""The columns of a RaceRecord, but for its groups."""
GROUP = (
    *(RaceGroupRow.optimizer, RaceGroupRow.status, RaceGroupRow.worker, RaceGroupRow.reason),
    *(RaceGroupRow.done, RaceGroupRow.total, RaceGroupRow.started_at, RaceGroupRow.finished_at),
    RaceGroupRow.done_before,
)
"""The columns of a RaceGroup, in the order of its fields."""
IN_ORDER = (case((RaceGroupRow.optimizer < 0, 1), else_=0), RaceGroupRow.optimizer)
"""The groups of a race in the order of the plan, the reference last."""


def race_record(session: Session, race_id: str) -> RaceRecord:
    """Return the race.

    Raises:
        UnknownRaceError: If there is none under this id.
    """
    there = and_(RaceRow.id == race_id, RaceRow.deleted_at.is_(None))
    found = race_records(session, select(*RACE).where(there))
    return found[0] if found else unknown_race(race_id)


def check_known_race(session: Session, race_id: str) -> None:
    """Make sure that there is a race, without reading all of it.

    Raises:
        UnknownRaceError: If there is none under this id.
    """
    there = and_(RaceRow.id == race_id, RaceRow.deleted_at.is_(None))
    if session.scalar(select(RaceRow.id).where(there)) is None:
        unknown_race(race_id)


def unknown_race(race_id: str) -> NoReturn:
    """Say that there is no such race.

    Raises:
        UnknownRaceError: Always.
    """
    raise UnknownRaceError(f"There is no race {shown(race_id)}: its link is wrong or too old.")


def going() -> ColumnElement[bool]:
    """The races of which something waits or runs."""
    return RaceRow.id.in_(groups_with("queued", "running"))


def groups_with(*statuses: str) -> Select[str]:
    """The ids of the races that have a group in one of these states."""
    return select(RaceGroupRow.race_id).where(RaceGroupRow.status.in_(statuses))


def race_records(session: Session, query: Executable) -> list[RaceRecord]:
    """Return the races of a query of ``RACE``, in its order."""
    rows = session.execute(query).all()
    these = RaceGroupRow.race_id.in_([row.id for row in rows])
    groups: dict[str, list[RaceGroup]] = {row.id: [] for row in rows}
    wanted = select(RaceGroupRow.race_id, *GROUP).where(these).order_by(*IN_ORDER)
    for race_id, *values in session.execute(wanted):
        groups[race_id].append(RaceGroup(*values))
    return [RaceRecord(**row._mapping, groups=tuple(groups[row.id])) for row in rows]


def lock_groups(session: Session, these: ColumnElement[bool]) -> None:
    """Let nobody else change these groups until the session ends.

    A worker may just be giving one back to the queue, where whoever stops the race would miss it.
    """
    groups = select(RaceGroupRow.optimizer).where(these)
    order = (RaceGroupRow.race_id, RaceGroupRow.optimizer)
    session.execute(groups.order_by(*order).with_for_update())


def of_set(race_id: str) -> ColumnElement[bool]:
    """The groups of a race, and of those that were started with it."""
    return RaceGroupRow.race_id.in_(select(RaceRow.id).where(started_with(race_id)))


def started_with(race_id: str) -> ColumnElement[bool]:
    """A race, and those that were started with it."""
    its_set = select(RaceRow.set_id).where(RaceRow.id == race_id).scalar_subquery()
    return or_(RaceRow.id == race_id, RaceRow.set_id == its_set)


def stop_groups(session: Session, race_id: str, now: datetime, reason: str | None) -> bool:
    """Ask a race to stop; False if it has ended.

    What waits is stopped at once, and whoever has a group of it reads the wish.
    """
    this = RaceGroupRow.race_id == race_id
    lock_groups(session, this)
    asked = update(RaceRow).where(RaceRow.id == race_id, going())
    asked = asked.values(wish="stop", wished_at=now).returning(RaceRow.id)
    if session.scalar(asked) is None:
        return False
    waiting = update(RaceGroupRow).where(this, RaceGroupRow.status == "queued")
    ended = {"status": "stopped", "finished_at": now, "reason": reason or STOPPED_WAITING}
    session.execute(waiting.values(**ended))
    if reason is not None:
        held = update(RaceGroupRow).where(this, RaceGroupRow.status == "running")
        session.execute(held.values(reason=reason))
    return True
