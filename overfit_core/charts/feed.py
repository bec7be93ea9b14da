"""What the charts are fed with: the lines of a run, read from the store only once."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock
from typing import Protocol

from overfit_core.charts.lines import Lines
from overfit_core.training.history import History

RUNS_KEPT = 64
"""Runs whose lines are kept at most: a whole comparison, and some of others."""
POINTS_KEPT = 3_000_000
"""Points of all of them at most: 48 MB. Every probe of a deep network makes 200,000 a run."""
RATE_SECONDS = 2.0
"""Stretch of time over which the epochs per second are counted."""
POLL_SECONDS = 0.03


class Recorded(Protocol):
    """The side of the store that is read here."""

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        """Return the epochs after ``after_epoch``."""
        ...


class _Run:
    def __init__(self) -> None:
        self.lock = Lock()
        self.lines = Lines()
        self.seen: deque[tuple[float, int]] = deque(maxlen=64)


class Feed:
    """The lines of the runs that are looked at. Safe to share between threads.

    Args:
        store: Where histories are.
    """

    def __init__(self, store: Recorded) -> None:
        """Read from ``store``."""
        self._store = store
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._lock = Lock()

    def lines(self, run_id: str, last_epoch: int | None = None) -> Lines:
        """Return the lines of a run with all epochs that the store has by now.

        Args:
            run_id: The run.
            last_epoch: The last epoch that the store has, where that is known: then nothing is
                read that is here already.

        Raises:
            StoreError: If the store cannot be read.
        """
        run = self._run(run_id)
        with run.lock:
            if last_epoch is None or run.lines.last_epoch < last_epoch:
                chunk = self._store.history(run_id, run.lines.last_epoch)
                if len(chunk):
                    run.lines = run.lines.then(chunk)
            run.seen.append((time.monotonic(), run.lines.last_epoch))
            return run.lines

    def rate(self, run_id: str) -> float | None:
        """Return the epochs per second of the last two seconds; None where nothing moved."""
        run = self._run(run_id)
        with run.lock:
            recent = [seen for seen in run.seen if run.seen[-1][0] - seen[0] <= RATE_SECONDS]
        if len(recent) < 2 or recent[-1][1] == recent[0][1]:
            return None
        return (recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0])

    def first_lines(self, run_id: str, seconds: float) -> Lines:
        """Return the lines once there is a first epoch, or after so many seconds.

        A small network is done before a page has been drawn: waiting a moment for its first
        chunk shows its curve at once, and not at the next look.

        Raises:
            StoreError: If the store cannot be read.
        """
        deadline = time.monotonic() + seconds
        while not (lines := self.lines(run_id)).last_epoch and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return lines

    def _run(self, run_id: str) -> _Run:
        with self._lock:
            run = self._runs.setdefault(run_id, _Run())
            self._runs.move_to_end(run_id)
            while len(self._runs) > 1 and self._is_full():
                self._runs.popitem(last=False)
            return run

    def _is_full(self) -> bool:
        points = sum(run.lines.points for run in self._runs.values())
        return len(self._runs) > RUNS_KEPT or points > POINTS_KEPT
