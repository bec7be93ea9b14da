"""Who looks at runs that go on, and how long others wait."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded, locked
from overfit_core.store.records import ACTIVE
from overfit_core.store.tables import RunRow

LOOK_SECONDS = 10.0
"""A look is noted again after so long: pages look several times a second."""


class VisitsSide(Guarded):
    """Looks at runs that go on, and their place in the queue."""

    def look(self, run_ids: Collection[str]) -> None:
        """Note that somebody looks at these runs; costs a write every ten seconds at most."""
        if not run_ids:
            return
        limit = self._now() - timedelta(seconds=LOOK_SECONDS)
        stale = and_(
            RunRow.id.in_(run_ids),
            RunRow.status.in_(ACTIVE),
            or_(RunRow.seen_at.is_(None), RunRow.seen_at < limit),
        )
        with reading(self._engine) as session:
            found = session.scalars(select(RunRow.id).where(stale)).all()
        if found:
            with writing(self._engine) as session:
                these = RunRow.id.in_(locked(session, RunRow.id.in_(found)))
                session.execute(update(RunRow).where(these).values(seen_at=self._now()))

    def unseen(self, seconds: float) -> list[str]:
        """Return the runs that go on and that nobody has looked at for so long."""
        limit = self._now() - timedelta(seconds=seconds)
        forgotten = and_(
            RunRow.status.in_(ACTIVE),
            RunRow.wish != "stop",
            func.coalesce(RunRow.seen_at, RunRow.created_at) < limit,
        )
        with reading(self._engine) as session:
            return list(session.scalars(select(RunRow.id).where(forgotten)))

    def place_in_queue(self, run_id: str) -> int | None:
        """Return how many runs get a worker before this one, itself included; None if it has one.

        Runs that were started together take one worker, and one place.
        """
        key = func.coalesce(RunRow.group_id, RunRow.id)
        queue = (
            select(key)
            .where(RunRow.status == "queued", RunRow.deleted_at.is_(None))
            .group_by(key)
            .order_by(func.min(RunRow.created_at), key)
        )
        with reading(self._engine) as session:
            mine = session.scalar(select(key).where(RunRow.id == run_id, RunRow.status == "queued"))
            places = list(session.scalars(queue))
        return places.index(mine) + 1 if mine in places else None
