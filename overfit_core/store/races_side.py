"""Races: asked for, read, stopped and repeated by a person."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from overfit_core.limits import LIMITS
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded, Values
from overfit_core.store.library_side import one_line, short, visible_to
from overfit_core.store.person_side import Room, check_places, lock_room
from overfit_core.store.race_guards import (
    RACE,
    going,
    groups_with,
    lock_groups,
    of_set,
    race_record,
    race_records,
    stop_groups,
)
from overfit_core.store.race_records import INCOMPLETE, RaceRecord, members_of
from overfit_core.store.records import ENDED
from overfit_core.store.tables import RaceGroupRow, RaceRow

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan

MAX_RACES = 12
"""Most races that are started together."""


class RacesSide(Guarded):
    """Races as a person meets them; each is a handful of groups, one for an optimizer."""

    def create_races(
        self,
        plans: Sequence[RacePlan],
        *,
        owner: str | None = None,
        names: Sequence[str | None] | None = None,
        reference: bool = True,
        room: Room | None = None,
    ) -> list[str]:
        """Put races into the queue, all or none; several are a set: one race over several tasks.

        Args:
            plans: What to race, 1 to ``MAX_RACES``.
            owner: Who makes them, as a hash; None for everybody.
            names: What they are called, one for each plan; None for no names.
            reference: Whether SciPy's L-BFGS fits each batch as well, where it can.
            room: How many races there may be; None for as many as are asked for.

        Returns:
            Their ids, in the order of the plans: 16 characters each, unguessable, URL-safe.

        Raises:
            TooManyRunsError: If there is no room for all of them.
            ValueError: If there are too few or too many, or a name is too long.
        """
        if not 1 <= len(plans) <= MAX_RACES:
            raise ValueError(f"1 to {MAX_RACES} races start at once, got {len(plans)}.")
        now = self._now()
        made = {"created_at": now, "wished_at": now, "owner": owner, "wish": "run"}
        races = _rows(plans, names or [None] * len(plans), made)
        groups = [
            group
            for race, plan in zip(races, plans, strict=True)
            for group in _groups(race["id"], plan, reference)
        ]
        with writing(self._engine) as session:
            if room is not None:
                _check_room(session, room, owner, len(plans))
            session.execute(insert(RaceRow), races)
            session.execute(insert(RaceGroupRow), groups)
        return [race["id"] for race in races]

    def race(self, race_id: str) -> RaceRecord:
        """Return one race.

        Raises:
            UnknownRaceError: If there is none under this id.
        """
        with reading(self._engine) as session:
            return race_record(session, race_id)

    def race_set(self, race_id: str) -> list[RaceRecord]:
        """Return the races that were started with this one, in their order, itself included.

        Raises:
            UnknownRaceError: If there is no race under this id.
        """
        with reading(self._engine) as session:
            found = race_record(session, race_id)
            if found.set_id is None:
                return [found]
            these = and_(RaceRow.set_id == found.set_id, RaceRow.deleted_at.is_(None))
            return race_records(session, select(*RACE).where(these).order_by(RaceRow.place))

    def races(self, owner: str | None = None, *, limit: int = 200) -> list[RaceRecord]:
        """Return the newest races, newest first; those of one owner and of everybody.

        Args:
            owner: As a hash; None for the races of all.
            limit: How many there may be, and the rest of a set that would be cut in two.
        """
        there = and_(
            RaceRow.deleted_at.is_(None), *([] if owner is None else [visible_to(owner, RaceRow)])
        )
        order = (RaceRow.created_at.desc(), RaceRow.place, RaceRow.id)
        newest = select(RaceRow.id, RaceRow.set_id).where(there).order_by(*order).limit(limit)
        found = newest.subquery()
        these = or_(
            RaceRow.id.in_(select(found.c.id)),
            RaceRow.set_id.in_(select(found.c.set_id)),
        )
        with reading(self._engine) as session:
            return race_records(session, select(*RACE).where(there, these).order_by(*order))

    def stop_race(self, race_id: str, *, reason: str | None = None) -> bool:
        """Ask a race to stop; what is there stays. False if it has ended.

        Args:
            race_id: The race.
            reason: Why, in plain words, where it was not a person's click.

        Raises:
            UnknownRaceError: If there is no race under this id.
        """
        with writing(self._engine) as session:
            race_record(session, race_id)
            return stop_groups(session, race_id, self._now(), reason)

    def repeat_race(self, race_id: str, *, room: Room | None = None) -> bool:
        """Have what is missing of a race trained: what was stopped, lost, or failed.

        Where nothing of it or of its set goes on, its time begins anew.

        Args:
            race_id: The race.
            room: As for ``create_races``.

        Returns:
            False if nothing is missing, or a worker has not stopped yet.

        Raises:
            TooManyRunsError: If there is no room for it.
            UnknownRaceError: If there is no race under this id.
        """
        again: Values = {"status": "queued", "worker": None, "reason": None, "finished_at": None}
        now = self._now()
        with writing(self._engine) as session:
            lock_groups(session, of_set(race_id))
            found = race_record(session, race_id)
            statuses = {group.status for group in found.groups}
            if not statuses & set(INCOMPLETE) or (found.wish == "stop" and "running" in statuses):
                return False
            if room is not None and found.ended:
                _check_room(session, room, found.owner, 1)
            _begin_anew(session, race_id)
            these = and_(RaceGroupRow.race_id == race_id, RaceGroupRow.status.in_(INCOMPLETE))
            session.execute(update(RaceGroupRow).where(these).values(**again))
            wanted = {"wish": "run", "wished_at": now, "seen_at": now}
            session.execute(update(RaceRow).where(RaceRow.id == race_id).values(**wanted))
        return True


def _rows(
    plans: Sequence[RacePlan], names: Sequence[str | None], shared: Values
) -> list[dict[str, Any]]:
    set_id = secrets.token_urlsafe(12) if len(plans) > 1 else None
    return [
        {
            **shared,
            "id": secrets.token_urlsafe(12),
            "set_id": set_id,
            "place": place,
            "name": race_name(name),
            "plan": plan.model_dump_json(),
        }
        for place, (plan, name) in enumerate(zip(plans, names, strict=True))
    ]


def _groups(race_id: str, plan: RacePlan, reference: bool) -> Iterable[dict[str, Any]]:
    from overfit_core.racing.plan import REFERENCE
    from overfit_core.racing.reference import why_no_reference

    fitted = reference and why_no_reference(plan.spec) is None
    for place in [*range(len(plan.optimizers)), *([REFERENCE] if fitted else [])]:
        total = len(members_of(plan, place))
        yield {"race_id": race_id, "optimizer": place, "status": "queued", "total": total}


def _begin_anew(session: Session, race_id: str) -> None:
    """Forget when the groups of a set were begun, unless one of them goes on."""
    this, ongoing = of_set(race_id), RaceGroupRow.status.not_in(ENDED)
    if session.scalars(select(RaceGroupRow.race_id).where(this, ongoing)).first() is None:
        anew = {"started_at": None, "done_before": RaceGroupRow.done}
        session.execute(update(RaceGroupRow).where(this).values(**anew))


def race_name(name: str | None) -> str | None:
    """Return a name in one line; None for none.

    Raises:
        ValueError: If it is too long.
    """
    return short("name", one_line(name), LIMITS.name_length) or None


def _check_room(session: Session, room: Room, owner: str | None, new: int) -> None:
    lock_room(session)
    races = select(func.count()).select_from(RaceRow).where(RaceRow.wish != "stop")
    waiting = and_(RaceRow.id.in_(groups_with("queued")), RaceRow.id.not_in(groups_with("running")))
    mine, others = (
        session.scalar(races.where(condition)) or 0
        for condition in (and_(going(), RaceRow.owner == owner), waiting)
    )
    check_places(room, "races", mine=mine, waiting=others, new=new)
