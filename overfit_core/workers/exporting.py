"""The web side of an export that needs TensorFlow: asked for, given room, waited for."""

from __future__ import annotations

import logging
from asyncio import CancelledError

from distributed import Future

from overfit_core.errors import OverfitError, WorkerError
from overfit_core.store import Store
from overfit_core.workers.connection import Connection
from overfit_core.workers.giving_way import giving_way
from overfit_core.workers.pulse import Pulse
from overfit_core.workers.warm import address_of

LOOK_SECONDS = 0.3
"""How often somebody looks whether an export still waits for a worker."""

_log = logging.getLogger(__name__)


def export(connection: Connection, store: Store, run_id: str, kind: str, seconds: float) -> bytes:
    """Return a file of a run that a free worker makes; a race or a search gives it its place.

    Args:
        connection: The way to the workers.
        store: Where races and searches are.
        run_id: A run of the store.
        kind: One of ``overfit_core.exports.EXPORTS`` that needs a worker.
        seconds: How long to wait at most.

    Raises:
        WorkerError: If it took too long, or could not be made.
    """
    try:
        future = connection.start_export(run_id, kind, seconds)
        try:
            with _Room(connection, store, future):
                made: bytes = future.result(timeout=seconds)
                return made
        finally:
            future.release()
    except TimeoutError:
        raise WorkerError(
            f"No worker had the file ready within {seconds:g} s: all of them are busy, or the "
            "run is long. Try again when fewer runs are on."
        ) from None
    except OverfitError as error:
        raise WorkerError(str(error)) from error
    except (Exception, CancelledError) as error:
        reason = str(error) or type(error).__name__
        raise WorkerError(f"The worker could not make the file: {reason}") from error


class _Room(Pulse):
    """Asks one race or search after the other to give way, while an export waits for a worker.

    Exports are not in the store, where these see runs that wait.
    """

    def __init__(self, connection: Connection, store: Store, future: Future[bytes]) -> None:
        super().__init__("export-room", LOOK_SECONDS)
        self._connection, self._store, self._future = connection, store, future
        self._chosen: str | None = None

    def _beat(self) -> bool:
        try:
            if self._connection.has_place(self._future):
                return False
            others = giving_way(self._store)
            before, self._chosen = self._chosen, next(iter(others), None)
            # The last one may just have made room: only who is chosen twice is asked.
            if self._chosen is not None and self._chosen == before:
                self._connection.ask_to_give_way(self._chosen, address_of(others[self._chosen]))
        except Exception:
            # Whoever waits for the export hears of it soon enough.
            _log.info("No room could be made for an export.", exc_info=True)
        return True
