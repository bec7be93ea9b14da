"""What keeps the database in order: old runs removed, its size, the secrets of the program."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from overfit_core.errors import StoreError
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded
from overfit_core.store.library_side import UNDO_SECONDS, visible_to
from overfit_core.store.race_guards import going
from overfit_core.store.records import ENDED
from overfit_core.store.tables import (
    ChunkRow,
    RaceGroupRow,
    RaceHistoryRow,
    RacePauseRow,
    RaceRow,
    RaceRunRow,
    RunRow,
    SamplesRow,
    SecretRow,
)

PURGE_BATCH = 200
"""So many runs are removed for good in one transaction."""
PURGE_RACES = 5
"""So many races, each with hundreds of runs."""


@dataclass(frozen=True)
class Storage:
    """What the recorded runs take.

    Attributes:
        runs: How many there are, deleted ones and those of races left out.
        bytes: What their histories and samples take, and those of races, deleted ones included.
        races: How many races there are, deleted ones left out.
    """

    runs: int
    bytes: int
    races: int = 0


@dataclass(frozen=True)
class _Kind:
    """What is removed: runs or races.

    Attributes:
        row: Its table.
        ended: Whether one has ended.
        finished_at: When.
        batch: How many are removed in one transaction.
        belonging: In each table with what belongs to one: its id.
    """

    row: type[RunRow | RaceRow]
    ended: ColumnElement[bool]
    finished_at: Any
    batch: int
    belonging: tuple[InstrumentedAttribute[str], ...]

    def gone(
        self, now: datetime, keep_days: float | None, keep_newest: int | None
    ) -> ColumnElement[bool]:
        """Return which of them are to be removed; see ``purge``."""
        row = self.row
        gone = [row.deleted_at < now - timedelta(seconds=UNDO_SECONDS)]
        if keep_days is not None:
            gone.append(self.finished_at < now - timedelta(days=keep_days))
        if keep_newest is not None:
            listed = row.deleted_at.is_(None)
            newest = select(row.id).where(self.ended, listed)
            newest = newest.order_by(row.created_at.desc(), row.id).limit(keep_newest)
            gone.append(and_(listed, row.id.not_in(newest.scalar_subquery())))
        return and_(self.ended, or_(*gone))


_RUNS = _Kind(
    RunRow,
    RunRow.status.in_(ENDED),
    RunRow.finished_at,
    PURGE_BATCH,
    (ChunkRow.run_id, SamplesRow.run_id),
)
_RACES = _Kind(
    RaceRow,
    not_(going()),
    select(func.max(RaceGroupRow.finished_at))
    .where(RaceGroupRow.race_id == RaceRow.id)
    .correlate(RaceRow)
    .scalar_subquery(),
    PURGE_RACES,
    (RaceHistoryRow.race_id, RaceRunRow.race_id, RacePauseRow.race_id, RaceGroupRow.race_id),
)


class UpkeepSide(Guarded):
    """Looking after the database itself."""

    def purge(self, *, keep_days: float | None = None, keep_runs: int | None = None) -> int:
        """Remove for good what was deleted a day ago, and what is older or more than allowed.

        In small batches, so that workers that write in between do not wait for long.

        Args:
            keep_days: Ended runs and races older than this are removed; None keeps them.
            keep_runs: So many ended runs are kept, the newest, and as many races; None keeps all.

        Returns:
            How many runs and races were removed.
        """
        removed = 0
        for kind in (_RUNS, _RACES):
            gone = kind.gone(self._now(), keep_days, keep_runs)
            while batch := self._remove(kind, gone):
                removed += batch
        return removed

    def _remove(self, kind: _Kind, where: ColumnElement[bool]) -> int:
        """Remove some of those for which this holds; tells how many, 0 when none is left."""
        row = kind.row
        with writing(self._engine) as session:
            ids = session.scalars(select(row.id).where(where).limit(kind.batch)).all()
            for belonging in kind.belonging:
                session.execute(delete(belonging.class_).where(belonging.in_(ids)))
            session.execute(delete(row).where(row.id.in_(ids)))
        return len(ids)

    def storage(self, owner: str | None = None) -> Storage:
        """Return how many runs and races there are, of one owner or all, and what all take."""
        with reading(self._engine) as session:
            counts = [session.scalar(_there(row, owner)) or 0 for row in (RunRow, RaceRow)]
            sizes = (
                *(func.sum(ChunkRow.size), func.sum(func.length(SamplesRow.data))),
                func.sum(RaceHistoryRow.size),
            )
            taken = sum(session.scalar(select(size)) or 0 for size in sizes)
            return Storage(counts[0], taken, counts[1])

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


def _there(row: type[RunRow | RaceRow], owner: str | None) -> Select[int]:
    """Count those of an owner that were not deleted, or of all."""
    there = select(func.count()).select_from(row).where(row.deleted_at.is_(None))
    return there if owner is None else there.where(visible_to(owner, row))
