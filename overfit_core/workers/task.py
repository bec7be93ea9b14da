"""The Dask task: a run id in, nothing out; all else goes through the store."""

from __future__ import annotations

from distributed import get_worker

from overfit_core.spec import RunSpec
from overfit_core.workers.loop import train
from overfit_core.workers.member import Trainable
from overfit_core.workers.own_store import own_store
from overfit_core.workers.shift import SHIFT
from overfit_core.workers.warm import WARM_UP, name_of


def train_run(run_id: str) -> None:
    """Train the run, and with it the others of its group, in this worker process.

    Args:
        run_id: A run that waits in the store that ``OVERFIT_DATABASE_URL`` or
            ``OVERFIT_DATA_DIR`` names.

    Raises:
        Reschedule: If this process is about to be replaced, so that another one trains it.
    """
    with SHIFT.run(), WARM_UP.paused():
        train(own_store(), run_id, name_of(get_worker()), _session)


def _session(spec: RunSpec) -> Trainable:
    WARM_UP.prepare()
    from overfit_core.training.spec_session import SpecSession

    return SpecSession(spec)
