"""Whoever starts workers leaves none behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from overfit_core.settings import Settings
from overfit_core.store import Store
from overfit_core.workers import Cluster
from overfit_core.workers import cluster as cluster_module

from .conftest import LONG, ended, family, freeze, gone, pid_of, until

pytestmark = pytest.mark.cluster

WEB = """
import json, signal, sys, time
from overfit_core.settings import Settings
from overfit_core.workers import Cluster

if __name__ == "__main__":
    # A shell that runs the tests in the background has its children ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cluster = Cluster.start(Settings.load())
    assert cluster.wait()
    print(json.dumps({"child": cluster._link.child.pid}), flush=True)
    if sys.argv[1] == "sleep":
        time.sleep(1000)
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A database of this test's own, and one worker."""
    return settings.model_copy(update={"data_dir": tmp_path, "workers": 1})


def _web_process(root: Path, settings: Settings, then: str) -> tuple[subprocess.Popen[bytes], int]:
    web = subprocess.Popen(
        [sys.executable, "-c", WEB, then],
        cwd=root,
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
    )
    assert web.stdout is not None
    child = json.loads(web.stdout.readline())["child"]
    web.stdout.close()
    return web, child


@pytest.mark.few(1)
@pytest.mark.parametrize("end", ["return", signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_web_process_that_ends_leaves_no_process_behind(
    end: signal.Signals | str, root: Path, settings: Settings
) -> None:
    web, child = _web_process(root, settings, "return" if end == "return" else "sleep")
    processes = []
    if isinstance(end, signal.Signals):
        processes = family(child)
        assert len(processes) >= 2
        web.send_signal(end)
    web.wait(20)
    assert gone(processes)
    assert not psutil.pid_exists(child) or gone([psutil.Process(child)])


def test_closing_ends_the_run_and_every_process_also_a_stopped_one(
    settings: Settings,
) -> None:
    store = Store(settings.store_url)
    cluster = Cluster.start(settings, store)
    assert cluster.wait()
    assert cluster._link.child is not None
    run_id = store.create_run(LONG)
    cluster.submit(run_id)
    record = until(store, run_id, lambda record: record.epoch > 0)
    processes = family(cluster._link.child.pid)
    freeze(pid_of(record), settings)

    cluster.close()
    cluster.close()
    assert gone(processes)
    record = store.run(run_id)
    assert record.status == "interrupted"
    assert record.reason is not None
    assert "closed" in record.reason
    store.close()


def test_a_run_whose_program_was_killed_is_found_interrupted_after_the_restart(
    root: Path, settings: Settings
) -> None:
    store = Store(settings.store_url)
    run_id = store.create_run(LONG)
    web, child = _web_process(root, settings, "sleep")
    processes = family(child)
    until(store, run_id, lambda record: record.epoch > 0)
    web.kill()
    web.wait()
    assert gone(processes)

    cluster = Cluster.start(settings, store)
    record = until(store, run_id, ended)
    assert record.status == "interrupted"
    assert len(store.history(run_id)) == record.epoch > 0
    cluster.close()
    store.close()


@pytest.mark.exhaustive
def test_when_no_worker_comes_back_all_are_started_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "EMPTY_SECONDS", 1.0)
    cluster = Cluster.start(settings)
    assert cluster.wait()
    first = cluster._link.child
    look, lost = cluster._watcher.look, [True]
    monkeypatch.setattr(
        cluster._watcher, "look", lambda connection: [] if lost[0] else look(connection)
    )
    deadline = time.monotonic() + 30
    while cluster._link.child is first:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lost[0] = False
    monkeypatch.setattr(cluster_module, "EMPTY_SECONDS", 25.0)
    assert cluster.wait()
    cluster.close()
