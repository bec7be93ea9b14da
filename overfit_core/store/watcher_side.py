"""What the watcher needs: runs that wait for a worker, and runs that lost theirs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, false, or_, select

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import PARKED, RECORD, held_by, records
from overfit_core.store.records import HELD, RunRecord
from overfit_core.store.tables import RunRow
from overfit_core.store.worker_side import WorkerSide

LEASE_SECONDS = 8.0
"""A run whose worker gave no sign of life for this long is lost."""
LOST_REASON = (
    f"Its worker gave no sign of life for {LEASE_SECONDS:g} seconds: the process ended, the "
    "machine slept, or the database took nothing from it. What was recorded until then is kept."
)

_WANTS_A_WORKER = or_(
    RunRow.status == "queued",
    and_(PARKED, or_(RunRow.wish == "run", RunRow.steps_wanted > RunRow.steps_done)),
)
_OLDEST = (RunRow.created_at, RunRow.group_id, RunRow.place, RunRow.id)


class WatcherSide(WorkerSide):
    """Looking after runs from outside."""

    def held(self) -> list[RunRecord]:
        """Return the runs that workers have, also those that were deleted while they train."""
        wanted = select(*RECORD).where(RunRow.status.in_(HELD)).order_by(*_OLDEST)
        with reading(self._engine) as session:
            return records(session, wanted)

    def together(self, run_id: str) -> list[RunRecord]:
        """Return a run and those started with it, deleted ones included; none if it is gone."""
        group = select(RunRow.group_id).where(RunRow.id == run_id).scalar_subquery()
        wanted = select(*RECORD).where(or_(RunRow.id == run_id, RunRow.group_id == group))
        with reading(self._engine) as session:
            return records(session, wanted)

    def waiting(self, seconds: float = 0.0) -> list[str]:
        """Return the runs that have wanted a worker for ``seconds`` or longer, oldest first."""
        since = self._now() - timedelta(seconds=seconds)
        wanted = select(RunRow.id).where(_WANTS_A_WORKER, RunRow.wished_at <= since)
        with reading(self._engine) as session:
            return list(session.scalars(wanted.order_by(*_OLDEST)))

    def waiting_groups(self, seconds: float = 0.0) -> list[list[str]]:
        """Return the runs that want a worker, oldest first, those of a group together.

        One task is enough for all runs of a list: its worker takes them together.

        Args:
            seconds: Only those that have wanted one for so long, or longer.
        """
        since = self._now() - timedelta(seconds=seconds)
        wanted = select(RunRow.id, RunRow.group_id).where(_WANTS_A_WORKER)
        groups: dict[str, list[str]] = {}
        with reading(self._engine) as session:
            late = wanted.where(RunRow.wished_at <= since).order_by(*_OLDEST)
            for run_id, group_id in session.execute(late):
                groups.setdefault(group_id or run_id, []).append(run_id)
        return list(groups.values())

    def interrupt(self, run_id: str, worker: str, reason: str) -> bool:
        """Mark a run that this worker has as interrupted; False if it has not."""
        values = {"status": "interrupted", "reason": reason}
        with writing(self._engine) as session:
            return self._end(session, run_id, held_by([run_id], worker), values)

    def interrupt_lost(
        self,
        *,
        dead_workers: Collection[str] = (),
        lease_seconds: float = LEASE_SECONDS,
        reason: str = LOST_REASON,
    ) -> list[str]:
        """Mark the runs of lost workers as interrupted.

        Args:
            dead_workers: Workers known to be gone, by the names that they claimed runs with.
            lease_seconds: Whoever gave no sign of life for so long is lost too.
            reason: What to say of them.

        Returns:
            The ids of the runs that were marked.
        """
        limit = self._now() - timedelta(seconds=lease_seconds)
        dead = RunRow.worker.in_(dead_workers) if dead_workers else false()
        lost = and_(RunRow.status.in_(HELD), or_(RunRow.lease_at < limit, dead))
        with reading(self._engine) as session:
            found = session.scalars(select(RunRow.id).where(lost)).all()
        marked = []
        for run_id in found:
            with writing(self._engine) as session:
                # Asked again: it may have been renewed in between.
                values = {"status": "interrupted", "reason": reason}
                if self._end(session, run_id, and_(RunRow.id == run_id, lost), values):
                    marked.append(run_id)
        return marked
