"""Runs of races that were left in the middle, as rows: one of a group at most."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.orm import Session

from overfit_core.store.race_groups import GroupKey
from overfit_core.store.race_runs_side import these_members
from overfit_core.store.tables import RacePauseRow
from overfit_core.training.history import History

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member
    from overfit_core.racing.trained import Paused


def paused_row(key: GroupKey, paused: Paused) -> dict[str, Any]:
    """Return the row of a run; one without a checkpoint has to begin again."""
    checkpoint = paused.checkpoint
    return {
        **{"race_id": key.race_id, **paused.member._asdict()},
        "again": 1 if checkpoint is None else 0,
        "checkpoint": None if checkpoint is None else checkpoint.to_bytes(),
        "history": None if checkpoint is None else paused.history.to_arrow(),
    }


def keep_paused(session: Session, row: dict[str, Any]) -> None:
    """Keep a run of a group in place of the one that was kept before."""
    this = _of_group(GroupKey(row["race_id"], row["optimizer"]))
    before = session.execute(
        select(RacePauseRow.learning_rate, RacePauseRow.seed, RacePauseRow.again).where(this)
    ).first()
    if row["again"] and before is not None and before[:2] == (row["learning_rate"], row["seed"]):
        row = row | {"again": before.again + 1}
    session.execute(delete(RacePauseRow).where(this))
    session.execute(insert(RacePauseRow), [row])


def forget_paused(session: Session, key: GroupKey, members: Collection[Member]) -> None:
    """Forget what was kept of these runs of a group: they are there."""
    these = these_members(RacePauseRow, key.race_id, members)
    session.execute(delete(RacePauseRow).where(these))


def paused_of(session: Session, key: GroupKey) -> Paused | None:
    """Return the run that is kept of a group; None if none is that this version can read."""
    from overfit_core.racing.plan import Member
    from overfit_core.racing.trained import Paused
    from overfit_core.training.checkpoint import Checkpoint

    row = session.scalars(select(RacePauseRow).where(_of_group(key))).first()
    if row is None:
        return None
    member = Member(row.optimizer, row.learning_rate, row.seed)
    if row.checkpoint is None or row.history is None:
        return Paused(member, History({}))
    try:
        checkpoint = Checkpoint.from_bytes(row.checkpoint)
        history = History.from_arrow(row.history)
    # Arrow says it with one or the other, by what is wrong.
    except (OSError, ValueError):
        return None
    return Paused(member, history, checkpoint)


def _of_group(key: GroupKey) -> ColumnElement[bool]:
    return and_(RacePauseRow.race_id == key.race_id, RacePauseRow.optimizer == key.optimizer)
