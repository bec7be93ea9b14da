"""What workers report of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from overfit_core.store import chunks
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import (
    CONTROL,
    UNCLAIMED,
    Guarded,
    Values,
    controls_of,
    held_by,
    locked,
    lost,
    record,
)
from overfit_core.store.records import ACTIVE, HELD, Control, LostRunError, RunRecord
from overfit_core.store.tables import RunRow, SamplesRow
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples


class WorkerSide(Guarded):
    """Claiming runs, adding to their histories, ending them.

    ``worker`` is the name that a run was claimed with. Every call but the claims raises
    ``LostRunError`` when the run is not this worker's (any more), and writes nothing then;
    None trusts the caller. An id that does not exist raises ``UnknownRunError``. A call for
    several runs, which is one transaction, leaves out those that are not this worker's instead.
    """

    def claim(self, run_id: str, worker: str) -> RunRecord:
        """Take a run that is waiting for a worker.

        Raises:
            LostRunError: If somebody else has it, or it has ended.
            UnknownRunError: If there is none under this id.
        """
        with writing(self._engine) as session:
            claimed = self._claimed(session, [run_id], worker)
            found = record(session, run_id)
        if not claimed:
            raise _not_waiting(found)
        return found

    def claim_group(self, run_id: str, worker: str) -> list[RunRecord]:
        """Take a run and the others of its group, as far as they are waiting for a worker.

        Returns:
            What was taken, in the order of the group; one run, if it belongs to none.

        Raises:
            LostRunError: If nothing of it waits.
            UnknownRunError: If there is no run under this id.
        """
        with writing(self._engine) as session:
            found = record(session, run_id)
            alone = found.group_id is None
            these = RunRow.id == run_id if alone else RunRow.group_id == found.group_id
            waiting = locked(session, and_(these, UNCLAIMED, RunRow.deleted_at.is_(None)))
            claimed = self._claimed(session, waiting, worker)
            taken = [record(session, taken_id) for taken_id in claimed]
        if not taken:
            raise _not_waiting(found)
        return sorted(taken, key=lambda run: run.place)

    def _claimed(self, session: Session, run_ids: Collection[str], worker: str) -> list[str]:
        now = self._now()
        taken = {
            "status": "running",
            "worker": worker,
            "lease_at": now,
            "started_at": func.coalesce(RunRow.started_at, now),
        }
        change = update(RunRow).where(RunRow.id.in_(run_ids), UNCLAIMED).values(**taken)
        return list(session.scalars(change.returning(RunRow.id)))

    def begin(
        self, run_id: str, *, batch_hash: str, weights_hash: str, worker: str | None = None
    ) -> Control:
        """Say what a run starts from.

        Args:
            run_id: The run.
            batch_hash: SHA-256 (hex) of its batch.
            weights_hash: SHA-256 (hex) of its initial weights.
            worker: See the class.
        """
        hashes = {"batch_hash": batch_hash, "weights_hash": weights_hash}
        return self._only(run_id, self._write([run_id], worker, hashes))

    def append(
        self, run_id: str, chunk: History, *, worker: str | None = None, paused: bool = False
    ) -> Control:
        """Add the epochs that follow to one run; see ``append_all``."""
        found = self.append_all({run_id: chunk}, worker=worker, paused=paused)
        return self._only(run_id, found)

    def append_all(
        self, histories: Mapping[str, History], *, worker: str | None = None, paused: bool = False
    ) -> dict[str, Control]:
        """Add the epochs that follow, renew the leases, and read the person's wishes.

        Whoever reads sees the new epochs of all runs at once.

        Args:
            histories: By run id: epochs that start right after the run's last one; may be empty.
            worker: See the class. A chunk that does not follow is left out likewise; one that is
                there already is not added again, so that a try may be repeated whose answer was
                lost.
            paused: Whether these are single steps of runs that stand still.
        """
        status = "paused" if paused else "running"
        rows = {run_id: chunks.row(run_id, new) for run_id, new in histories.items() if len(new)}
        found: dict[str, Control] = {}
        with writing(self._engine) as session:
            self._lock(session, histories)
            for run_id in histories:
                held, values = held_by([run_id], worker), {"status": status}
                row = rows.get(run_id)
                if row is None:
                    found |= self._visited(session, held, values)
                    continue
                follows = and_(held, RunRow.epoch == row.first_epoch - 1)
                control = self._visited(session, follows, {**values, "epoch": row.last_epoch})
                if control:
                    chunks.add(session, row)
                there = and_(held, RunRow.epoch == row.last_epoch)
                found |= control or self._visited(session, there, values)
        return found

    def heartbeat_all(
        self, run_ids: Collection[str], *, worker: str | None = None, paused: bool | None = None
    ) -> dict[str, Control]:
        """Renew the leases and read the person's wishes.

        Args:
            run_ids: The runs.
            worker: See the class.
            paused: Whether they stand still; None leaves what was said before.
        """
        said = {} if paused is None else {"status": "paused" if paused else "running"}
        return self._write(run_ids, worker, said)

    def control_all(
        self, run_ids: Collection[str], *, worker: str | None = None
    ) -> dict[str, Control]:
        """Read the person's wishes only, which blocks nobody."""
        wanted = select(RunRow.id, *CONTROL).where(held_by(run_ids, worker))
        with reading(self._engine) as session:
            return controls_of(session.execute(wanted))

    def park_all(self, run_ids: Collection[str], steps_done: int, *, worker: str) -> bool:
        """Give the worker of paused runs to others; they stay paused, to be claimed again.

        Returns:
            False if somebody wants one of them to go on by now: then the worker keeps all.
        """
        undisturbed = and_(
            held_by(run_ids, worker),
            RunRow.status == "paused",
            RunRow.wish == "pause",
            RunRow.steps_wanted <= steps_done,
        )
        given = {"worker": None, "lease_at": None, "steps_done": steps_done}
        with writing(self._engine) as session:
            if set(locked(session, undisturbed)) != set(run_ids):
                return False
            session.execute(update(RunRow).where(undisturbed).values(**given))
            return True

    def put_samples(self, run_id: str, samples: Samples, *, worker: str | None = None) -> None:
        """Keep the samples of a run, in place of those that were kept before."""
        data = samples.to_arrow()
        with writing(self._engine) as session:
            if not self._visited(session, held_by([run_id], worker), {}):
                lost(session, run_id)
            session.merge(SamplesRow(run_id=run_id, data=data))

    def finish(
        self,
        run_id: str,
        status: Literal["finished", "stopped", "failed"],
        summary: RunSummary | None = None,
        reason: str | None = None,
        *,
        worker: str | None = None,
    ) -> None:
        """End a run.

        Args:
            run_id: The run.
            status: How it ended.
            summary: The end in numbers, where it got that far.
            reason: Why, in plain words; where somebody stopped it for a reason, that one stays.
            worker: See the class. None may also end a run that is still queued.
        """
        mine = held_by([run_id], worker, ACTIVE if worker is None else HELD)
        values = {
            "status": status,
            "reason": func.coalesce(RunRow.reason, reason) if status == "stopped" else reason,
            "summary": None if summary is None else summary.model_dump_json(),
        }
        with writing(self._engine) as session:
            if not self._end(session, run_id, mine, values):
                lost(session, run_id)

    def _write(
        self, run_ids: Collection[str], worker: str | None, values: Values
    ) -> dict[str, Control]:
        with writing(self._engine) as session:
            self._lock(session, run_ids)
            return self._visited(session, held_by(run_ids, worker), values)

    def _lock(self, session: Session, run_ids: Collection[str]) -> None:
        if len(run_ids) > 1:
            locked(session, RunRow.id.in_(run_ids))

    def _only(self, run_id: str, found: Mapping[str, Control]) -> Control:
        """The one that a call for one run found."""
        if run_id not in found:
            with reading(self._engine) as session:
                lost(session, run_id)
        return found[run_id]


def _not_waiting(run: RunRecord) -> LostRunError:
    return LostRunError(f"The run {run.id} is {run.status}: it cannot be taken.")
