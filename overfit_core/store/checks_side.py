"""Checks of runs: asked for by a person, made by a worker, read by pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Literal

from sqlalchemy import and_, exists, false, func, insert, or_, select, update
from sqlalchemy.orm import Session

from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Condition, Guarded, Values, locked, record
from overfit_core.store.person_side import Room, check_places, lock_room
from overfit_core.store.records import ENDED, CheckRecord, LostRunError
from overfit_core.store.tables import CheckRow, RunRow

CHECK_LEASE_SECONDS = 8.0
"""A check whose worker gave no sign of life for this long is lost."""
CHECK_LOST = (
    "The worker that looked for the cause ended or gave no sign of life. What it had found until "
    "then is kept."
)
STOPPED_WAITING = "It was stopped before a worker had begun."

_RECORD = (
    *(CheckRow.run_id, CheckRow.status, CheckRow.wish, CheckRow.budget, CheckRow.reason),
    CheckRow.told_at,
    CheckRow.report.label("report_json"),
)


class ChecksSide(Guarded):
    """One check for a run: every change is one guarded UPDATE, as with runs."""

    def ask_check(self, run_id: str, budget: float, *, room: Room | None = None) -> bool:
        """Ask for a check of a run; one that has ended is made anew.

        Args:
            run_id: The run.
            budget: About how long it may take, in seconds, above 0.
            room: How many checks there may be of the run's owner, and waiting in all; None for
                as many as are asked for.

        Returns:
            False if one is under way.

        Raises:
            TooManyRunsError: If there is no room for it.
            UnknownRunError: If there is no run under this id.
            ValueError: If ``budget`` is not above 0.
        """
        if not budget > 0:
            raise ValueError(f"A check needs some time, got {budget} seconds.")
        asked: Values = {
            "asked_at": self._now(),
            "budget": budget,
            "status": "queued",
            "wish": "run",
            "worker": None,
            "reason": None,
            "told_at": None,
        }
        with writing(self._engine) as session:
            found = record(session, run_id)
            if room is not None:
                _check_room(session, room, found.owner)
            # Two that ask at once would both find none.
            locked(session, RunRow.id == run_id)
            if self._change(session, self._this(run_id, *ENDED), asked):
                return True
            if session.get(CheckRow, run_id) is not None:
                return False
            session.execute(insert(CheckRow).values(run_id=run_id, **asked))
            return True

    def stop_check(self, run_id: str) -> bool:
        """Ask a check to stop; False if there is none, or it has ended."""
        with writing(self._engine) as session:
            ended = {"wish": "stop", "status": "stopped", "reason": STOPPED_WAITING}
            waiting, held = self._this(run_id, "queued"), self._this(run_id, "running")
            return self._change(session, waiting, ended) or self._change(
                session, held, {"wish": "stop"}
            )

    def check(self, run_id: str) -> CheckRecord | None:
        """Return the check of a run as it stands; None if there is none."""
        with reading(self._engine) as session:
            row = session.execute(select(*_RECORD).where(CheckRow.run_id == run_id)).first()
        return None if row is None else CheckRecord(**row._mapping)

    def waiting_checks(self) -> list[str]:
        """Return the ids of the runs whose checks wait for a worker, oldest first."""
        wanted = select(CheckRow.run_id).where(CheckRow.status == "queued", _there())
        with reading(self._engine) as session:
            return list(session.scalars(wanted.order_by(CheckRow.asked_at, CheckRow.run_id)))

    def running_checks(self) -> dict[str, str]:
        """Return the workers of the checks that go on, by the ids of their runs, oldest first."""
        wanted = select(CheckRow.run_id, CheckRow.worker).where(CheckRow.status == "running")
        with reading(self._engine) as session:
            found = session.execute(wanted.order_by(CheckRow.asked_at, CheckRow.run_id))
            return {row.run_id: row.worker for row in found}

    def claim_check(self, run_id: str, worker: str) -> CheckRecord:
        """Take a check that waits for a worker.

        Raises:
            LostRunError: If it does not wait.
        """
        taken = {"status": "running", "worker": worker, "lease_at": self._now()}
        with writing(self._engine) as session:
            if not self._change(session, self._this(run_id, "queued"), taken):
                raise LostRunError(f"No check of the run {run_id} waits for a worker.")
        found = self.check(run_id)
        assert found is not None, "it was just there, and its run cannot be removed so soon"
        return found

    def give_up_check(self, run_id: str, reason: str) -> bool:
        """Mark a check that no worker can take as failed; False if it does not wait."""
        failed = {"status": "failed", "reason": reason}
        with writing(self._engine) as session:
            return self._change(session, self._this(run_id, "queued"), failed)

    def renew_check(self, run_id: str, worker: str, report: str | None = None) -> bool:
        """Give a sign of life, and say how far a check is; tells whether it is to go on.

        Args:
            run_id: The run.
            worker: The name that it was claimed with.
            report: What is known until now, as JSON; None leaves it as it is.
        """
        now = self._now()
        values: dict[str, object] = {"lease_at": now}
        if report is not None:
            values |= {"report": report, "told_at": now}
        mine = and_(self._this(run_id, "running"), CheckRow.worker == worker, _there())
        with writing(self._engine) as session:
            change = update(CheckRow).where(mine).values(**values).returning(CheckRow.wish)
            return session.scalar(change) == "run"

    def end_check(
        self,
        run_id: str,
        worker: str,
        status: Literal["finished", "stopped", "failed"],
        *,
        report: str | None = None,
        reason: str | None = None,
    ) -> bool:
        """End a check; False if it is not this worker's any more.

        Args:
            run_id: The run.
            worker: The name that it was claimed with.
            status: How it ended.
            report: What was found, as JSON; None keeps what was told last.
            reason: Why it was stopped or failed, in plain words.
        """
        values: dict[str, object] = {"status": status, "reason": reason}
        if report is not None:
            values |= {"report": report, "told_at": self._now()}
        mine = and_(self._this(run_id, "running"), CheckRow.worker == worker)
        with writing(self._engine) as session:
            return self._change(session, mine, values)

    def interrupt_lost_checks(
        self,
        *,
        dead_workers: Collection[str] = (),
        lease_seconds: float = CHECK_LEASE_SECONDS,
    ) -> dict[str, str]:
        """Mark the checks of lost workers as interrupted.

        Args:
            dead_workers: Workers known to be gone.
            lease_seconds: Whoever gave no sign of life for so long is lost too.

        Returns:
            By the ids of their runs: the workers that had them.
        """
        limit = self._now() - timedelta(seconds=lease_seconds)
        dead = CheckRow.worker.in_(dead_workers) if dead_workers else false()
        lost = and_(CheckRow.status == "running", or_(CheckRow.lease_at < limit, dead))
        with reading(self._engine) as session:
            if not session.scalars(select(CheckRow.run_id).where(lost)).all():
                return {}
        values = {"status": "interrupted", "reason": CHECK_LOST}
        with writing(self._engine) as session:
            change = update(CheckRow).where(lost).values(**values)
            marked = session.execute(change.returning(CheckRow.run_id, CheckRow.worker))
            return {row.run_id: row.worker for row in marked}

    def _this(self, run_id: str, *statuses: str) -> Condition:
        return and_(CheckRow.run_id == run_id, CheckRow.status.in_(statuses))

    def _change(self, session: Session, where: Condition, values: Values) -> bool:
        change = update(CheckRow).where(where).values(**values).returning(CheckRow.run_id)
        return session.scalar(change) is not None


def _there() -> Condition:
    """The run of a check was not deleted."""
    run = exists().where(RunRow.id == CheckRow.run_id, RunRow.deleted_at.is_(None))
    return run.correlate(CheckRow)


def _check_room(session: Session, room: Room, owner: str | None) -> None:
    lock_room(session)
    going = select(func.count()).select_from(CheckRow).where(CheckRow.status.not_in(ENDED))
    of_owner = going.join(RunRow, RunRow.id == CheckRow.run_id).where(RunRow.owner == owner)
    mine, waiting = (
        session.scalar(counted) or 0
        for counted in (of_owner, going.where(CheckRow.status == "queued"))
    )
    check_places(room, "searches", mine=mine, waiting=waiting)
