"""When a worker process may leave: between two runs, never during one."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from distributed import Reschedule, Status

if TYPE_CHECKING:
    from distributed import Worker

LEAVE_SECONDS = 5.0
"""How long the scheduler may take to hear of a leave; then the process ends all the same."""
NOTICE_SECONDS = 1.0
"""How long the end of the last run may take to be noticed."""


class Shift:
    """The runs that this process takes, and its leave.

    Whoever asks for a leave does not know whether a run is just being placed here. So the two
    meet in a lock of this process: it leaves when it has no run, and takes none from then on.
    """

    def __init__(self) -> None:
        """Nothing was done yet."""
        self.runs = 0
        """How many runs were taken."""
        self.over = False
        """Whether it takes none any more."""
        self._lock = threading.Lock()
        self._busy = False
        self._wanted: Callable[[], bool] = lambda: False
        self._leave: Callable[[], None] = lambda: None

    @contextmanager
    def run(self) -> Iterator[None]:
        """Take a run while the block lasts.

        Raises:
            Reschedule: If this process is leaving: Dask places the task again.
        """
        with self._lock:
            if self.over:
                raise Reschedule
            self._busy = True
            self.runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy = False
                self._leave_if_wanted()

    def end(self, leave: Callable[[], None], wanted: Callable[[], bool]) -> None:
        """Leave now, or after the run that is on.

        Args:
            leave: Makes the process end; must not wait.
            wanted: Whether to leave; asked now, or when the run is over.
        """
        with self._lock:
            self._leave, self._wanted = leave, wanted
            self._leave_if_wanted()

    def _leave_if_wanted(self) -> None:
        if not self._busy and not self.over and self._wanted():
            self.over = True
            self._leave()


SHIFT = Shift()
"""The shift of this process."""


def end_shift(limit: int, seconds: float, dask_worker: Worker) -> None:
    """Have this worker's nanny replace it, between two runs, by a fresh one.

    Args:
        limit: It stays if it has at most so many bytes of memory by then.
        seconds: It stays if the run that it has takes longer than this from now.
        dask_worker: This worker, given by Dask.
    """
    if dask_worker.nanny is None:
        return
    until = time.monotonic() + seconds

    def wanted() -> bool:
        return time.monotonic() < until and dask_worker.monitor.get_process_memory() > limit

    SHIFT.end(partial(dask_worker.loop.add_callback, _leave, dask_worker), wanted)


async def _leave(worker: Worker) -> None:
    """End this process; the scheduler hears of it first, and places elsewhere what it had here."""
    # Once the scheduler has let go of it, Dask would tell the nanny not to start another one.
    worker.nanny = None
    try:
        await asyncio.wait_for(_retire(worker), LEAVE_SECONDS)
    finally:
        # Taking TensorFlow down in order takes two seconds, and there is nothing left to save.
        os._exit(0)


async def _retire(worker: Worker) -> None:
    # Nothing more is placed here; and a task whose end nobody noticed would be done again.
    worker.status = Status.paused
    until = time.monotonic() + NOTICE_SECONDS
    while (worker.data or worker.state.executing) and time.monotonic() < until:
        await asyncio.sleep(0.01)
    await worker.scheduler.retire_workers(workers=[worker.address], close_workers=False)
