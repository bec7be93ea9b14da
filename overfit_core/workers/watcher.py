"""Looking after runs from the web side: nothing stays "running" that is not, nothing waits in vain.

Every rule is guarded by the store, so that several web processes may look after the same runs.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from overfit_core.errors import StoreError
from overfit_core.store import LEASE_SECONDS, RunRecord, Store
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.race_watcher import RaceWatcher, RaceWorkers
from overfit_core.workers.recycling import ASKED_SECONDS, Recycling
from overfit_core.workers.warm import address_of

STOP_SECONDS = 1.5
"""A worker that has not answered a stop for so long is restarted; it answers in 0.8 s."""
SILENT_SECONDS = 6.0
"""A worker that told the scheduler nothing for so long is restarted: a process that was stopped in
the middle of writing keeps everybody else from writing to SQLite."""
STUCK_SECONDS = 15.0
"""A worker that is still busy with a run which ended so long ago is restarted."""
MAX_ATTEMPTS = 3
"""A task that fails so often before it takes its run will always fail."""

DIED = (
    "Its worker process died: it was killed, or it needed more memory than it may have. What was "
    "trained until then is kept."
)
NO_ANSWER = (
    "It was stopped, but its worker did not answer and was restarted. What was recorded until "
    "then is kept."
)
NOT_WRITTEN = (
    "The database took nothing from its worker when the run was to end: there is no summary, and "
    "what was recorded until then is kept."
)

_log = logging.getLogger(__name__)


class Workers(RaceWorkers, Protocol):
    """What the watcher needs of a connection."""

    def submit(self, run_id: str) -> None:
        """Have a worker train the run."""

    def failures(self) -> dict[str, str]:
        """Run ids whose tasks failed since the last call, with the error."""

    def submit_check(self, run_id: str) -> None:
        """Have a worker look for the cause of the run."""

    def check_failures(self) -> dict[str, str]:
        """Run ids whose checks failed since the last call, with the error."""

    def workers(self) -> list[WorkerState]:
        """The workers there are."""

    def training(self) -> dict[str, list[str]]:
        """The runs that each worker, by its address, has a task for."""

    def restart(self, address: str) -> None:
        """Restart a worker."""

    def replace(self, address: str, limit: int, seconds: float) -> None:
        """Ask a worker to be replaced by a fresh one."""


class Watcher:
    """The rules, and what they must remember from one look to the next.

    Args:
        store: Where the runs are.
        recycle_bytes: Memory above which a worker is replaced by a fresh one, between two runs.
    """

    def __init__(self, store: Store, recycle_bytes: int) -> None:
        """Nothing is known of any worker yet."""
        self._store = store
        self._recycling = Recycling(recycle_bytes)
        self._races = RaceWatcher(store, stop_seconds=STOP_SECONDS, stuck_seconds=STUCK_SECONDS)
        self._known: set[str] = set()
        self._heard: dict[str, tuple[float, float]] = {}
        self._restarted: set[str] = set()
        self._attempts: Counter[str] = Counter()

    def look(self, connection: Workers) -> list[WorkerState]:
        """Apply all rules once; returns the workers there are."""
        workers = connection.workers()
        names = {worker.name for worker in workers}
        gone, self._known = self._known - names, names
        # Before the store is asked for anything, which a silent worker may be keeping locked.
        self._restart_silent(connection, workers)
        self.died(gone)
        held = self._store.held()
        self._end_unanswered_stops(connection, held)
        self._end_lost(connection, held)
        self._free_stuck(connection, workers)
        waiting = self._submit_waiting(connection)
        self._look_after_checks(connection)
        self._races.look(connection, workers, partial(self._restart, connection))
        busy = {record.worker for record in held if record.worker is not None}
        busy |= set(self._store.running_race_groups().values())
        self._replace_grown(connection, workers, busy, waiting)
        return workers

    def died(self, names: Iterable[str] | None = None) -> None:
        """Interrupt what workers had that are known to be gone; None for all seen last."""
        gone = self._known if names is None else set(names)
        if gone:
            lost = self._store.interrupt_lost(dead_workers=gone, reason=DIED)
            self._store.interrupt_lost_checks(dead_workers=gone)
            self._store.interrupt_lost_race_groups(dead_workers=gone, reason=DIED)
            level = logging.WARNING if lost else logging.INFO
            _log.log(level, "Workers %s are gone, and with them the runs %s.", sorted(gone), lost)
        self._known = self._known - gone

    def _restart_silent(self, connection: Workers, workers: list[WorkerState]) -> None:
        now = time.monotonic()
        heard = {}
        for worker in workers:
            seen, since = self._heard.get(worker.name, (worker.seen, now))
            heard[worker.name] = (worker.seen, since if seen == worker.seen else now)
            # While TensorFlow is being imported a worker may be silent for long.
            if worker.imported and now - heard[worker.name][1] > SILENT_SECONDS:
                self._restart(connection, worker.name)
        self._heard = heard

    def _end_unanswered_stops(self, connection: Workers, held: list[RunRecord]) -> None:
        for record in held:
            asked = record.wish == "stop" and _age(record.wished_at) > STOP_SECONDS
            if (
                asked
                and record.worker
                and self._store.interrupt(record.id, record.worker, NO_ANSWER)
            ):
                self._restart(connection, record.worker)

    def _end_lost(self, connection: Workers, held: list[RunRecord]) -> None:
        """End the runs that nobody gave a sign of life for.

        A worker renews the leases of all runs that it trains at once. One of which it let a lease
        run out while it renews others could not be ended, and the worker is left to the others.
        """
        alive = {run.worker for run in held if run.lease_at and _age(run.lease_at) < LEASE_SECONDS}
        for record in held:
            old = record.lease_at is not None and _age(record.lease_at) > LEASE_SECONDS
            if old and record.worker in alive and record.worker is not None:
                self._store.interrupt(record.id, record.worker, NOT_WRITTEN)
        lost = set(self._store.interrupt_lost())
        for record in held:
            if record.id in lost and record.worker is not None and record.worker not in alive:
                self._restart(connection, record.worker)

    def _free_stuck(self, connection: Workers, workers: list[WorkerState]) -> None:
        names = {worker.address: worker.name for worker in workers}
        for address, run_ids in connection.training().items():
            for run_id in run_ids:
                name = names.get(address)
                if name is not None and self._ended_long_ago(run_id, name):
                    self._restart(connection, name)

    def _ended_long_ago(self, run_id: str, name: str) -> bool:
        """Whether the worker has nothing left of a run and of those that it trains with it."""
        ends = [run.finished_at for run in self._store.together(run_id) if run.worker == name]
        return bool(ends) and all(end is not None and _age(end) > STUCK_SECONDS for end in ends)

    def _restart(self, connection: Workers, name: str) -> None:
        """Restart a worker of ours, once; one of another cluster is another's affair."""
        if name in self._known and name not in self._restarted:
            self._restarted.add(name)
            _log.warning("The worker %s is restarted, it does not answer.", name)
            connection.restart(address_of(name))

    def _replace_grown(
        self, connection: Workers, workers: list[WorkerState], busy: set[str], waiting: bool
    ) -> None:
        chosen = self._recycling.next(workers, busy, waiting)
        if chosen is not None:
            _log.info("The worker %s has %d MB.", chosen.name, chosen.memory // 10**6)
            connection.replace(chosen.address, self._recycling.limit, ASKED_SECONDS)

    def _submit_waiting(self, connection: Workers) -> bool:
        """Submit what waits, one task for a group; tells whether anything does."""
        failures, waiting = connection.failures(), self._store.waiting_groups()
        for run_ids in waiting:
            error = next((failures[run_id] for run_id in run_ids if run_id in failures), None)
            first = run_ids[0]
            if error is not None:
                self._attempts[first] += 1
                if self._attempts[first] >= MAX_ATTEMPTS:
                    del self._attempts[first]
                    self._give_up(run_ids, error)
                    continue
            connection.submit(first)
        return bool(waiting)

    def _look_after_checks(self, connection: Workers) -> None:
        for run_id, error in connection.check_failures().items():
            self._store.give_up_check(run_id, f"No worker could look for it: {error}")
        for worker in set(self._store.interrupt_lost_checks().values()):
            # It beats while it looks: who does not is stuck, and runs would wait behind it.
            self._restart(connection, worker)
        for run_id in self._store.waiting_checks():
            connection.submit_check(run_id)

    def _give_up(self, run_ids: Iterable[str], error: str) -> None:
        reason = f"No worker could start it, the last one said: {error}"
        for run_id in run_ids:
            try:
                self._store.finish(run_id, "failed", reason=reason)
            except StoreError:
                continue


def _age(time: datetime) -> float:
    return (datetime.now(UTC) - time) / timedelta(seconds=1)
