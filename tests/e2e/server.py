"""The real app, started for a test, a benchmark or the picture, and its processes."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from overfit_core.store import ACTIVE, RunFilter, Store

ROOT = Path(__file__).parents[2]
# What `make run` and the Dockerfile start the app with.
AS_MAKE_RUN = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
START_SECONDS = 60


@dataclass(frozen=True)
class App:
    """A running app.

    Attributes:
        url: Where it answers, without a slash at the end.
        process: The web process; workers are among its descendants.
        data_dir: Where its runs are kept.
        log: File that its output goes to.
        answered_after: Seconds from its start until the server answered.
    """

    url: str
    process: psutil.Process
    data_dir: Path
    log: Path
    answered_after: float

    def workers(self) -> list[psutil.Process]:
        """The processes that have TensorFlow loaded, the web process aside."""
        return [child for child in self.process.children(recursive=True) if has_tensorflow(child)]

    def wait_for_workers(self, count: int = 1, seconds: float = 60) -> list[psutil.Process]:
        """The workers, once there are `count` of them.

        Raises:
            TimeoutError: There are fewer after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while len(workers := self.workers()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{len(workers)} workers after {seconds} s:\n{self.log.read_text()}"
                )
            time.sleep(0.2)
        return workers

    def wait_until_warm(self, seconds: float = 120) -> None:
        """Wait until the workers have loaded what they load at start, or `seconds` are over."""
        self.wait_for_workers()
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            quiet = quiet + 1 if _busy(self.workers()) < 0.1 else 0

    def stop_all_runs(self) -> None:
        """Ask every run that goes on to stop, so that the worker is free for the next test."""
        store = Store(f"sqlite:///{self.data_dir / 'runs.sqlite3'}")
        going = [record.id for record in store.find(RunFilter(statuses=ACTIVE))]
        store.set_wish_all(going, "stop")
        for record in store.find(RunFilter()):
            store.stop_check(record.id)
        for race in store.races():
            store.stop_race(race.id)
        store.close()

    def wait_for_ends(self, count: int, seconds: float = 30) -> list[int]:
        """The last epochs of the newest runs, in their order, once these have ended.

        Raises:
            TimeoutError: One of them goes on after `seconds`.
        """
        store = Store(f"sqlite:///{self.data_dir / 'runs.sqlite3'}")
        deadline = time.monotonic() + seconds
        newest = store.find(limit=count)
        while not all(record.ended for record in newest):
            if time.monotonic() > deadline:
                raise TimeoutError(f"After {seconds} s: {[record.status for record in newest]}")
            time.sleep(0.1)
            newest = store.find(limit=count)
        store.close()
        return [record.epoch for record in newest]


def has_tensorflow(process: psutil.Process) -> bool:
    """Whether TensorFlow's library is mapped into the process."""
    try:
        return any("libtensorflow" in mapped.path for mapped in process.memory_maps())
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


@contextmanager
def running_app(
    data_dir: Path | None = None, port: int | None = None, **settings: str
) -> Iterator[App]:
    """Start the app, with its data in a folder of its own, and end it afterwards.

    Args:
        data_dir: Where runs are kept; a temporary folder if not given.
        port: Where it answers; a free one if not given.
        **settings: More environment variables.

    Raises:
        RuntimeError: The server does not answer, with what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="overfit-app-", ignore_cleanup_errors=True) as folder:
        data = data_dir or Path(folder)
        environment = os.environ | AS_MAKE_RUN | {"OVERFIT_DATA_DIR": str(data)} | settings
        port = port or free_port()
        log = Path(folder) / "app.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "streamlit", "run", "app.py"]
            options = [f"--server.port={port}", "--server.address=127.0.0.1"]
            started = time.monotonic()
            process = subprocess.Popen(
                [*command, *options, "--server.headless=true"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_it_answers(url, process, log)
            answered_after = time.monotonic() - started
            yield App(url, psutil.Process(process.pid), data, log, answered_after)
        finally:
            _end(process)


def _busy(processes: list[psutil.Process]) -> float:
    """Share of a core that the processes take, over a second."""
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    time.sleep(1)
    return sum(sum(process.cpu_times()[:2]) for process in processes) - before


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The app did not answer at {url}:\n{log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the app to end; whatever is left after 10 s is killed, its children with it."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in psutil.wait_procs(children, timeout=10)[1]:
        child.kill()
