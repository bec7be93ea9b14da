"""Warming a worker up: TensorFlow imported and the presets' programs loaded, before anyone asks."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from distributed import Status, WorkerPlugin

from overfit_core.settings import Settings
from overfit_core.training import xla
from overfit_core.workers.shift import SHIFT

if TYPE_CHECKING:
    from distributed import Worker

METRIC = "overfit"
"""Under this name a worker tells the scheduler of itself."""
ROOM_BYTES = 140 * 10**6
"""So much below the memory at which a worker is replaced no more programs are loaded: what somebody
asks for needs room too, up to 100 MB for the compiler, 10 MB for a network and 30 MB for a search
for a cause."""
CALM_SECONDS = 0.2
"""No run must have come for so long before a program is loaded that nobody asked for."""
LOOK_SECONDS = 2.0
"""How often a busy worker is looked at: it may have grown too large for more programs."""
ABSENT = ("jax", "pandas", "sklearn", "scipy", "PIL")
"""TensorFlow and Keras import these, where they are installed, for wrappers and tables that nobody
uses here: up to 230 MB and two seconds in every worker. Whoever does need one imports it later."""

_log = logging.getLogger(__name__)


class WarmUp:
    """Does the slow first things of a process in a thread, one by one, when no run is on.

    TensorFlow's import comes first, and runs wait for it. Then come the programs; a run waits
    for the one that is just being loaded at most, and the others wait for the run.
    """

    def __init__(self) -> None:
        """Nothing is done yet."""
        self.done = False
        """Whether all of it is over."""
        self.imported = False
        """Whether TensorFlow is there."""
        self._started = False
        self._importing = threading.Lock()
        self._engine = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()

    def start(self, memory: Callable[[], int], ready: Callable[[], object]) -> None:
        """Begin in the background; once a process.

        Args:
            memory: Returns the bytes that this process has.
            ready: Called, from a thread, when TensorFlow is there or cannot be imported.
        """
        if not self._started:
            self._started = True
            work = partial(self._run, memory, ready)
            threading.Thread(target=work, name="warm-up", daemon=True).start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the engine free for a run while the block lasts; ended by the run's end."""
        self._idle.clear()
        try:
            with self._engine:
                yield
        finally:
            _give_memory_back()
            self._idle.set()

    def prepare(self) -> None:
        """Import TensorFlow, in the environment that it needs; the second time costs nothing."""
        with self._importing:
            if not self.imported:
                xla.configure(Settings.load().programs_dir)
                _import_tensorflow()
                # TensorFlow stays: the garbage collector need not look through it, 0.2 s each time.
                gc.freeze()
                self.imported = True

    def _run(self, memory: Callable[[], int], ready: Callable[[], object]) -> None:
        try:
            try:
                self.prepare()
            finally:
                ready()
            enough = Settings.load().worker_recycle_memory * 10**9 - ROOM_BYTES
            for load in _programs():
                if not self._calm_comes(lambda: memory() <= enough):
                    break
                with self._engine:
                    load()
                _give_memory_back()
        except Exception:
            # Nobody asked for anything yet: a run will meet the same error and say it.
            _log.warning("The warm-up ended early.", exc_info=True)
        finally:
            self.done = True

    def _calm_comes(self, room: Callable[[], bool]) -> bool:
        """Wait until no run is on; False as soon as there is no room for more programs.

        A worker that one run after another keeps busy grows by their programs. It has to be done
        here to be replaced.
        """
        while room():
            if self._idle.wait(LOOK_SECONDS):
                # A run that waited for TensorFlow, or for the one before it, comes first.
                time.sleep(CALM_SECONDS)
                if self._idle.is_set():
                    return room()
        return False


WARM_UP = WarmUp()
"""The warm-up of this process."""


def _import_tensorflow() -> None:
    absent = [name for name in ABSENT if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import keras  # noqa: F401  # TensorFlow loads it at first use, which would be later
        import tensorflow as tf
    finally:
        for name in absent:
            del sys.modules[name]
    # It warns of every program that is traced, which is what programs are for.
    tf.get_logger().setLevel(logging.ERROR)


def _programs() -> Iterator[Callable[[], object]]:
    """One call per preset, in their order, that loads its program from disk or compiles it."""
    from overfit_core.presets import PRESETS
    from overfit_core.training.warm_up import warm_up

    for preset in PRESETS.values():
        yield partial(warm_up, preset.spec)


def _give_memory_back() -> None:
    """Return to the system what a compiler left free in the heap, up to 50 MB each time."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


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
        if not WARM_UP.imported:
            # A run that comes meanwhile goes to a worker that need not import anything first.
            worker.status = Status.paused
        ready = partial(worker.loop.add_callback, _resume, worker)
        WARM_UP.start(worker.monitor.get_process_memory, ready)


def _resume(worker: Worker) -> None:
    if worker.status == Status.paused:
        worker.status = Status.running


def _report(worker: Worker) -> dict[str, object]:
    return {
        "name": name_of(worker),
        "imported": WARM_UP.imported,
        "warm": WARM_UP.done,
        "runs": SHIFT.runs,
    }
