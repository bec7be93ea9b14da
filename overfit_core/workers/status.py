"""How the workers are, in numbers and in one sentence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from overfit_core.store import Store
from overfit_core.workers.connection import WorkerState


@dataclass(frozen=True)
class ClusterStatus:
    """How the workers are, for the page.

    Attributes:
        state: ``starting`` until they were reached once, ``ready``, or ``down``.
        workers: How many there are.
        warming: How many of them still load what runs need; they take runs, with a delay.
        busy: How many of them have runs, or runs of a race.
        queued: Runs that wait for a worker.
        reason: Why they are down, in plain words; None otherwise.
    """

    state: Literal["starting", "ready", "down"] = "starting"
    workers: int = 0
    warming: int = 0
    busy: int = 0
    queued: int = 0
    reason: str | None = None

    def sentence(self) -> str:
        """Say it in one plain sentence."""
        if self.state == "down":
            return f"No workers: {self.reason}"
        if self.state == "starting" or not self.workers:
            return "The workers are starting."
        count = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        parts = [f"{self.busy} busy"] if self.busy else []
        parts += [f"{self.warming} warming up"] if self.warming else []
        parts += [f"{self.queued} run{'s' if self.queued > 1 else ''} waiting"] * bool(self.queued)
        return f"{count}: {', '.join(parts) or 'ready'}."


def ready(workers: Collection[WorkerState], store: Store) -> ClusterStatus:
    """Return how workers are that can be reached.

    Raises:
        StoreError: If the database cannot be read.
    """
    busy = {*(record.worker for record in store.held()), *store.running_race_groups().values()}
    return ClusterStatus(
        "ready",
        workers=len(workers),
        warming=sum(not worker.warm for worker in workers),
        busy=len(busy - {None}),
        queued=len(store.waiting()),
    )
