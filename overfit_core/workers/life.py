"""A worker's sign of life, also while it compiles or trains one long epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence

from overfit_core.errors import StoreError
from overfit_core.store import LostRunError, Store
from overfit_core.workers.pulse import Pulse

BEAT_SECONDS = 2.0
"""How often the leases are renewed; one runs out after four missed ones."""
LOOK_SECONDS = 0.2
"""How often the wishes are read."""
PATIENCE_SECONDS = 0.6
"""How long the loop has to answer a stop, before the run is ended without it."""
BUSY_REASON = (
    "It was stopped in the middle of compiling, or of an epoch that takes long: there is no "
    "summary, and what was recorded until then is kept."
)


class Life(Pulse):
    """Renews the leases of runs while the ``with`` block lasts.

    A stop must end a run within a second. While the training loop cannot look up, because
    TensorFlow compiles or an epoch takes long, this thread reads the wishes and ends the run; the
    loop finds out at its next visit to the store and leaves the run alone.

    Attributes:
        answering: Ids of the runs whose end the loop has taken in hand itself.
        left: Ids of the runs that the loop has nothing more to do with. If their end could not be
            written, their lease runs out, and the watcher ends them.
    """

    def __init__(self, store: Store, run_ids: Sequence[str], worker: str) -> None:
        """Take the runs that ``worker`` has claimed, at least one."""
        super().__init__(f"life-{run_ids[0]}", LOOK_SECONDS)
        self.answering: set[str] = set()
        self.left: set[str] = set()
        self._store, self._run_ids, self._worker = store, tuple(run_ids), worker
        self._asked_at: dict[str, float] = {}
        self._beat_at = time.monotonic() + BEAT_SECONDS

    def _beat(self) -> bool:
        now, look = time.monotonic(), self._store.control_all
        if now >= self._beat_at:
            self._beat_at, look = now + BEAT_SECONDS, self._store.heartbeat_all
        try:
            going = [run_id for run_id in self._run_ids if run_id not in self.left]
            controls = look(going, worker=self._worker)
            for run_id in [i for i, control in controls.items() if control.wish == "stop"]:
                self._answer(run_id, now)
        except StoreError:
            # The database may be back at the next beat; if not, the leases run out.
            return True
        return bool(controls)

    def _answer(self, run_id: str, now: float) -> None:
        """End a run that was asked to stop, unless the loop does it or may still do it."""
        asked_at = self._asked_at.setdefault(run_id, now)
        if run_id in self.answering or now - asked_at < PATIENCE_SECONDS:
            return
        try:
            self._store.finish(run_id, "stopped", reason=BUSY_REASON, worker=self._worker)
        except LostRunError:
            # The loop was faster after all.
            return
