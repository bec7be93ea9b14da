"""How large workers become: one that has grown is replaced between two runs; real processes."""

import time
from pathlib import Path

import psutil
import pytest

from overfit_core.settings import Settings
from overfit_core.store import Store
from overfit_core.workers import Cluster

from .conftest import LONG, SHORT, ended, gone, pid_of, until

pytestmark = pytest.mark.cluster


def test_a_worker_that_has_grown_is_replaced_after_its_run_and_no_run_is_lost(
    settings: Settings, tmp_path: Path
) -> None:
    # Every worker is larger than this; there is one only, so that the next run has to wait for it.
    low = {"worker_recycle_memory": 0.1, "workers": 1, "data_dir": tmp_path}
    settings = settings.model_copy(update=low)
    store = Store(settings.store_url)
    cluster = Cluster.start(settings, store)
    assert cluster.wait(warm=True)

    held = store.create_run(LONG)
    cluster.submit(held)
    until(store, held, lambda record: record.epoch > 0)
    store.set_wish_all([held], "pause")
    paused = until(store, held, lambda record: record.status == "paused")
    time.sleep(1.5)
    old = psutil.Process(pid_of(paused))
    assert old.is_running(), "it has a run"

    store.set_wish_all([held], "stop")
    records = [until(store, held, ended)]
    while not records[1:] or records[-1].worker == paused.worker:
        run_id = store.create_run(SHORT)
        cluster.submit(run_id)
        records.append(until(store, run_id, ended))
    assert {record.status for record in records[1:]} == {"finished"}
    assert records[0].status == "stopped"
    assert gone([old], 0.1)
    cluster.close()
    store.close()


@pytest.mark.exhaustive
def test_a_warm_worker_stays_below_the_memory_at_which_it_is_replaced(
    settings: Settings, tmp_path: Path
) -> None:
    limit = Settings().worker_recycle_memory
    update = {"worker_recycle_memory": limit, "workers": 1, "data_dir": tmp_path}
    cluster = Cluster.start(settings.model_copy(update=update))
    assert cluster.wait(warm=True)
    (worker,) = cluster.workers()
    assert worker.memory < limit * 1e9 < 0.9e9
    cluster.close()
