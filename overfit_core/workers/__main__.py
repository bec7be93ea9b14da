"""The workers' own process: ``python -m overfit_core.workers``.

Starts a Dask cluster on this machine, prints ``{"address": …, "workers": …}`` as one line, and
ends when its standard input is closed: by a parent that closes it, or that is gone. A Streamlit
script cannot start worker processes itself, they would run it again.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import dask
from distributed import LocalCluster

from overfit_core.settings import Settings
from overfit_core.workers.nanny import LastingNanny, keep_up
from overfit_core.workers.plan import Plan, plan
from overfit_core.workers.quiet import keep_back

LOOPBACK = "127.0.0.1"
CONFIG = {
    # A crash is reported, not repeated three times.
    "distributed.scheduler.allowed-failures": 0,
    # One run to a worker; the others wait at the scheduler, for whoever is free first.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": "60 s",
    # By default a worker that was not back after 15 s, as on a busy machine, is given up for good.
    "distributed.deploy.lost-worker-timeout": "365 days",
    # A worker near its limit must not stand still without a word: it goes on, or is restarted.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.98,
    # Nobody looks at these, and they wake a busy worker a hundred times a second.
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    # A heap for every thread wastes 40 MB of a worker.
    "distributed.nanny.pre-spawn-environ.MALLOC_ARENA_MAX": 2,
}


def main() -> None:
    """Start the cluster, tell its address, wait for the parent to go, leave nothing behind."""
    # Workers inherit these streams: only the one line goes to the parent's pipe.
    parent = os.fdopen(os.dup(1), "w")
    end_quiet = keep_back()
    os.dup2(2, 1)
    folder = Path(tempfile.mkdtemp(prefix="overfit-workers-"))
    try:
        chosen = plan(Settings.load())
        cluster = start(chosen, folder)
        line = {"address": cluster.scheduler_address, "workers": chosen.workers}
        print(json.dumps(line), file=parent, flush=True)
        parent.close()
        sys.stdin.buffer.read()
    except Exception:
        traceback.print_exc()
    finally:
        end(folder)
        end_quiet()
        # Nothing of Dask's is worth waiting for.
        os._exit(0)


def start(chosen: Plan, folder: Path) -> LocalCluster:
    """Start scheduler and workers, reachable from this machine only."""
    dask.config.set(CONFIG)
    # A worker that is replaced is no news, and the watcher tells of one that died.
    logging.getLogger("distributed.nanny").setLevel(logging.ERROR)
    cluster = LocalCluster(
        worker_class=LastingNanny,
        n_workers=chosen.workers,
        threads_per_worker=1,
        processes=True,
        memory_limit=chosen.memory,
        host=LOOPBACK,
        # None and the default would open port 8787 to the network.
        dashboard_address=f"{LOOPBACK}:0",
        worker_dashboard_address=f"{LOOPBACK}:0",
        local_directory=str(folder),
    )
    assert cluster.loop is not None, "it runs"
    cluster.loop.add_callback(keep_up, cluster)
    return cluster


def end(folder: Path) -> None:
    """Kill the workers, also stopped ones: nobody is there to wait for them."""
    for worker in multiprocessing.active_children():
        worker.kill()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
