"""Stores for tests: each in SQLite, and in a PostgreSQL server that is started for them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.training.history import History, Snapshots
from overfit_core.training.result import RunSummary, Samples
from tests.store.postgresql import Server, programs, running_server

SUMMARY = RunSummary(
    ended="epochs",
    epochs=5,
    loss=0.25,
    compile_seconds=0.5,
    train_seconds=0.01,
    backend="xla",
    parameters=9,
    versions={"keras": "3.15.1"},
)
SAMPLES = Samples(x=np.eye(2), y=np.array([0, 1]), task="multiclass", class_names=("a", "b"))


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class TickingClock(Clock):
    """A second passes whenever somebody asks."""

    def __call__(self) -> datetime:
        self.forward(1)
        return self.time


def make_chunk(first: int, last: int, *, snapshots: bool = False) -> History:
    """The epochs first to last of a history in which each value tells its epoch."""
    epochs = np.arange(first, last + 1)
    kept = None
    if snapshots:
        predictions = np.repeat(epochs, 6).reshape(-1, 3, 2).astype(float)
        kept = Snapshots(epochs, predictions, predictions[:, :, 0])
    return History({"loss": 1.0 / epochs, "accuracy": epochs / 1e6}, first, kept)


def spec(optimizer: str = "Adam", **more: object) -> RunSpec:
    return RunSpec.load({"optimizer": {"name": optimizer}, **more})


def ended(store: Store, run_id: str, loss: object = (1.0, 0.1, 0.01)) -> str:
    """Train a run to its end, and return its id."""
    store.claim(run_id, "w")
    store.append(run_id, History({"loss": np.asarray(loss, float)}), worker="w")
    store.finish(run_id, "finished", worker="w")
    return run_id


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


@pytest.fixture
def running(store: Store) -> str:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w1")
    return run_id


@pytest.fixture
def ticking() -> TickingClock:
    return TickingClock()


@pytest.fixture
def library(url: str, ticking: TickingClock) -> Iterator[Store]:
    """A store in which no two runs are made at the same time."""
    store = Store(url, ticking)
    yield store
    store.close()
