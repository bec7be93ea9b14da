"""What workers report of runs."""

from __future__ import annotations

import json
from typing import Literal

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from overfit_core.store import chunks
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import (
    CONTROL,
    UNCLAIMED,
    Condition,
    Guarded,
    Values,
    changed,
    control,
    held_by,
    lost,
    record,
)
from overfit_core.store.records import ACTIVE, HELD, Control, LostRunError, RunRecord
from overfit_core.store.tables import RunRow, SamplesRow
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples


class WorkerSide(Guarded):
    """Claiming a run, adding to its history, ending it.

    ``worker`` is the name that a run was claimed with. Every call but ``claim`` raises
    ``LostRunError`` when the run is not this worker's (any more), and writes nothing then;
    None trusts the caller. An id that does not exist raises ``UnknownRunError``.
    """

    def claim(self, run_id: str, worker: str) -> RunRecord:
        """Take a run that is waiting for a worker.

        Raises:
            LostRunError: If somebody else has it, or it has ended.
            UnknownRunError: If there is none under this id.
        """
        now = self._now()
        taken = {
            "status": "running",
            "worker": worker,
            "lease_at": now,
            "started_at": func.coalesce(RunRow.started_at, now),
        }
        with writing(self._engine) as session:
            claimed = changed(session, and_(RunRow.id == run_id, UNCLAIMED), taken)
            found = record(session, run_id)
        if not claimed:
            raise LostRunError(f"The run {run_id} is {found.status}: it cannot be taken.")
        return found

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
        return self._write(run_id, held_by(run_id, worker), hashes)

    def append(
        self, run_id: str, chunk: History, *, worker: str | None = None, paused: bool = False
    ) -> Control:
        """Add the epochs that follow, renew the lease, and read the person's wish.

        Args:
            run_id: The run.
            chunk: Epochs that start right after the run's last one; may be empty.
            worker: See the class. A chunk that does not follow is refused likewise.
            paused: Whether these are single steps of a run that stands still.
        """
        held, values = held_by(run_id, worker), {"status": "paused" if paused else "running"}
        if not len(chunk):
            return self._write(run_id, held, values)
        row = chunks.row(run_id, chunk)
        with writing(self._engine) as session:
            follows = and_(held, RunRow.epoch == chunk.first_epoch - 1)
            wish = self._visit(session, run_id, follows, {**values, "epoch": chunk.last_epoch})
            chunks.add(session, row)
            return wish

    def heartbeat(
        self, run_id: str, *, worker: str | None = None, paused: bool | None = None
    ) -> Control:
        """Renew the lease and read the person's wish.

        Args:
            run_id: The run.
            worker: See the class.
            paused: Whether it stands still; None leaves what was said before.
        """
        said = {} if paused is None else {"status": "paused" if paused else "running"}
        return self._write(run_id, held_by(run_id, worker), said)

    def control(self, run_id: str, *, worker: str | None = None) -> Control:
        """Read the person's wish only, which blocks nobody."""
        with reading(self._engine) as session:
            row = session.execute(select(*CONTROL).where(held_by(run_id, worker))).first()
            return control(row) if row else lost(session, run_id)

    def park(self, run_id: str, steps_done: int, *, worker: str) -> bool:
        """Give a paused run's worker to others; the run stays paused, to be claimed again.

        Returns:
            False if somebody wants the run to go on by now: then the worker keeps it.
        """
        undisturbed = and_(
            held_by(run_id, worker),
            RunRow.status == "paused",
            RunRow.wish == "pause",
            RunRow.steps_wanted == steps_done,
        )
        with writing(self._engine) as session:
            return changed(
                session,
                undisturbed,
                {"worker": None, "lease_at": None, "steps_done": steps_done},
            )

    def put_samples(self, run_id: str, samples: Samples, *, worker: str | None = None) -> None:
        """Keep the samples of a run, in place of those that were kept before."""
        data = samples.to_arrow()
        with writing(self._engine) as session:
            self._visit(session, run_id, held_by(run_id, worker), {})
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
            reason: Why, in plain words, where it failed.
            worker: See the class. None may also end a run that is still queued.
        """
        mine = held_by(run_id, worker, ACTIVE if worker is None else HELD)
        values = {
            "status": status,
            "reason": reason,
            "summary": None if summary is None else summary.model_dump_json(),
        }
        with writing(self._engine) as session:
            if not self._end(session, run_id, mine, values):
                lost(session, run_id)

    def _end(self, session: Session, run_id: str, where: Condition, values: Values) -> bool:
        if not changed(session, where, {"finished_at": self._now(), **values}):
            return False
        chunks.pack(session, run_id)
        points = json.dumps(chunks.sparkline(session, run_id))
        session.execute(update(RunRow).where(RunRow.id == run_id).values(sparkline=points))
        return True

    def _write(self, run_id: str, held: Condition, values: Values) -> Control:
        with writing(self._engine) as session:
            return self._visit(session, run_id, held, values)
