"""Which worker is replaced by a fresh one, and when.

TensorFlow frees no program that it compiled: a worker grows by about 10 MB with every new network.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from overfit_core.workers.connection import WorkerState

ASKED_SECONDS = 5.0
"""How long a worker that was asked to go may go on with the run that it has; then the question is
put again, to the worker that it suits best by then."""
BACK_SECONDS = 60.0
"""After so long a worker that went is no longer waited for."""
OVERDUE_BYTES = 40 * 10**6
"""So far above the limit a worker goes even if runs have to wait for that."""


@dataclass(frozen=True)
class _Asked:
    name: str
    at: float
    workers: int


class Recycling:
    """Chooses one worker at a time.

    Args:
        limit: Memory in bytes above which a worker is replaced.
    """

    def __init__(self, limit: int) -> None:
        """Nobody was asked yet."""
        self.limit = limit
        self._asked: _Asked | None = None

    def next(
        self, workers: list[WorkerState], busy: Collection[str], waiting: bool
    ) -> WorkerState | None:
        """Return the worker to be asked to go between two runs, or None.

        Args:
            workers: All there are.
            busy: Names of those that have a run; these go when it is over.
            waiting: Whether runs wait for a worker.
        """
        ready = {worker.name for worker in workers if worker.imported} - set(busy)
        # Without a run since its start, a fresh one would be as large.
        grown = [w for w in workers if w.warm and w.runs and w.memory > self.limit]
        if not grown or self._under_way(workers):
            return None
        chosen = min(grown, key=lambda worker: (worker.name in busy, -worker.memory))
        needed = waiting and len(workers) > 1 and not ready - {chosen.name}
        if needed and chosen.memory <= self.limit + OVERDUE_BYTES:
            return None
        self._asked = _Asked(chosen.name, time.monotonic(), len(workers))
        return chosen

    def _under_way(self, workers: list[WorkerState]) -> bool:
        """Whether a worker that was asked may still go, or is not back yet."""
        if self._asked is None:
            return False
        age = time.monotonic() - self._asked.at
        if any(worker.name == self._asked.name for worker in workers):
            return age < ASKED_SECONDS
        back = sum(worker.imported for worker in workers) >= self._asked.workers
        return not back and age < BACK_SECONDS
