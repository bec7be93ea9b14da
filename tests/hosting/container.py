"""A container without Docker: the image's own command, as its user, with its own environment."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.hosting.dockerfile import Image, path_of

START_SECONDS = 60
STOP_SECONDS = 10
"""What ``docker stop`` waits before it kills."""


@dataclass(frozen=True)
class Container:
    """A program that runs as a container would.

    Attributes:
        image: What it was started from.
        port: Where it answers, in place of the image's own.
        user: Number of the user that it runs as.
        log: What it printed.
    """

    image: Image
    port: int
    user: int
    log: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def run(self, command: list[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run something beside it, as ``docker exec`` does."""
        return subprocess.run(
            [*_as(self.user), *command],
            cwd=self.image.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def wait_until_healthy(self) -> None:
        """Wait until the image's health check is content.

        Raises:
            RuntimeError: It is not, after ``START_SECONDS`` or an early end.
        """
        deadline = time.monotonic() + START_SECONDS
        while (checked := self.run(self.image.health)).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{checked.stderr}\n{self.log.read_text(errors='replace')}")
            time.sleep(0.1)

    def processes(self) -> list[psutil.Process]:
        """All processes that know its data folder, whoever their parent is by now."""
        return [found for found in psutil.process_iter() if self._owns(found)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            told = process.environ().get("OVERFIT_DATA_DIR")
        except psutil.Error:
            return False
        return told == self.environment["OVERFIT_DATA_DIR"]

    def stop(self) -> int:
        """Ask it to end, as ``docker stop`` does, and return its exit status.

        Raises:
            subprocess.TimeoutExpired: It goes on; Docker would kill it now.
        """
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running(image: Image, python: Path, **settings: str) -> Iterator[Container]:
    """Start the image's command on a free port; whatever is left at the end is killed."""
    user = image.user if os.name == "posix" and os.geteuid() == 0 and _can_switch() else _myself()
    home, scratch = image.inside("home"), image.inside("tmp")
    for folder in (home, scratch, image.volume):
        folder.mkdir(exist_ok=True)
        if user != _myself():
            os.chown(folder, user, user)
    told = {"PATH": path_of(python), "HOME": str(home), "TMPDIR": str(scratch), **image.environment}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    told |= {"STREAMLIT_SERVER_PORT": str(port), **settings}
    log = image.inside("log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_as(user), *image.command],
            cwd=image.folder,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    container = Container(image, port, user, log, process, told)
    try:
        yield container
    finally:
        left = container.processes()
        for found in left:
            found.kill()
        psutil.wait_procs(left, timeout=10)
        process.wait()


def _myself() -> int:
    return os.geteuid() if os.name == "posix" else 0


def _can_switch() -> bool:
    return shutil.which("setpriv") is not None


def _as(user: int) -> list[str]:
    """What to put before a command that another user is to run.

    It may read everything, as the Python of this environment may lie in root's own folder; it
    writes only where that user may.
    """
    if user == _myself():
        return []
    who = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return ["setpriv", *who, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
