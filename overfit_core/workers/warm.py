"""Warming a worker up: TensorFlow imported and the presets' programs loaded, before anyone asks."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from distributed import WorkerPlugin

from overfit_core.settings import Settings
from overfit_core.training import xla

if TYPE_CHECKING:
    from distributed import Worker

    from overfit_core.spec import RunSpec

METRIC = "overfit"
"""Under this name a worker tells the scheduler of itself."""

_log = logging.getLogger(__name__)


class WarmUp:
    """Does the slow first things of a process in a thread, one by one, when no run is on.

    TensorFlow's import comes first, and a run waits for it. Then come the programs; a run waits
    for the one that is just being loaded at most, and the others wait for the run.
    """

    def __init__(self) -> None:
        """Nothing is done yet."""
        self.done = False
        """Whether all of it is over."""
        self._started = False
        self._engine = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()

    def start(self) -> None:
        """Begin in the background; once a process."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the engine free for a run while the block lasts; ended by the run's end."""
        self._idle.clear()
        try:
            with self._engine:
                yield
        finally:
            self._idle.set()

    def prepare(self) -> None:
        """Set what TensorFlow reads on import, then import it."""
        xla.configure(Settings.load().programs_dir)
        import tensorflow  # noqa: F401  # takes seconds, and is there for the next who asks

    def _run(self) -> None:
        try:
            self.prepare()
            for load in _programs():
                self._idle.wait()
                with self._engine:
                    load()
        except Exception:
            # Nobody asked for anything yet: a run will meet the same error and say it.
            _log.warning("The warm-up ended early.", exc_info=True)
        finally:
            self.done = True


WARM_UP = WarmUp()
"""The warm-up of this process."""


def _programs() -> Iterator[Callable[[], object]]:
    """One call per preset, that loads its program from disk, or compiles it."""
    from overfit_core.presets import PRESETS

    for preset in PRESETS.values():
        yield partial(_load, preset.spec)


def _load(spec: RunSpec) -> None:
    from overfit_core.training.spec_session import SpecSession

    session = SpecSession.from_spec(spec)
    session.advance(1)
    session.summary()


def name_of(worker: Worker) -> str:
    """Return the name that a worker claims runs with: no other, past or present, has it."""
    return f"{worker.address}#{os.getpid()}"


def address_of(name: str) -> str:
    """Return the Dask address in a worker's name."""
    return name.partition("#")[0]


class WarmUpPlugin(WorkerPlugin):
    """Starts the warm-up in every worker, also in one that was restarted, and reports on it."""

    name = "overfit-warm-up"

    def setup(self, worker: Worker) -> None:
        """Called by Dask when a worker starts."""
        worker.metrics[METRIC] = _report
        WARM_UP.start()


def _report(worker: Worker) -> dict[str, object]:
    return {"name": name_of(worker), "warm": WARM_UP.done}
