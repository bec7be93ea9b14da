"""The web side's hold on the workers' own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import overfit_core
from overfit_core.errors import WorkerError
from overfit_core.settings import Settings

START_SECONDS = 60.0
"""How long the process may take to say its address."""
CLOSE_SECONDS = 3.0
"""How long it may take to end by itself."""


class Child:
    """A process with scheduler and workers in it, that ends with this one.

    Args:
        settings: What the workers shall go by.

    Attributes:
        address: The scheduler's address.
        workers: How many workers it keeps up.

    Raises:
        WorkerError: If it does not come up.
    """

    def __init__(self, settings: Settings) -> None:
        """Start it and wait for its address."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "overfit_core.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(settings),
            # Ctrl-C in the terminal is for the web process; the pipe tells the rest.
            start_new_session=True,
        )
        self.address, self.workers = self._read_first_line()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """What it ended with, a negative number for a signal; None while it runs."""
        return self._process.returncode

    def close(self) -> None:
        """End it, and all its workers with it; again is harmless."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read_first_line(self) -> tuple[str, int]:
        assert self._process.stdout is not None
        overdue = threading.Timer(START_SECONDS, self._process.kill)
        overdue.daemon = True
        overdue.start()
        line = self._process.stdout.readline()
        overdue.cancel()
        try:
            first = json.loads(line)
            return str(first["address"]), int(first["workers"])
        except (ValueError, KeyError, TypeError):
            self.close()
            raise WorkerError(
                f"The worker processes did not start within {START_SECONDS:g} seconds, or ended "
                f"with code {self._process.returncode}; the log of this program says why."
            ) from None


def _environment(settings: Settings) -> dict[str, str]:
    # The package may lie in the working directory of this process only.
    paths = [str(Path(overfit_core.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    # The workers are killed in the end, and what they leave is cleaned up without a word.
    warnings = [os.environ.get("PYTHONWARNINGS", ""), "ignore:resource_tracker"]
    return {
        **os.environ,
        **settings.environment(),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONWARNINGS": ",".join(warning for warning in warnings if warning),
    }
