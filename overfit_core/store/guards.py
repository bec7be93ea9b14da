"""Changes of a run's row, each one guarded UPDATE.

Two sides that act at once cannot undo each other: whoever comes second finds that the row is no
longer in the state that the change starts from, and nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, Executable, and_, or_, select, update
from sqlalchemy.orm import Session

from overfit_core.errors import UnknownRunError, shown
from overfit_core.store import chunks
from overfit_core.store.engine import open_engine
from overfit_core.store.records import ACTIVE, HELD, Control, LostRunError, RunRecord, Status
from overfit_core.store.tables import RunRow

RECORD = (
    *(RunRow.id, RunRow.name, RunRow.status, RunRow.wish, RunRow.pace, RunRow.reason),
    *(RunRow.epoch, RunRow.worker, RunRow.created_at, RunRow.started_at, RunRow.finished_at),
    *(RunRow.lease_at, RunRow.wished_at, RunRow.steps_wanted, RunRow.steps_done),
    *(RunRow.owner, RunRow.group_id, RunRow.place, RunRow.optimizer, RunRow.preset),
    *(RunRow.batch_hash, RunRow.weights_hash, RunRow.colour, RunRow.notes, RunRow.race_id),
    *(RunRow.spec.label("spec_json"), RunRow.summary.label("summary_json")),
    *(RunRow.tags.label("tags_json"), RunRow.sparkline.label("sparkline_json")),
)
"""The columns of a RunRecord."""
CONTROL = (RunRow.wish, RunRow.pace, RunRow.steps_wanted)
"""The columns of a Control."""

PARKED = and_(RunRow.status == "paused", RunRow.worker.is_(None))
"""A paused run that gave its worker to another; it is taken up again when it is wanted."""
UNCLAIMED = or_(RunRow.status == "queued", PARKED)
"""No worker has the run."""
STOPPED_PARKED = "It was paused and had given its worker away; what was recorded is kept."

Condition = ColumnElement[bool]
Values = Mapping[str, object]


class Guarded:
    """The database, the clock, and the changes that all sides make with them."""

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Open the database; see ``Store``."""
        self._engine = open_engine(url)
        self._now = clock

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _ask(self, session: Session, run_id: str, values: Values) -> bool:
        """Change what the person wishes, unless the run has ended or is stopping."""
        still_open = and_(RunRow.id == run_id, RunRow.status.in_(ACTIVE), RunRow.wish != "stop")
        if changed(session, still_open, {"wished_at": self._now(), **values}):
            return True
        record(session, run_id)
        return False

    def _end(self, session: Session, run_id: str, where: Condition, values: Values) -> bool:
        """End a run where the condition holds, with its history packed; tells whether it did."""
        if not changed(session, where, {"finished_at": self._now(), **values}):
            return False
        chunks.pack(session, run_id)
        points = json.dumps(chunks.sparkline(session, run_id))
        session.execute(update(RunRow).where(RunRow.id == run_id).values(sparkline=points))
        return True

    def _stop_unclaimed(self, session: Session, run_id: str, reason: str | None = None) -> bool:
        """Stop a run that no worker has; False if one has it, or it has ended."""
        this = RunRow.id == run_id
        stopped = {"wish": "stop", "wished_at": self._now(), "status": "stopped", "reason": reason}
        parked = {**stopped, "reason": reason or STOPPED_PARKED}
        return self._end(session, run_id, and_(this, PARKED), parked) or changed(
            session, and_(this, UNCLAIMED), {**stopped, "finished_at": self._now()}
        )

    def _visited(self, session: Session, held: Condition, values: Values) -> dict[str, Control]:
        """Change what the worker reports, renew the leases, read the wishes; by run id."""
        renewed = update(RunRow).where(held).values(lease_at=self._now(), **values)
        return controls_of(session.execute(renewed.returning(RunRow.id, *CONTROL)))


def held_by(
    run_ids: Collection[str], worker: str | None, statuses: Collection[Status] = HELD
) -> Condition:
    """The runs are in one of these states, and this worker has them (None: whoever)."""
    held = and_(RunRow.id.in_(run_ids), RunRow.status.in_(statuses))
    return held if worker is None else and_(held, RunRow.worker == worker)


def locked(session: Session, where: Condition) -> list[str]:
    """Return the ids of several runs, and let nobody else change them until the session ends.

    In one order: two sides that want the same rows in different orders would wait for each other
    for ever. SQLite has one writer at a time and needs none of this.
    """
    rows = select(RunRow.id).where(where).order_by(RunRow.id).with_for_update()
    return list(session.scalars(rows))


def changed(session: Session, where: Condition, values: Values) -> bool:
    """Make the change where the condition holds; tells whether it did."""
    change = update(RunRow).where(where).values(**values).returning(RunRow.id)
    return session.scalar(change) is not None


def record(session: Session, run_id: str) -> RunRecord:
    """Return the run.

    Raises:
        UnknownRunError: If there is none under this id.
    """
    found = records(session, select(*RECORD).where(_there(run_id)))
    return found[0] if found else _unknown(run_id)


def records(session: Session, query: Executable) -> list[RunRecord]:
    """Return the runs of a query of ``RECORD``, in its order."""
    return [RunRecord(**row._mapping) for row in session.execute(query)]


def check_known(session: Session, run_id: str) -> None:
    """Make sure that there is a run, without reading all of it.

    Raises:
        UnknownRunError: If there is none under this id.
    """
    if session.scalar(select(RunRow.id).where(_there(run_id))) is None:
        _unknown(run_id)


def _there(run_id: str) -> Condition:
    return and_(RunRow.id == run_id, RunRow.deleted_at.is_(None))


def _unknown(run_id: str) -> NoReturn:
    raise UnknownRunError(f"There is no run {shown(run_id)}: its link is wrong or too old.")


def controls_of(rows: Iterable[Any]) -> dict[str, Control]:
    """Make Controls of rows with an id and the columns of a Control; by run id."""
    return {row.id: Control(row.wish, row.pace, row.steps_wanted) for row in rows}


def lost(session: Session, run_id: str) -> NoReturn:
    """Say that a worker has no say in a run.

    Raises:
        LostRunError: Always, except for
        UnknownRunError: If there is no run under this id.
    """
    found = record(session, run_id)
    raise LostRunError(
        f"The run {run_id} is {found.status} at epoch {found.epoch}, held by "
        f"{found.worker or 'nobody'}: this worker has no say in it."
    )
