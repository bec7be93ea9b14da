"""A worker's sign of life, also while it compiles or trains one long epoch."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from overfit_core.errors import StoreError
from overfit_core.store import LostRunError, Store

BEAT_SECONDS = 2.0
"""How often the lease is renewed; it runs out after four missed ones."""
LOOK_SECONDS = 0.2
"""How often the wish is read."""
PATIENCE_SECONDS = 0.6
"""How long the loop has to answer a stop, before the run is ended without it."""
BUSY_REASON = (
    "It was stopped in the middle of compiling, or of an epoch that takes long: there is no "
    "summary, and what was recorded until then is kept."
)


class Life:
    """Renews a run's lease from a thread of its own while the ``with`` block lasts.

    A stop must end a run within a second. While the training loop cannot look up, because
    TensorFlow compiles or an epoch takes long, this thread reads the wish and ends the run; the
    loop finds out at its next visit to the store and leaves the run alone.

    Attributes:
        answering: Set by the loop when it has seen the stop and is ending the run itself.
    """

    def __init__(self, store: Store, run_id: str, worker: str) -> None:
        """Take the run that ``worker`` has claimed."""
        self.answering = False
        self._store, self._run_id, self._worker = store, run_id, worker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"life-{run_id}", daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; the run is the loop's own affair."""
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        beat_at = time.monotonic() + BEAT_SECONDS
        asked_at: float | None = None
        while not self._over.wait(LOOK_SECONDS):
            now = time.monotonic()
            try:
                if now >= beat_at:
                    beat_at = now + BEAT_SECONDS
                    wish = self._store.heartbeat(self._run_id, worker=self._worker).wish
                else:
                    wish = self._store.control(self._run_id, worker=self._worker).wish
                if wish == "stop":
                    asked_at = asked_at or now
                    if not self.answering and now - asked_at >= PATIENCE_SECONDS:
                        self._stop()
            except LostRunError:
                return
            except StoreError:
                # The database may be back at the next beat; if not, the lease runs out.
                continue

    def _stop(self) -> None:
        self._store.finish(self._run_id, "stopped", reason=BUSY_REASON, worker=self._worker)
