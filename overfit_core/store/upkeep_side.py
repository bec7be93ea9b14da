"""What keeps the database in order: old runs removed, its size, the secrets of the program."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from overfit_core.errors import StoreError
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded
from overfit_core.store.library_side import UNDO_SECONDS, visible_to
from overfit_core.store.records import ENDED
from overfit_core.store.tables import ChunkRow, RunRow, SamplesRow, SecretRow

PURGE_BATCH = 200
"""So many runs are removed for good in one transaction."""


@dataclass(frozen=True)
class Storage:
    """What the recorded runs take.

    Attributes:
        runs: How many there are, deleted ones left out.
        bytes: What their histories and samples take, deleted ones included.
    """

    runs: int
    bytes: int


class UpkeepSide(Guarded):
    """Looking after the database itself."""

    def purge(self, *, keep_days: float | None = None, keep_runs: int | None = None) -> int:
        """Remove for good what was deleted a day ago, and what is older or more than allowed.

        In small batches, so that workers that write in between do not wait for long.

        Args:
            keep_days: Ended runs older than this are removed; None keeps them.
            keep_runs: So many ended runs are kept, the newest; None keeps all.

        Returns:
            How many runs were removed.
        """
        now, ended = self._now(), RunRow.status.in_(ENDED)
        gone = [and_(ended, RunRow.deleted_at < now - timedelta(seconds=UNDO_SECONDS))]
        if keep_days is not None:
            gone.append(and_(ended, RunRow.finished_at < now - timedelta(days=keep_days)))
        if keep_runs is not None:
            listed = and_(ended, RunRow.deleted_at.is_(None))
            newest = select(RunRow.id).where(listed).order_by(RunRow.created_at.desc(), RunRow.id)
            kept = newest.limit(keep_runs).scalar_subquery()
            gone.append(and_(listed, RunRow.id.not_in(kept)))
        removed = 0
        while batch := self._remove(or_(*gone)):
            removed += batch
        return removed

    def _remove(self, where: ColumnElement[bool]) -> int:
        """Remove some of the runs for which this holds; tells how many, 0 when none is left."""
        with writing(self._engine) as session:
            ids = session.scalars(select(RunRow.id).where(where).limit(PURGE_BATCH)).all()
            for table in (ChunkRow, SamplesRow):
                session.execute(delete(table).where(table.run_id.in_(ids)))
            session.execute(delete(RunRow).where(RunRow.id.in_(ids)))
        return len(ids)

    def storage(self, owner: str | None = None) -> Storage:
        """Return how many runs there are and what they take, those of one owner or all."""
        with reading(self._engine) as session:
            runs = select(func.count()).select_from(RunRow).where(RunRow.deleted_at.is_(None))
            if owner is not None:
                runs = runs.where(visible_to(owner))
            sizes = (func.sum(ChunkRow.size), func.sum(func.length(SamplesRow.data)))
            taken = sum(session.scalar(select(size)) or 0 for size in sizes)
            return Storage(session.scalar(runs) or 0, taken)

    def secret(self, name: str) -> str:
        """Return a random text that is made once and stays: 43 characters, URL-safe."""
        with reading(self._engine) as session:
            found = session.get(SecretRow, name)
            if found is not None:
                return found.value
        try:
            with writing(self._engine) as session:
                session.add(SecretRow(name=name, value=secrets.token_urlsafe(32)))
        except StoreError:
            # Another process was faster; if not, the next line says what is wrong.
            pass
        with reading(self._engine) as session:
            return session.get_one(SecretRow, name).value
