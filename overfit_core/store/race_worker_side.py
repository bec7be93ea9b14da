"""What workers report of races."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded, Values
from overfit_core.store.race_groups import (
    GOING_ON,
    GroupEnd,
    GroupKey,
    changed_group,
    end_groups,
    held_group,
    this_group,
    waiting_group,
)
from overfit_core.store.race_guards import race_record
from overfit_core.store.race_pauses import forget_paused, keep_paused, paused_of, paused_row
from overfit_core.store.race_records import RaceRecord, members_of
from overfit_core.store.race_runs_side import SCORES, these_members
from overfit_core.store.records import LostRunError
from overfit_core.store.tables import RaceGroupRow, RaceHistoryRow, RaceRow, RaceRunRow

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member
    from overfit_core.racing.trained import Paused, Trained

_Rows = tuple[dict[str, Any], dict[str, Any]]


class RaceWorkerSide(Guarded):
    """Groups of races, each of which one worker trains.

    Whatever names a worker changes nothing if the group is not this worker's (any more).
    """

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
            if not changed_group(session, waiting_group(key), taken):
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
            if not changed_group(session, held_group(key, worker), {"lease_at": self._now()}):
                return False
            if rows:
                _add(session, key, rows)
            going_on = select(RaceRow.id).where(RaceRow.id == key.race_id, GOING_ON)
            return session.scalar(going_on) is not None

    def end_race_group(
        self,
        key: GroupKey,
        worker: str,
        status: GroupEnd,
        *,
        reason: str | None = None,
        paused: Paused | None = None,
    ) -> bool:
        """End a group, or give it back to the queue; False if it is not this worker's any more.

        Args:
            key: The group.
            worker: The name that it was claimed with.
            status: How it ended; ``queued`` for one that another worker is to go on with.
            reason: Why, in plain words; where somebody stopped it for a reason, that one stays.
            paused: The run that was left in the middle, which is kept for whoever goes on.
        """
        kept = None if paused is None else paused_row(key, paused)
        with writing(self._engine) as session:
            ended = end_groups(session, held_group(key, worker), status, reason, self._now())
            if ended and kept is not None:
                keep_paused(session, kept)
            return bool(ended)

    def paused_race_run(self, key: GroupKey) -> Paused | None:
        """Return the run of a group that was left in the middle; None if none was."""
        with reading(self._engine) as session:
            return paused_of(session, key)


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
    forget_paused(session, key, new)
    ends = sum(not rows[member][0]["stopped"] for member in new)
    more = {"done": RaceGroupRow.done + ends}
    session.execute(update(RaceGroupRow).where(this_group(key)).values(**more))


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
