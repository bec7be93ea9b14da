"""A worker that was lost comes back, whatever it was lost by; real processes."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from distributed.core import rpc

from overfit_core.settings import Settings
from overfit_core.workers.child import Child
from overfit_core.workers.connection import Connection, WorkerState

pytestmark = pytest.mark.cluster

PATIENCE = 60.0
GIVEN_UP_SECONDS = 15.0
"""By default Dask waits for so long for a worker to come back."""


@pytest.fixture(scope="module")
def child(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """One worker, after whom nobody looks but Dask."""
    folder = tmp_path_factory.mktemp("coming-back")
    child = Child(settings.model_copy(update={"workers": 1, "data_dir": folder}))
    yield child
    child.close()


@pytest.fixture
def connection(child: Child, settings: Settings) -> Iterator[Connection]:
    connection = Connection(child.address, settings, lambda: None)
    yield connection
    connection.close()


def come(connection: Connection, after: WorkerState | None = None) -> WorkerState:
    """Wait for the worker, or for the one that follows another."""
    until = time.monotonic() + PATIENCE
    while True:
        for worker in connection.workers():
            if after is None or worker.name != after.name:
                return worker
        assert time.monotonic() < until, "no worker came"
        time.sleep(0.05)


def successor(child: Child, pid: int) -> psutil.Process:
    """Wait for the process that is started in the place of another."""
    until = time.monotonic() + PATIENCE
    while True:
        for process in psutil.Process(child.pid).children():
            # The one before may not have been buried yet.
            with suppress(psutil.NoSuchProcess):
                spawned = any("spawn_main" in part for part in process.cmdline())
                if spawned and process.pid != pid:
                    return process
        assert time.monotonic() < until, "no process was started"
        time.sleep(0.01)


@pytest.mark.exhaustive
def test_a_worker_that_takes_long_to_start_is_waited_for(
    child: Child, connection: Connection
) -> None:
    worker = come(connection)
    pid = int(worker.name.partition("#")[2])
    os.kill(pid, signal.SIGKILL)
    slow = successor(child, pid)
    slow.suspend()
    time.sleep(GIVEN_UP_SECONDS + 1)
    slow.resume()
    assert come(connection, worker).name.endswith(f"#{slow.pid}")


@pytest.mark.exhaustive
def test_a_worker_that_the_scheduler_has_let_go_of_comes_back(connection: Connection) -> None:
    worker = come(connection)
    # At its next sign of life it hears that it is unknown, and has its nanny told that it leaves.
    connection._client.retire_workers([worker.address], close_workers=False)
    assert come(connection, worker)


@pytest.mark.exhaustive
def test_a_worker_whose_nanny_has_ended_is_given_another(connection: Connection) -> None:
    worker = come(connection)
    identity = connection._client.scheduler.identity  # type: ignore[union-attr]
    nanny = connection._client.sync(identity)["workers"][worker.address]["nanny"]

    async def end() -> None:
        async with rpc(nanny) as remote:
            # It closes the connection before it answers.
            with pytest.raises(OSError, match="terminate"):
                await remote.terminate()

    connection._client.sync(end)
    assert come(connection, worker)
