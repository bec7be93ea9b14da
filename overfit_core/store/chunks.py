"""A run's history in the database: small chunks as they come, merged into larger ones.

A slow run of 100,000 epochs may arrive in as many chunks. Whenever ``fan_in`` of one level are
there, they become one of the next level, until a chunk has ``FULL_BYTES``. So a history is read
in few rows, a chunk is rewritten a few times at most, and the newest epochs, which a page asks
for several times a second, are in small rows of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from overfit_core.store.tables import ChunkRow
from overfit_core.training.history import History, Snapshots

FAN_IN = 32
"""Chunks of one level that become one of the next, at least."""
FULL_BYTES = 2**21
"""A chunk of this size is not merged again."""
SPARKLINE_POINTS = 40
FULL_LEVEL = 100
"""The level of chunks that are not merged again."""


def row(run_id: str, history: History, level: int = 0) -> ChunkRow:
    """Return the row of at least one epoch; compressed here, before anybody waits for a lock."""
    data = history.to_arrow()
    return ChunkRow(
        run_id=run_id,
        first_epoch=history.first_epoch,
        last_epoch=history.last_epoch,
        level=FULL_LEVEL if len(data) >= FULL_BYTES else level,
        size=len(data),
        data=data,
    )


def add(session: Session, chunk: ChunkRow) -> None:
    """Put a chunk behind the others of its run."""
    session.add(chunk)
    session.flush()
    run_id, level = chunk.run_id, chunk.level
    while level < FULL_LEVEL and _count(session, run_id, level) >= fan_in(run_id):
        level = _merge(session, run_id, _rows(session, run_id, level), level + 1)


def fan_in(run_id: str) -> int:
    """Return how many chunks of a run become one: ``FAN_IN`` to twice as many.

    Runs in lock-step have their chunks at the same time. If all merged them at the same time too,
    everybody would wait for that round.
    """
    return FAN_IN + zlib.crc32(run_id.encode()) % FAN_IN


def pack(session: Session, run_id: str) -> None:
    """Merge what is left when a run has ended, so that it lies in as few rows as may be."""
    rows, size = [], 0
    for small in _rows(session, run_id, None):
        rows.append(small)
        size += small.size
        if size >= FULL_BYTES:
            _merge(session, run_id, rows, FULL_LEVEL)
            rows, size = [], 0
    _merge(session, run_id, rows, FULL_LEVEL)


def read(session: Session, run_id: str, after_epoch: int) -> History:
    """Return the epochs after ``after_epoch``; an empty history when there are none."""
    rows = session.scalars(
        select(ChunkRow.data)
        .where(ChunkRow.run_id == run_id, ChunkRow.last_epoch > after_epoch)
        .order_by(ChunkRow.first_epoch)
    )
    history = History({}, first_epoch=after_epoch + 1)
    for data in rows:
        history.append(_after(History.from_arrow(data), after_epoch))
    return history


def sparkline(session: Session, run_id: str) -> list[float]:
    """Return the common logarithm of the loss at evenly spaced epochs, the last one included."""
    history = read(session, run_id, 0)
    if "loss" not in history:
        return []
    places = np.unique(np.linspace(0, len(history) - 1, SPARKLINE_POINTS).round().astype(int))
    loss = history["loss"][places].astype(float)
    drawn = np.log10(loss, out=np.full(len(loss), np.nan), where=np.isfinite(loss) & (loss > 0))
    return [round(float(value), 4) for value in drawn[np.isfinite(drawn)]]


def _after(chunk: History, epoch: int) -> History:
    skip = epoch + 1 - chunk.first_epoch
    if skip <= 0:
        return chunk
    kept = None
    if (all_kept := chunk.snapshots) is not None:
        new = all_kept.epochs > epoch
        kept = Snapshots(all_kept.epochs[new], all_kept.predictions[new], all_kept.losses[new])
    return History({name: chunk[name][skip:] for name in chunk}, epoch + 1, kept)


def _count(session: Session, run_id: str, level: int) -> int:
    found = select(func.count()).where(ChunkRow.run_id == run_id, ChunkRow.level == level)
    return session.scalar(found) or 0


def _rows(session: Session, run_id: str, level: int | None) -> Sequence[ChunkRow]:
    wanted = select(ChunkRow).where(ChunkRow.run_id == run_id).order_by(ChunkRow.first_epoch)
    if level is None:
        return session.scalars(wanted.where(ChunkRow.level < FULL_LEVEL)).all()
    return session.scalars(wanted.where(ChunkRow.level == level)).all()


def _merge(session: Session, run_id: str, rows: Sequence[ChunkRow], level: int) -> int:
    """Make one chunk of several that follow each other; returns its level."""
    if len(rows) < 2:
        return FULL_LEVEL
    history = History({})
    for small in rows:
        history.append(History.from_arrow(small.data))
    first, last = rows[0].first_epoch, rows[-1].last_epoch
    for small in rows:
        session.expunge(small)
    session.execute(
        delete(ChunkRow).where(ChunkRow.run_id == run_id, ChunkRow.first_epoch.between(first, last))
    )
    merged = row(run_id, history, level)
    session.add(merged)
    session.flush()
    return merged.level
