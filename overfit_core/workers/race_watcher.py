"""Looking after races from the web side: what waits is placed, what was lost is marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from overfit_core.store import GroupKey, Store
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.giving_way import group_key, group_name

MAX_ATTEMPTS = 3
"""A task that fails so often before it takes its group will always fail."""
NO_ANSWER = (
    "It was stopped, but its worker did not answer and was restarted. What was trained until then "
    "is kept."
)


class RaceWorkers(Protocol):
    """What is needed of a connection."""

    def submit_race_group(self, name: str) -> None:
        """Have a worker train the group of a race."""

    def race_failures(self) -> dict[str, str]:
        """Groups of races whose tasks failed since the last call, with the error."""

    def racing(self) -> dict[str, list[str]]:
        """The groups of races that each worker, by its address, has a task for."""


class RaceWatcher:
    """The rules for races; see ``Watcher``.

    Args:
        store: Where the races are.
        stop_seconds: A worker that has not answered a stop for so long is restarted.
        stuck_seconds: So is one that is still busy with a group that ended so long ago.
    """

    def __init__(self, store: Store, *, stop_seconds: float, stuck_seconds: float) -> None:
        """Nothing has failed yet."""
        self._store = store
        self._stop_seconds = stop_seconds
        self._stuck = timedelta(seconds=stuck_seconds)
        self._attempts: Counter[GroupKey] = Counter()

    def look(
        self,
        connection: RaceWorkers,
        workers: Iterable[WorkerState],
        restart: Callable[[str], None],
    ) -> None:
        """Apply all rules once.

        Args:
            connection: The way to the workers.
            workers: Those there are.
            restart: Restarts one, by its name.
        """
        lost = self._store.interrupt_lost_race_groups()
        # It beats while it trains: who does not is stuck, and runs would wait behind it.
        for worker in {*lost.values(), *self._unanswered(), *self._stuck_ones(connection, workers)}:
            restart(worker)
        self._submit(connection)

    def _unanswered(self) -> set[str]:
        """End the groups that were asked to stop in vain; returns their workers."""
        silent = self._store.unanswered_race_stops(self._stop_seconds)
        return {
            worker
            for key, worker in silent.items()
            if self._store.end_race_group(key, worker, "interrupted", reason=NO_ANSWER)
        }

    def _stuck_ones(self, connection: RaceWorkers, workers: Iterable[WorkerState]) -> Iterable[str]:
        names = {worker.address: worker.name for worker in workers}
        for address, groups in connection.racing().items():
            for name in groups:
                if address in names and self._ended_long_ago(name, names[address]):
                    yield names[address]

    def _ended_long_ago(self, name: str, worker: str) -> bool:
        """Whether a worker has nothing left of a group that it has a task for."""
        group = self._store.race_group(group_key(name))
        if group is None or group.worker != worker or group.finished_at is None:
            return False
        return datetime.now(UTC) - group.finished_at > self._stuck

    def _submit(self, connection: RaceWorkers) -> None:
        failures = connection.race_failures()
        for key in self._store.waiting_race_groups():
            error = failures.get(group_name(key))
            if error is not None:
                self._attempts[key] += 1
                if self._attempts[key] >= MAX_ATTEMPTS:
                    del self._attempts[key]
                    reason = f"No worker could start it, the last one said: {error}"
                    self._store.give_up_race_group(key, reason)
                    continue
            connection.submit_race_group(group_name(key))
