"""What a person asks of runs."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, insert, or_, select
from sqlalchemy.orm import Session

from overfit_core.errors import TooManyRunsError, shown
from overfit_core.spec import MAX_GROUP, RunSpec
from overfit_core.store.engine import writing
from overfit_core.store.guards import Guarded, Values, locked
from overfit_core.store.records import ACTIVE, Wish
from overfit_core.store.tables import RunRow

_ROOM_LOCK = 7_041_776_332
"""Any number that is ours: who asks for room holds this lock of PostgreSQL, one at a time."""


@dataclass(frozen=True)
class Room:
    """How many runs there may be; None for any number.

    Attributes:
        per_owner: Runs of one owner that have not ended.
        waiting: Runs, of all owners, that wait for a worker.
    """

    per_owner: int | None = None
    waiting: int | None = None


_WISHES: tuple[Wish, ...] = ("run", "pause", "stop")


class PersonSide(Guarded):
    """New runs, and wishes for those that go on. A worker reads a wish within 0.1 s."""

    def create_run(
        self,
        spec: RunSpec,
        *,
        pace: float | None = None,
        steps: int | None = None,
        owner: str | None = None,
        preset: str | None = None,
    ) -> str:
        """Put one run into the queue and return its id; see ``create_runs``."""
        made = self.create_runs([spec], pace=pace, steps=steps, owner=owner, preset=preset)
        return made[0]

    def create_runs(
        self,
        specs: Sequence[RunSpec],
        *,
        pace: float | None = None,
        steps: int | None = None,
        owner: str | None = None,
        preset: str | None = None,
        room: Room | None = None,
        ending: Sequence[str] = (),
    ) -> list[str]:
        """Put runs into the queue, all or none; several are a group that trains in lock-step.

        Args:
            specs: What to run, 1 to ``MAX_GROUP``.
            pace: Epochs per second; None for as fast as it goes.
            steps: Train so many epochs, then pause; None trains to the end.
            owner: Who makes them, as a hash; None for everybody.
            preset: Id of the preset that the settings started from.
            room: How many runs there may be; None for as many as are asked for.
            ending: Runs that are stopped for them, as by ``set_wish_all``; not counted in
                ``room``, and they go on if there is none.

        Returns:
            Their ids, in the order of the specs: 16 characters each, unguessable, URL-safe.

        Raises:
            TooManyRunsError: If there is no room for all of them.
            ValueError: If there is no spec, or more than ``MAX_GROUP``; if ``pace`` is not a
                finite number above 0, or ``steps`` is below 1.
        """
        _check_pace(pace)
        _check_steps(steps)
        if not 1 <= len(specs) <= MAX_GROUP:
            raise ValueError(f"1 to {MAX_GROUP} runs start at once, got {len(specs)}.")
        now = self._now()
        asked = {"wish": "run" if steps is None else "pause", "steps_wanted": steps or 0}
        made = {"created_at": now, "wished_at": now, "owner": owner, "preset": preset}
        rows = _rows(specs, {**asked, **made, "pace": pace})
        with writing(self._engine) as session:
            self._stop(session, _owned(session, ending, owner))
            if room is not None:
                _check_room(session, room, owner, len(specs))
            session.execute(insert(RunRow), rows)
        return [row["id"] for row in rows]

    def set_wish_all(
        self, run_ids: Sequence[str], wish: Wish, *, reason: str | None = None
    ) -> list[str]:
        """Ask runs to go on, to pause or to stop, all at once. A stop is final.

        A run that no worker has is stopped at once, any other by its worker. Those that were
        started together go on and pause together: who asks one asks all of them. A stop is of
        the runs named only.

        Args:
            run_ids: The runs.
            wish: What they are asked.
            reason: Why they are stopped, in plain words, where it was not a person's click.

        Returns:
            The ids of those that were asked: the others have ended, or are stopping.

        Raises:
            UnknownRunError: If there is no run under one of these ids; then none is asked.
            ValueError: If ``wish`` is none of the three.
        """
        if wish not in _WISHES:
            raise ValueError(f"A wish is one of {_WISHES}, got {shown(wish)}.")
        if wish != "stop":
            return self._ask_all(run_ids, {"wish": wish})
        with writing(self._engine) as session:
            return self._stop(session, run_ids, reason)

    def _stop(
        self, session: Session, run_ids: Sequence[str], reason: str | None = None
    ) -> list[str]:
        locked(session, RunRow.id.in_(run_ids))
        return [
            run_id
            for run_id in run_ids
            if self._stop_unclaimed(session, run_id, reason)
            or self._ask(session, run_id, {"wish": "stop", "reason": reason})
        ]

    def step(self, run_id: str, epochs: int = 1) -> bool:
        """Pause one run and train so many epochs more; see ``step_all``.

        Returns:
            False if the run has ended, or is stopping.
        """
        return bool(self.step_all([run_id], epochs))

    def step_all(self, run_ids: Sequence[str], epochs: int = 1) -> list[str]:
        """Pause runs and train so many epochs more, all at once; several calls add up.

        Those that were started together are asked together.

        Returns:
            The ids of those that were asked: the others have ended, or are stopping.

        Raises:
            UnknownRunError: If there is no run under one of these ids; then none is asked.
            ValueError: If ``epochs`` is below 1.
        """
        _check_steps(epochs)
        steps = {"wish": "pause", "steps_wanted": RunRow.steps_wanted + epochs}
        return self._ask_all(run_ids, steps)

    def set_pace_all(self, run_ids: Sequence[str], pace: float | None) -> list[str]:
        """Show runs at ``pace`` epochs per second, all at once; None for as fast as it goes.

        Those that were started together are asked together.

        Returns:
            The ids of those that were asked: the others have ended, or are stopping.

        Raises:
            UnknownRunError: If there is no run under one of these ids; then none is asked.
            ValueError: If ``pace`` is not a finite number above 0.
        """
        _check_pace(pace)
        return self._ask_all(run_ids, {"pace": pace})

    def _ask_all(self, run_ids: Sequence[str], values: Values) -> list[str]:
        with writing(self._engine) as session:
            groups = select(RunRow.group_id).where(RunRow.id.in_(run_ids))
            others = and_(RunRow.group_id.in_(groups), RunRow.deleted_at.is_(None))
            meant = locked(session, or_(RunRow.id.in_(run_ids), others))
            ordered = [*run_ids, *(run_id for run_id in meant if run_id not in run_ids)]
            return [run_id for run_id in ordered if self._ask(session, run_id, values)]


def _rows(specs: Sequence[RunSpec], shared: Values) -> list[dict[str, Any]]:
    """Return the rows of new runs, with what they share; several become a group."""
    group_id = secrets.token_urlsafe(12) if len(specs) > 1 else None
    return [
        {
            **shared,
            "id": secrets.token_urlsafe(12),
            "group_id": group_id,
            "place": place,
            "name": spec.name,
            "spec": spec.to_json(),
            "spec_hash": spec.hash,
            "optimizer": spec.optimizer.name,
        }
        for place, spec in enumerate(specs)
    ]


def _owned(session: Session, run_ids: Sequence[str], owner: str | None) -> list[str]:
    """Return those of the runs that an owner may end: their own, and those of everybody."""
    theirs = or_(RunRow.owner == owner, RunRow.owner.is_(None))
    return list(session.scalars(select(RunRow.id).where(RunRow.id.in_(run_ids), theirs)))


def check_places(room: Room, what: str, *, mine: int, waiting: int, new: int = 1) -> None:
    """Refuse what there is no room for.

    Args:
        room: How many there may be.
        what: What they are, in the plural: ``runs``.
        mine: How many the owner has going.
        waiting: How many wait for a worker in all.
        new: How many would be added.

    Raises:
        TooManyRunsError: With the limit.
    """
    if room.per_owner is not None and mine + new > room.per_owner:
        raise TooManyRunsError(
            f"You have {mine} of at most {room.per_owner} {what} going, and this would start {new} "
            "more. Stop one, or wait until it has ended."
        )
    if room.waiting is not None and waiting + new > room.waiting:
        raise TooManyRunsError(
            f"Of at most {room.waiting} {what} that may wait for a worker, {waiting} do already: "
            "try again in a minute."
        )


def lock_room(session: Session) -> None:
    """Have whoever asks for room ask one at a time; SQLite has one writer by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_ROOM_LOCK)))


def _check_room(session: Session, room: Room, owner: str | None, runs: int) -> None:
    for limit, what in ((room.per_owner, "one visitor may have going"), (room.waiting, "may wait")):
        if limit is not None and runs > limit:
            raise TooManyRunsError(
                f"This would start {runs} runs at once, and here {limit} {what}: start fewer."
            )
    lock_room(session)
    open_runs = select(func.count()).where(RunRow.status.in_(ACTIVE), RunRow.wish != "stop")
    mine = session.scalar(open_runs.where(RunRow.owner == owner)) or 0
    waiting = session.scalar(open_runs.where(RunRow.status == "queued")) or 0
    check_places(room, "runs", mine=mine, waiting=waiting, new=runs)


def _check_pace(pace: float | None) -> None:
    if pace is not None and not (math.isfinite(pace) and pace > 0):
        raise ValueError(f"A pace is a number of epochs per second above 0, got {pace}.")


def _check_steps(epochs: int | None) -> None:
    if epochs is not None and epochs < 1:
        raise ValueError(f"A step is at least 1 epoch, got {epochs}.")
