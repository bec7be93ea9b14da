"""The way to the workers: their scheduler, which may be a process of our own, and a connection."""

from __future__ import annotations

import logging
from collections.abc import Callable

from overfit_core.settings import Settings
from overfit_core.workers.child import Child
from overfit_core.workers.connection import Connection

_log = logging.getLogger(__name__)


class Link:
    """Made when it is asked for, and again after it was lost.

    Args:
        settings: Where the scheduler is, or how many workers to start.
        on_done: Called, from a thread of Dask's, whenever a task has ended in any way.

    Attributes:
        child: The process with workers of our own; None where there is none (yet, or any more).
        connection: To the scheduler; None where there is none.
    """

    def __init__(self, settings: Settings, on_done: Callable[[], None]) -> None:
        """Nothing is started or connected yet."""
        self._settings, self._on_done = settings, on_done
        self.child: Child | None = None
        self.connection: Connection | None = None

    def connected(self) -> Connection:
        """Return the connection; starts the workers, where they are ours, and connects.

        Raises:
            OSError: If the scheduler does not answer.
            WorkerError: If the workers' own process does not come up.
        """
        if self.connection is None:
            address = self._settings.scheduler
            if address is None:
                self.child = self.child or Child(self._settings)
                address = self.child.address
            self.connection = Connection(address, self._settings, self._on_done)
        return self.connection

    def disconnect(self) -> None:
        """Give the connection up; runs go on."""
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:
                _log.info("The connection was lost.", exc_info=True)

    def end_child(self) -> bool:
        """End workers of our own; tells whether there were any."""
        child, self.child = self.child, None
        if child is not None:
            child.close()
        return child is not None
