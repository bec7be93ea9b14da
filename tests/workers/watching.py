"""What the watcher is tried with: workers that do nothing, and a clock that is late."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.watcher import Watcher


class FakeWorkers:
    """A connection that remembers what it was asked for."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.seen = 0.0
        self.imported = True
        self.submitted: list[str] = []
        self.checks: list[str] = []
        self.race_groups: list[str] = []
        self.restarted: list[str] = []
        self.failed: dict[str, str] = {}
        self.failed_checks: dict[str, str] = {}
        self.failed_races: dict[str, str] = {}
        self.race_tasks: dict[str, list[str]] = {}
        self.tasks: dict[str, list[str]] = {}
        self.replaced: list[tuple[str, int]] = []
        self.memory = 0

    def submit(self, run_id: str) -> None:
        self.submitted.append(run_id)

    def failures(self) -> dict[str, str]:
        failed, self.failed = self.failed, {}
        return failed

    def submit_check(self, run_id: str) -> None:
        self.checks.append(run_id)

    def check_failures(self) -> dict[str, str]:
        failed, self.failed_checks = self.failed_checks, {}
        return failed

    def submit_race_group(self, name: str) -> None:
        self.race_groups.append(name)

    def race_failures(self) -> dict[str, str]:
        failed, self.failed_races = self.failed_races, {}
        return failed

    def racing(self) -> dict[str, list[str]]:
        return self.race_tasks

    def workers(self) -> list[WorkerState]:
        return [
            WorkerState(
                name, name.partition("#")[0], self.seen, self.imported, True, 1, self.memory
            )
            for name in self.names
        ]

    def training(self) -> dict[str, list[str]]:
        return self.tasks

    def restart(self, address: str) -> None:
        self.restarted.append(address)

    def replace(self, address: str, limit: int, seconds: float) -> None:
        self.replaced.append((address, limit))


class Clock:
    """The store's clock: behind the true time by as much as is said."""

    behind = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) - timedelta(seconds=self.behind)

    @contextmanager
    def ago(self, seconds: float) -> Iterator[None]:
        """What the store is told in the block happened so long ago."""
        self.behind = seconds
        yield
        self.behind = 0.0


def late_clock() -> Clock:
    """That clock, for ``pytest.fixture``."""
    return Clock()


def late_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store by that clock, for ``pytest.fixture``."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}", clock)
    yield store
    store.close()


def its_watcher(store: Store) -> Watcher:
    """The watcher of a store, for ``pytest.fixture``."""
    return Watcher(store, recycle_bytes=800)


def claimed(store: Store, worker: str) -> str:
    """A run that a worker has taken just now."""
    run_id = store.create_run(RunSpec())
    store.claim(run_id, worker)
    return run_id


def claimed_group(store: Store, worker: str, count: int) -> list[str]:
    """A group that a worker has taken just now."""
    ids = store.create_runs([RunSpec()] * count)
    store.claim_group(ids[0], worker)
    return ids
