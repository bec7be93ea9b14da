"""Races as a library: named, deleted and brought back, and who looks at them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update

from overfit_core.errors import NotYoursError
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded
from overfit_core.store.library_side import UNDO_SECONDS
from overfit_core.store.race_guards import (
    RACE,
    going,
    race_record,
    race_records,
    started_with,
    stop_groups,
)
from overfit_core.store.race_records import RaceRecord
from overfit_core.store.races_side import race_name
from overfit_core.store.tables import RaceRow
from overfit_core.store.visits_side import LOOK_SECONDS


class RaceLibrarySide(Guarded):
    """Only its owner names and deletes a race; everybody may look."""

    def rename_race(self, race_id: str, name: str, *, by: str | None) -> None:
        """Name a race, and those that were started with it: they are one to a person.

        Args:
            race_id: The race.
            name: At most ``LIMITS.name_length`` characters; empty for none, so that it is called
                by its tasks again.
            by: Who asks, as a hash.

        Raises:
            NotYoursError: If somebody else made it.
            UnknownRaceError: If there is none under this id.
            ValueError: If the name is too long.
        """
        named = {"given_name": race_name(name)}
        with writing(self._engine) as session:
            _check(race_record(session, race_id), by)
            session.execute(update(RaceRow).where(started_with(race_id)).values(**named))

    def delete_races(self, race_ids: Collection[str], *, by: str | None) -> list[str]:
        """Delete races, so that they can be brought back for a day; those going on are stopped.

        Runs that were opened from them stay.

        Returns:
            The ids that were deleted; those that were gone already are left out.

        Raises:
            NotYoursError: If somebody else made one of them; then none is deleted.
        """
        now = self._now()
        there = and_(RaceRow.id.in_(race_ids), RaceRow.deleted_at.is_(None))
        with writing(self._engine) as session:
            found = race_records(session, select(*RACE).where(there).order_by(RaceRow.id))
            for race in found:
                _check(race, by)
            for race in found:
                stop_groups(session, race.id, now, None)
            these = RaceRow.id.in_([race.id for race in found])
            session.execute(update(RaceRow).where(these).values(deleted_at=now))
        return [race.id for race in found]

    def restore_races(self, race_ids: Collection[str], *, by: str | None) -> list[str]:
        """Bring back races that were deleted less than a day ago, and return their ids."""
        since = self._now() - timedelta(seconds=UNDO_SECONDS)
        mine = or_(RaceRow.owner.is_(None), RaceRow.owner == by)
        these = and_(RaceRow.id.in_(race_ids), RaceRow.deleted_at >= since, mine)
        change = update(RaceRow).where(these).values(deleted_at=None)
        with writing(self._engine) as session:
            return sorted(session.scalars(change.returning(RaceRow.id)))

    def look_races(self, race_ids: Collection[str]) -> None:
        """Note that somebody looks at these races; costs a write every ten seconds at most."""
        limit = self._now() - timedelta(seconds=LOOK_SECONDS)
        unseen = or_(RaceRow.seen_at.is_(None), RaceRow.seen_at < limit)
        stale = and_(RaceRow.id.in_(race_ids), going(), unseen)
        with reading(self._engine) as session:
            found = session.scalars(select(RaceRow.id).where(stale)).all()
        if found:
            with writing(self._engine) as session:
                these = RaceRow.id.in_(found)
                session.execute(update(RaceRow).where(these).values(seen_at=self._now()))

    def unseen_races(self, seconds: float) -> list[str]:
        """Return the races that go on and that nobody has looked at for so long."""
        limit = self._now() - timedelta(seconds=seconds)
        seen = func.coalesce(RaceRow.seen_at, RaceRow.created_at)
        forgotten = and_(going(), RaceRow.wish != "stop", seen < limit)
        with reading(self._engine) as session:
            return list(session.scalars(select(RaceRow.id).where(forgotten)))


def _check(race: RaceRecord, by: str | None) -> None:
    if race.owner is not None and race.owner != by:
        raise NotYoursError(
            f"The race {race.id} was made by somebody else: you can look at it and run it again, "
            "but not change it."
        )
