"""A real cluster with two workers, shared by the tests that need one."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from overfit_core.settings import Settings
from overfit_core.spec import RunSpec, TrainingSpec
from overfit_core.store import RunFilter, RunRecord, Store
from overfit_core.workers import Cluster

from .race_plans import until_race

LONG = RunSpec(training=TrainingSpec(epochs=1_000_000, probes=()))
"""Takes minutes."""
SHORT = RunSpec()
"""Takes a tenth of a second."""


def until(
    store: Store, run_id: str, holds: Callable[[RunRecord], bool], seconds: float = 60.0
) -> RunRecord:
    """Wait until something holds of a run, and return it as it is then."""
    deadline = time.monotonic() + seconds
    while not holds(record := store.run(run_id)):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {record}"
        time.sleep(0.01)
    return record


def ended(record: RunRecord) -> bool:
    return record.ended


def pid_of(record: RunRecord) -> int:
    """The worker process that has the run."""
    assert record.worker is not None
    return int(record.worker.partition("#")[2])


def freeze(pid: int, settings: Settings) -> None:
    """Stop a process with a signal, between two of its visits to the store.

    In the middle of one it would keep the database locked, and nobody could ask it for anything.
    """
    database = make_url(settings.store_url).database
    assert database is not None
    process = psutil.Process(pid)
    while True:
        process.suspend()
        while process.status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        if _free(database):
            return
        process.resume()
        time.sleep(0.02)


def _free(database: str) -> bool:
    """Whether a SQLite database can be written at once, or as soon as somebody else has written."""
    with contextlib.closing(sqlite3.connect(database, timeout=1.0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def gone(processes: list[psutil.Process], seconds: float = 5.0) -> bool:
    """Whether all these processes end in time; one that nobody buried counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(_alive(process) for process in processes):
            return True
        time.sleep(0.05)
    return False


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    programs = Path(os.environ["OVERFIT_CACHE_DIR"])
    folder = tmp_path_factory.mktemp("cluster")
    # None is replaced in the middle of a test, except where that is what the test is about.
    return Settings(data_dir=folder, cache_dir=programs, workers=2, worker_recycle_memory=8.0)


@pytest.fixture(scope="session")
def store(settings: Settings) -> Iterator[Store]:
    store = Store(settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def cluster(settings: Settings, store: Store) -> Iterator[Cluster]:
    cluster = Cluster.start(settings, store)
    assert cluster.wait()
    yield cluster
    cluster.close()


@pytest.fixture
def submit(cluster: Cluster, store: Store) -> Callable[[RunSpec], str]:
    """Create a run and give it to the cluster."""

    def submit(spec: RunSpec) -> str:
        run_id = store.create_run(spec)
        cluster.submit(run_id)
        return run_id

    return submit


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Stop what a test of the shared cluster left behind."""
    yield
    if "cluster" in request.fixturenames:
        store: Store = request.getfixturevalue("store")
        for race in store.races():
            store.stop_race(race.id)
            until_race(store, race.id, lambda race: race.ended)
        for record in store.find(RunFilter(statuses=["queued", "running", "paused"])):
            store.set_wish_all([record.id], "stop")
            until(store, record.id, ended)
