"""What pages read."""

from __future__ import annotations

from overfit_core.store import chunks
from overfit_core.store.engine import reading
from overfit_core.store.guards import Guarded, check_known, record
from overfit_core.store.records import RunRecord
from overfit_core.store.tables import SamplesRow
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

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        """Return the epochs after ``after_epoch``, all by default; empty when there are none.

        Asking again with the last epoch seen takes about a millisecond, however long the run is.

        Raises:
            UnknownRunError: If there is no run under this id.
        """
        with reading(self._engine) as session:
            check_known(session, run_id)
            return chunks.read(session, run_id, after_epoch)

    def samples(self, run_id: str) -> Samples | None:
        """Return the samples of a run; None before they were put there.

        Raises:
            UnknownRunError: If there is no run under this id.
        """
        with reading(self._engine) as session:
            check_known(session, run_id)
            row = session.get(SamplesRow, run_id)
            return None if row is None else Samples.from_arrow(row.data)
