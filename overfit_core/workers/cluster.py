"""The web process's handle on the workers: started, connected, watched, closed."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from overfit_core.errors import StoreError, WorkerError
from overfit_core.settings import Settings
from overfit_core.store import Store
from overfit_core.workers.connection import Connection, WorkerState
from overfit_core.workers.exporting import export
from overfit_core.workers.giving_way import group_name
from overfit_core.workers.housekeeping import Housekeeping
from overfit_core.workers.link import Link
from overfit_core.workers.status import ClusterStatus, ready
from overfit_core.workers.watcher import Watcher

LOOK_SECONDS = 0.5
"""How often the watcher looks."""
RETRY_SECONDS = 2.0
"""How long to wait after the workers could not be started or reached."""
EMPTY_SECONDS = 25.0
"""Workers of our own of whom none is there for so long will not come back: all are started anew."""
MAX_FAILURES = 3
"""After so many failures one after the other, workers of our own are started anew."""
CLOSED = "The program was closed while it ran. What was trained until then is kept."

_log = logging.getLogger(__name__)


class Cluster:
    """Workers on this machine, or those of the scheduler that the settings name.

    Safe to share between sessions and threads; keep one for the whole process. Starting takes
    no time: workers come up in the background, and runs that are submitted before wait in the
    store. A thread of its own looks twice a second: it submits runs that wait, interrupts runs
    whose worker is gone, restarts workers that do not answer, and all of them if need be, and has
    workers replaced that have grown too large.

    Args:
        settings: Where they are, or how many to start.
        store: Where the runs are; opened by the settings if None.
    """

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        """Prepare; ``Cluster.start`` also begins to look."""
        self._settings = settings
        self._store = Store(settings.store_url) if store is None else store
        self._own_store = store is None
        self._watcher = Watcher(self._store, int(settings.worker_recycle_memory * 10**9))
        self._housekeeping = Housekeeping(self._store, settings)
        self._status = ClusterStatus()
        self._empty_since: float | None = None
        self._workers: list[WorkerState] = []
        self._wake, self._closing = threading.Event(), threading.Event()
        self._link = Link(settings, self._wake.set)
        self._thread = threading.Thread(target=self._watch, name="overfit-watcher", daemon=True)

    @classmethod
    def start(cls, settings: Settings, store: Store | None = None) -> Self:
        """Return a handle at once, and bring the workers up in the background.

        Raises:
            StoreError: If the database cannot be opened.
        """
        cluster = cls(settings, store)
        cluster._thread.start()
        atexit.register(cluster.close)
        return cluster

    def submit(self, run_id: str) -> None:
        """Have a free worker train a run of the store, and its group with it; takes about 10 ms.

        If the workers cannot be reached just now, the run stays queued and is submitted later.
        """
        self._submit(Connection.submit, run_id)

    def submit_check(self, run_id: str) -> None:
        """Have a free worker look for the cause of a run, whose check waits in the store.

        If the workers cannot be reached just now, it is submitted later.
        """
        self._submit(Connection.submit_check, run_id)

    def submit_race(self, race_id: str) -> None:
        """Have free workers train the groups of a race that wait in the store.

        If the workers cannot be reached just now, they are submitted later.
        """
        for key in self._store.waiting_race_groups():
            if key.race_id == race_id:
                self._submit(Connection.submit_race_group, group_name(key))

    def _submit(self, submit: Callable[[Connection, str], None], run_id: str) -> None:
        connection = self._link.connection
        if connection is not None:
            try:
                submit(connection, run_id)
            except Exception:
                _log.warning("A task could not be submitted yet.", exc_info=True)
        self._wake.set()

    def export(self, run_id: str, kind: str, timeout: float = 60.0) -> bytes:
        """Return a file of a run that a worker makes, as TensorFlow is loaded there alone.

        Args:
            run_id: A run of the store.
            kind: One of ``overfit_core.exports.EXPORTS`` that needs a worker.
            timeout: How long to wait at most, in seconds, for a free worker and for the file.

        Raises:
            WorkerError: If there are no workers, it took too long, or it could not be made.
        """
        connection = self._link.connection
        if connection is None or not self._workers:
            raise WorkerError(f"The file needs a worker. {self._status.sentence()} Try again soon.")
        return export(connection, self._store, run_id, kind, timeout)

    def status(self) -> ClusterStatus:
        """Return how the workers are, at most half a second old; takes no time."""
        return self._status

    def workers(self) -> list[WorkerState]:
        """Return the workers there are, at most half a second old."""
        return list(self._workers)

    def wait(self, seconds: float = 60.0, *, warm: bool = False) -> bool:
        """Wait until a worker is there; returns False if time ran out.

        Args:
            seconds: How long to wait at most.
            warm: Wait until all workers of ours are there, and have warmed up; of another's
                cluster nobody knows how many there should be, one is enough.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self._status
            child = self._link.child
            wanted = child.workers if warm and child is not None else 1
            if (
                status.state == "ready"
                and status.workers >= wanted
                and not (warm and status.warming)
            ):
                return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """Disconnect, and end the workers if they are ours, with the runs they have.

        Returns when no process is left; again is harmless.
        """
        atexit.unregister(self.close)
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        names = {worker.name for worker in self._workers}
        self._link.disconnect()
        if (child := self._link.child) is not None:
            # Before the store is written to, which a worker that was stopped may keep locked.
            child.close()
            self._interrupt(names)
        if self._thread.is_alive():
            self._thread.join()
        self._link.disconnect()
        self._end_workers()
        if self._own_store:
            self._store.close()

    def _interrupt(self, names: set[str]) -> None:
        try:
            self._store.interrupt_lost(dead_workers=names, reason=CLOSED)
            self._store.interrupt_lost_checks(dead_workers=names)
            self._store.interrupt_lost_race_groups(dead_workers=names, reason=CLOSED)
        except StoreError:
            # The lease tells, when the program is started again.
            return

    def _watch(self) -> None:
        failures = 0
        while not self._closing.is_set():
            pause = LOOK_SECONDS
            try:
                self._start_anew_if_broken()
                self._workers = self._watcher.look(self._link.connected())
                self._start_anew_if_empty()
                self._status = ready(self._workers, self._store)
                failures = 0
            except StoreError as error:
                self._status = self._down(str(error))
            except Exception as error:
                pause, failures = RETRY_SECONDS, failures + 1
                _log.warning("The workers cannot be reached.", exc_info=True)
                self._status = self._down(str(error) or type(error).__name__)
                self._link.disconnect()
                # A machine that is busy may answer late; that is no reason to end its runs.
                if failures % MAX_FAILURES == 0:
                    self._end_workers()
            self._keep_house()
            self._wake.wait(pause)
            self._wake.clear()

    def _start_anew_if_broken(self) -> None:
        """End what is left of our own cluster if its process ended by itself."""
        child = self._link.child
        if child is not None and not child.alive:
            _log.warning("The workers' own process ended with code %s.", child.code)
            self._link.disconnect()
            self._end_workers()

    def _start_anew_if_empty(self) -> None:
        """End our own cluster if it has no worker for long: one that was lost did not come back."""
        now = time.monotonic()
        if self._workers or self._link.child is None:
            self._empty_since = None
            return
        self._empty_since = now if self._empty_since is None else self._empty_since
        if now - self._empty_since > EMPTY_SECONDS:
            _log.warning("No worker came back for %g s: all are started anew.", EMPTY_SECONDS)
            self._empty_since = None
            self._link.disconnect()
            self._end_workers()

    def _keep_house(self) -> None:
        """Look after the runs of the store; what goes wrong there says nothing of the workers."""
        try:
            self._housekeeping.look()
        except Exception:
            _log.warning("Old or forgotten runs could not be looked after.", exc_info=True)

    def _end_workers(self) -> None:
        """End workers of our own, and mark what they had."""
        if not self._link.end_child():
            return
        self._workers = []
        if self._closing.is_set():
            return
        try:
            self._watcher.died()
        except StoreError:
            _log.warning("Lost runs could not be marked yet.", exc_info=True)

    def _down(self, reason: str) -> ClusterStatus:
        return ClusterStatus("down", len(self._workers), reason=reason)
