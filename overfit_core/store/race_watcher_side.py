"""What the watcher asks of races: groups that wait for a worker, and groups that lost theirs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded
from overfit_core.store.race_groups import (
    GOING_ON,
    GroupKey,
    end_groups,
    this_group,
    waiting_group,
)
from overfit_core.store.race_guards import GROUP, IN_ORDER
from overfit_core.store.race_records import RaceGroup
from overfit_core.store.tables import RaceGroupRow, RacePauseRow, RaceRow

RACE_LEASE_SECONDS = 8.0
"""A group whose worker gave no sign of life for this long is lost."""
GROUP_LOST = (
    "The worker that trained it ended or gave no sign of life. What was trained until then is "
    "kept, and what is missing can be repeated."
)
MOST_AGAIN = 2
"""A fit that had to begin again so often is left to come to its end."""


class RaceWatcherSide(Guarded):
    """Looking after the groups of races from outside."""

    def waiting_race_groups(self) -> list[GroupKey]:
        """Return the groups that wait for a worker, those of the oldest race first."""
        return list(self._groups(RaceGroupRow.status == "queued", GOING_ON))

    def running_race_groups(self) -> dict[GroupKey, str]:
        """Return the workers of the groups that are trained, those of the oldest race first."""
        return self._groups(RaceGroupRow.status == "running")

    def yielding_race_groups(self) -> dict[GroupKey, str]:
        """Return those of them that may be asked to leave their worker, references last.

        A reference begins its fit again, where an optimizer's run goes on. So that it comes to an
        end, it is not asked any more once it had to do so ``MOST_AGAIN`` times.
        """
        tired = exists().where(
            RacePauseRow.race_id == RaceGroupRow.race_id,
            RacePauseRow.optimizer == RaceGroupRow.optimizer,
            RacePauseRow.again >= MOST_AGAIN,
        )
        found = self._groups(RaceGroupRow.status == "running", ~tired)
        return dict(sorted(found.items(), key=lambda group: group[0].optimizer < 0))

    def unanswered_race_stops(self, seconds: float) -> dict[GroupKey, str]:
        """Return the workers of the groups that were asked to stop so long ago and go on."""
        since = self._now() - timedelta(seconds=seconds)
        late = and_(RaceRow.wish == "stop", RaceRow.wished_at < since)
        return self._groups(RaceGroupRow.status == "running", late)

    def race_group(self, key: GroupKey) -> RaceGroup | None:
        """Return one group as it stands, also of a deleted race; None if it is gone."""
        with reading(self._engine) as session:
            row = session.execute(select(*GROUP).where(this_group(key))).first()
        return None if row is None else RaceGroup(**row._mapping)

    def give_up_race_group(self, key: GroupKey, reason: str) -> bool:
        """Mark a group that no worker can take as failed; False if it does not wait."""
        with writing(self._engine) as session:
            return bool(end_groups(session, waiting_group(key), "failed", reason, self._now()))

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
        now = self._now()
        dead = RaceGroupRow.worker.in_(dead_workers) if dead_workers else false()
        late = or_(RaceGroupRow.lease_at < now - timedelta(seconds=lease_seconds), dead)
        lost = and_(RaceGroupRow.status == "running", late)
        with reading(self._engine) as session:
            if session.execute(select(RaceGroupRow.race_id).where(lost)).first() is None:
                return {}
        with writing(self._engine) as session:
            return end_groups(session, lost, "interrupted", reason, now)

    def _groups(self, *conditions: ColumnElement[bool]) -> dict[GroupKey, str]:
        """Return the workers of groups, in the order in which they are taken."""
        columns = (RaceGroupRow.race_id, RaceGroupRow.optimizer, RaceGroupRow.worker)
        wanted = select(*columns).join(RaceRow, RaceRow.id == RaceGroupRow.race_id)
        order = (RaceRow.created_at, RaceRow.set_id, RaceRow.place, RaceRow.id, *IN_ORDER)
        with reading(self._engine) as session:
            rows = session.execute(wanted.where(*conditions).order_by(*order))
            return {GroupKey(race_id, place): worker or "" for race_id, place, worker in rows}
