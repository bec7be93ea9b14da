"""Stores for tests: SQLite always, PostgreSQL where TEST_POSTGRESQL_URL names an empty database."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from overfit_core.store import Store
from overfit_core.training.history import History, Snapshots


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


SERVER = os.environ.get("TEST_POSTGRESQL_URL")


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with no tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'runs.sqlite3'}"
        return
    assert SERVER is not None
    yield SERVER
    engine = create_engine(SERVER)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    store = Store(url, clock)
    yield store
    store.close()
