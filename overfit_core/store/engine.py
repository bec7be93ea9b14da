"""The way to the database: SQLite in a file, or PostgreSQL, brought up to date on opening."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from overfit_core.errors import StoreError
from overfit_core.migrations import HEAD, upgrade

BUSY_SECONDS = 15
"""How long to wait for another process that is writing."""

_MIGRATION_LOCK = 7_041_776_331
"""Any number that is ours: the advisory lock of PostgreSQL under which one process migrates."""
_ONE_VIEW = {"isolation_level": "REPEATABLE READ"}
"""By itself PostgreSQL shows each statement what was written before it; SQLite does not."""


def open_engine(url: str) -> Engine:
    """Open the database and bring its tables up to date.

    Safe when several processes start at once: one migrates, the others wait for it.

    Raises:
        StoreError: If it cannot be opened, or was made by a later version of this program.
    """
    try:
        engine = _sqlite(url) if make_url(url).get_backend_name() == "sqlite" else _server(url)
    except (ArgumentError, ImportError, OSError) as error:
        raise StoreError(f"The database cannot be opened: {error}") from error
    try:
        with explained():
            _migrate(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads: one consistent view, and it blocks nobody."""
    options = _ONE_VIEW if engine.dialect.name == "postgresql" else {}
    with explained(), Session(engine.execution_options(**options)) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that writes, committed at its end; in SQLite the only one at a time."""
    with explained(), Session(engine.execution_options(writes=True)) as session, session.begin():
        yield session


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the driver raises into a StoreError."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"The database refused: {cause}") from error


def _server(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _without_nul(
    _connection: Connection,
    _cursor: object,
    statement: str,
    parameters: Any,  # noqa: ANN401  # by name or by place, of one row or of many
    _context: object,
    _many: bool,
) -> tuple[str, Any]:
    """Put a replacement character for NUL, which PostgreSQL has in no text.

    The text may come from an address: a run that is called so is not there, as in SQLite, rather
    than an error of the database.
    """
    return statement, _clean(parameters)


def _clean(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_clean(item) for item in value)
    return value


def _sqlite(url: str) -> Engine:
    file = make_url(url).database
    if not file or file == ":memory:":
        raise StoreError(
            "A database in memory cannot be shared with the workers: name a file, sqlite:///FILE."
        )
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Python would start transactions by itself, and not before DDL; _begin does it instead.
    connection.isolation_level = None
    _keep_a_write_ahead_log(connection)
    # SQLite's own knows ASCII only, and would not find "Über" by "über".
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _lower(value: str | float | None) -> str | float | None:
    return value.lower() if isinstance(value, str) else value


def _keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL; once is for good.

    Of several processes that do so with a new file at once, SQLite refuses all but one, without
    waiting for it as it waits for any other writer. What else it refuses, such as a file that
    nobody may write to, will not be otherwise in a moment.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # The lower byte is the kind of error, the rest says more of it.
            waits = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not waits or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    # A reader that starts to write fails at once when somebody wrote in between; a writer that
    # says so from the beginning waits for its turn.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        # Alembic takes a quarter of a second to load: only where there is something to do.
        if _revision(connection) == HEAD:
            return
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        if _revision(connection) != HEAD:
            upgrade(connection)
