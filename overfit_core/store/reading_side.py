"""What pages read."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from overfit_core.store import chunks
from overfit_core.store.engine import reading
from overfit_core.store.guards import RECORD, Guarded, record
from overfit_core.store.records import RunRecord, Status
from overfit_core.store.tables import RunRow, SamplesRow
from overfit_core.training.history import History
from overfit_core.training.result import Samples


class ReadingSide(Guarded):
    """Runs, histories and samples as they stand; reading blocks nobody."""

    def run(self, run_id: str) -> RunRecord:
        """Return one run.

        Raises:
            UnknownRunError: If there is none under this id.
        """
        with reading(self._engine) as session:
            return record(session, run_id)

    def runs(
        self,
        limit: int = 50,
        *,
        statuses: Collection[Status] | None = None,
        spec_hash: str | None = None,
    ) -> list[RunRecord]:
        """Return at most ``limit`` runs, newest first.

        Args:
            limit: At most so many, 1 or more.
            statuses: Only those in one of these states; None for all.
            spec_hash: Only those of this ``RunSpec.hash``; None for all.
        """
        wanted = select(*RECORD).order_by(RunRow.created_at.desc(), RunRow.id).limit(limit)
        wanted = wanted.where(RunRow.deleted_at.is_(None))
        if statuses is not None:
            wanted = wanted.where(RunRow.status.in_(statuses))
        if spec_hash is not None:
            wanted = wanted.where(RunRow.spec_hash == spec_hash)
        with reading(self._engine) as session:
            return [RunRecord(**row._mapping) for row in session.execute(wanted)]

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        """Return the epochs after ``after_epoch``, all by default; empty when there are none.

        Asking again with the last epoch seen takes about a millisecond, however long the run is.

        Raises:
            UnknownRunError: If there is no run under this id.
        """
        with reading(self._engine) as session:
            history = chunks.read(session, run_id, after_epoch)
            if not len(history):
                record(session, run_id)
            return history

    def samples(self, run_id: str) -> Samples | None:
        """Return the samples of a run; None before they were put there.

        Raises:
            UnknownRunError: If there is no run under this id.
        """
        with reading(self._engine) as session:
            row = session.get(SamplesRow, run_id)
            if row is None:
                record(session, run_id)
                return None
            return Samples.from_arrow(row.data)
