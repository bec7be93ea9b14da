"""What workers report of races, and what the watcher asks of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, and_, delete, false, func, insert, or_, select, update
from sqlalchemy.orm import Session

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded, Values
from overfit_core.store.race_guards import GROUP, IN_ORDER, race_record
from overfit_core.store.race_records import RaceGroup, RaceRecord, members_of
from overfit_core.store.race_runs_side import SCORES, these_members
from overfit_core.store.records import LostRunError
from overfit_core.store.tables import RaceGroupRow, RaceHistoryRow, RaceRow, RaceRunRow

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member
    from overfit_core.racing.trained import Trained

RACE_LEASE_SECONDS = 8.0
"""A group whose worker gave no sign of life for this long is lost."""
GROUP_LOST = (
    "The worker that trained it ended or gave no sign of life. What was trained until then is "
    "kept, and what is missing can be repeated."
)

GroupEnd = Literal["queued", "finished", "stopped", "failed", "interrupted"]
_Rows = tuple[dict[str, Any], dict[str, Any]]
_RUNNING = and_(RaceRow.wish == "run", RaceRow.deleted_at.is_(None))


class GroupKey(NamedTuple):
    """Which group of which race.

    Attributes:
        race_id: The race.
        optimizer: Place of its optimizer in the plan, or ``REFERENCE``.
    """

    race_id: str
    optimizer: int


class RaceWorkerSide(Guarded):
    """Groups of races, each of which one worker trains.

    Whatever names a worker changes nothing if the group is not this worker's (any more).
    """

    def waiting_race_groups(self) -> list[GroupKey]:
        """Return the groups that wait for a worker, those of the oldest race first."""
        return list(self._groups(RaceGroupRow.status == "queued", _RUNNING))

    def running_race_groups(self) -> dict[GroupKey, str]:
        """Return the workers of the groups that are trained, those of the oldest race first."""
        return self._groups(RaceGroupRow.status == "running")

    def unanswered_race_stops(self, seconds: float) -> dict[GroupKey, str]:
        """Return the workers of the groups that were asked to stop so long ago and go on."""
        since = self._now() - timedelta(seconds=seconds)
        late = and_(RaceRow.wish == "stop", RaceRow.wished_at < since)
        return self._groups(RaceGroupRow.status == "running", late)

    def race_group(self, key: GroupKey) -> RaceGroup | None:
        """Return one group as it stands, also of a deleted race; None if it is gone."""
        with reading(self._engine) as session:
            row = session.execute(select(*GROUP).where(_this(key))).first()
        return None if row is None else RaceGroup(**row._mapping)

    def claim_race_group(self, key: GroupKey, worker: str) -> RaceRecord:
        """Take a group that waits for a worker.

        Raises:
            LostRunError: If it does not wait.
            UnknownRaceError: If there is no such race.
        """
        now = self._now()
        taken: Values = {
            **{"status": "running", "worker": worker, "lease_at": now},
            "started_at": func.coalesce(RaceGroupRow.started_at, now),
        }
        with writing(self._engine) as session:
            if not _changed(session, and_(_this(key), RaceGroupRow.status == "queued"), taken):
                raise LostRunError(f"No group {key.optimizer} of the race {key.race_id} waits.")
            return race_record(session, key.race_id)

    def missing_race_members(self, key: GroupKey) -> list[Member]:
        """Return the runs of a group that are not there to their end, in the order of training.

        Raises:
            UnknownRaceError: If there is no race under this id.
        """
        with reading(self._engine) as session:
            every = members_of(race_record(session, key.race_id).plan, key.optimizer)
            there = _ended(session, key)
        return [member for member in every if member not in there]

    def add_race_runs(self, key: GroupKey, worker: str, trained: Sequence[Trained]) -> bool:
        """Add runs to a group and renew its lease; tells whether it is to go on.

        Whoever reads sees all of them at once. A run that is there to its end is left as it is,
        so that a try may be repeated whose answer was lost; one that was cut short is replaced.

        Args:
            key: The group.
            worker: The name that it was claimed with.
            trained: What has ended; may be none.
        """
        # Compressed here, before anybody waits for a lock.
        rows = {one.run.member: _rows(key.race_id, one) for one in trained}
        with writing(self._engine) as session:
            if not _changed(session, _held(key, worker), {"lease_at": self._now()}):
                return False
            if rows:
                _add(session, key, rows)
            going_on = select(RaceRow.id).where(RaceRow.id == key.race_id, _RUNNING)
            return session.scalar(going_on) is not None

    def end_race_group(
        self, key: GroupKey, worker: str, status: GroupEnd, *, reason: str | None = None
    ) -> bool:
        """End a group, or give it back to the queue; False if it is not this worker's any more.

        Args:
            key: The group.
            worker: The name that it was claimed with.
            status: How it ended; ``queued`` for one that another worker is to go on with.
            reason: Why, in plain words; where somebody stopped it for a reason, that one stays.
        """
        with writing(self._engine) as session:
            return bool(self._end_groups(session, _held(key, worker), status, reason))

    def give_up_race_group(self, key: GroupKey, reason: str) -> bool:
        """Mark a group that no worker can take as failed; False if it does not wait."""
        waiting = and_(_this(key), RaceGroupRow.status == "queued")
        with writing(self._engine) as session:
            return bool(self._end_groups(session, waiting, "failed", reason))

    def interrupt_lost_race_groups(
        self,
        *,
        dead_workers: Collection[str] = (),
        lease_seconds: float = RACE_LEASE_SECONDS,
        reason: str = GROUP_LOST,
    ) -> dict[GroupKey, str]:
        """Mark the groups of lost workers as interrupted; the others of their races go on.

        Args:
            dead_workers: Workers known to be gone.
            lease_seconds: Whoever gave no sign of life for so long is lost too.
            reason: What to say of them.

        Returns:
            By group: the workers that had them.
        """
        limit = self._now() - timedelta(seconds=lease_seconds)
        dead = RaceGroupRow.worker.in_(dead_workers) if dead_workers else false()
        late = or_(RaceGroupRow.lease_at < limit, dead)
        lost = and_(RaceGroupRow.status == "running", late)
        with reading(self._engine) as session:
            if session.execute(select(RaceGroupRow.race_id).where(lost)).first() is None:
                return {}
        with writing(self._engine) as session:
            return self._end_groups(session, lost, "interrupted", reason)

    def _groups(self, *conditions: ColumnElement[bool]) -> dict[GroupKey, str]:
        """Return the workers of groups, in the order in which they are taken."""
        columns = (RaceGroupRow.race_id, RaceGroupRow.optimizer, RaceGroupRow.worker)
        wanted = select(*columns).join(RaceRow, RaceRow.id == RaceGroupRow.race_id)
        order = (RaceRow.created_at, RaceRow.set_id, RaceRow.place, RaceRow.id, *IN_ORDER)
        with reading(self._engine) as session:
            rows = session.execute(wanted.where(*conditions).order_by(*order))
            return {GroupKey(race_id, place): worker or "" for race_id, place, worker in rows}

    def _end_groups(
        self, session: Session, where: ColumnElement[bool], status: GroupEnd, reason: str | None
    ) -> dict[GroupKey, str]:
        """End groups for which this holds; returns the workers that had them."""
        order = (RaceGroupRow.race_id, RaceGroupRow.optimizer)
        found = session.scalars(
            select(RaceGroupRow).where(where).order_by(*order).with_for_update()
        )
        ended = {}
        for group in found.all():
            key = GroupKey(group.race_id, group.optimizer)
            ended[key] = group.worker or ""
            self._end_group(group, _possible(session, key, status), reason)
        return ended

    def _end_group(self, group: RaceGroupRow, status: GroupEnd, reason: str | None) -> None:
        group.status = status
        group.reason = (group.reason or reason) if status == "stopped" else reason
        if status == "queued":
            group.worker = None
        else:
            group.finished_at = self._now()


def _possible(session: Session, key: GroupKey, status: GroupEnd) -> GroupEnd:
    """What was stopped meanwhile does not go back to the queue."""
    if status != "queued":
        return status
    running = select(RaceRow.id).where(RaceRow.id == key.race_id, _RUNNING)
    return "stopped" if session.scalar(running) is None else status


def _this(key: GroupKey) -> ColumnElement[bool]:
    return and_(RaceGroupRow.race_id == key.race_id, RaceGroupRow.optimizer == key.optimizer)


def _held(key: GroupKey, worker: str) -> ColumnElement[bool]:
    return and_(_this(key), RaceGroupRow.status == "running", RaceGroupRow.worker == worker)


def _changed(session: Session, where: ColumnElement[bool], values: Values) -> bool:
    change = update(RaceGroupRow).where(where).values(**values).returning(RaceGroupRow.race_id)
    return session.scalar(change) is not None


def _ended(
    session: Session, key: GroupKey, members: Collection[Member] | None = None
) -> set[Member]:
    """Return the runs of a group, or those of them that are named, that are there to their end."""
    from overfit_core.racing.plan import Member

    columns = (RaceRunRow.optimizer, RaceRunRow.learning_rate, RaceRunRow.seed)
    of_group = and_(RaceRunRow.race_id == key.race_id, RaceRunRow.optimizer == key.optimizer)
    these = of_group if members is None else these_members(RaceRunRow, key.race_id, members)
    wanted = select(*columns).where(these, RaceRunRow.stopped.is_(False))
    return {Member(*row) for row in session.execute(wanted)}


def _add(session: Session, key: GroupKey, rows: Mapping[Member, _Rows]) -> None:
    """Put runs into a group that nobody else changes meanwhile."""
    there = _ended(session, key, rows)
    new = [member for member in rows if member not in there]
    if not new:
        return
    for table, place in ((RaceRunRow, 0), (RaceHistoryRow, 1)):
        session.execute(delete(table).where(these_members(table, key.race_id, new)))
        session.execute(insert(table), [rows[member][place] for member in new])
    ends = sum(not rows[member][0]["stopped"] for member in new)
    more = {"done": RaceGroupRow.done + ends}
    session.execute(update(RaceGroupRow).where(_this(key)).values(**more))


def _rows(race_id: str, trained: Trained) -> _Rows:
    """Return the rows of a run: its scores, and what else is kept."""
    run = trained.run
    this = {"race_id": race_id, **run.member._asdict()}
    scores = {name: _plain(getattr(run, name)) for name in SCORES}
    data = trained.history.to_arrow()
    summary = trained.summary
    kept = {
        "summary": None if summary is None else summary.model_dump_json(),
        "batch_hash": trained.batch_hash,
        "weights_hash": trained.weights_hash,
    }
    return this | scores, this | kept | {"size": len(data), "data": data}


def _plain(value: object) -> object:
    """Return Python's own number for NumPy's, which not every driver takes."""
    return value.item() if isinstance(value, np.generic) else value
