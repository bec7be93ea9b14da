"""Stores for tests: each in SQLite, and in a PostgreSQL server that is started for them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from overfit_core.store import Store
from overfit_core.training.history import History, Snapshots
from tests.store.postgresql import Server, programs, running_server


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def make_chunk(first: int, last: int, *, snapshots: bool = False) -> History:
    """The epochs first to last of a history in which each value tells its epoch."""
    epochs = np.arange(first, last + 1)
    kept = None
    if snapshots:
        predictions = np.repeat(epochs, 6).reshape(-1, 3, 2).astype(float)
        kept = Snapshots(epochs, predictions, predictions[:, :, 0])
    return History({"loss": 1.0 / epochs, "accuracy": epochs / 1e6}, first, kept)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of our own, started once."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL: install requirements-dev.txt, or Debian's package postgresql")
    with running_server(found) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with no tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.sqlite3'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    store = Store(url, clock)
    yield store
    store.close()
