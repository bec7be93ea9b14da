"""The Dask task that makes an export which needs TensorFlow: a run id in, a file out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from overfit_core.errors import WorkerError
from overfit_core.store import RunRecord, Store
from overfit_core.workers.own_store import own_store
from overfit_core.workers.shift import SHIFT
from overfit_core.workers.warm import WARM_UP

ShouldStop = Callable[[], bool]


def build_export(run_id: str, kind: str, seconds: float) -> bytes:
    """Return the file of a run, made in this worker process.

    Args:
        run_id: A run of the store that ``OVERFIT_DATABASE_URL`` or ``OVERFIT_DATA_DIR`` names.
        kind: One of ``overfit_core.exports.EXPORTS`` that needs a worker.
        seconds: How long it may take from now on, by the clock of this machine alone; then it is
            given up. Who asked may have waited as long for a free worker, or be gone: a task that
            nobody waits for any more is dropped by the scheduler, if it has not begun.

    Raises:
        Reschedule: If this process is about to be replaced, so that another one makes it.
        StoreError: If there is no such run.
        WorkerError: If it takes too long, or there is no such kind.
    """
    if kind not in _BUILDERS:
        raise WorkerError(f"No worker makes the export {kind!r}; there are {', '.join(_BUILDERS)}.")
    until = time.monotonic() + seconds
    with SHIFT.run(), WARM_UP.paused():
        WARM_UP.prepare()
        store = own_store()
        return _BUILDERS[kind](store, store.run(run_id), lambda: time.monotonic() > until)


def _keras_model(store: Store, record: RunRecord, should_stop: ShouldStop) -> bytes:
    from overfit_core.exports.trained import keras_model

    return keras_model(record.spec, record.epoch, should_stop)


def _tensorboard(store: Store, record: RunRecord, should_stop: ShouldStop) -> bytes:
    from overfit_core.exports.trained import tensorboard_files

    return tensorboard_files(store.history(record.id), record.name or record.id)


_BUILDERS: Mapping[str, Callable[[Store, RunRecord, ShouldStop], bytes]] = MappingProxyType(
    {"keras_model": _keras_model, "tensorboard": _tensorboard}
)
