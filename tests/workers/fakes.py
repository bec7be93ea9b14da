"""A session that trains nothing: what the loop does with one is tried without TensorFlow."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from overfit_core.spec import OptimizerSpec, RunSpec, TrainingSpec
from overfit_core.store import RunRecord, Store
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples
from overfit_core.workers.loop import train
from overfit_core.workers.member import SessionFactory

PATIENCE = 30.0
"""How long something may take on a machine that is busy, in seconds."""
NAMES = ("Adam", "SGD", "Lion")


def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A store of a test's own, for ``pytest.fixture``: that of conftest.py is the cluster's."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    yield store
    store.close()


def create(store: Store, epochs: int) -> str:
    """Put a run into the queue."""
    return store.create_run(RunSpec(training=TrainingSpec(epochs=epochs)))


def specs(*epochs: int) -> list[RunSpec]:
    """Three runs for a group, of different optimizers."""
    return [
        RunSpec(optimizer=OptimizerSpec(name=name), training=TrainingSpec(epochs=count))
        for name, count in zip(NAMES, epochs, strict=True)
    ]


def raiser(error: Exception) -> Callable[..., None]:
    """Something that always goes wrong in this way."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


class FakeSession:
    """The loss of epoch e is 1 / e; compiling and every epoch take as long as is said.

    Compiling may last until something is ``compiled``, so that a test sees what happens meanwhile
    on a slow machine too.
    """

    def __init__(
        self,
        spec: RunSpec,
        *,
        compile_seconds: float = 0.0,
        epoch_seconds: float = 0.0,
        fails_at: tuple[int, Exception] | None = None,
        compiled: threading.Event | None = None,
    ) -> None:
        self.epoch = 0
        self.total = spec.training.epochs
        self.asked: list[int] = []
        self._compile_seconds = compile_seconds
        self._epoch_seconds = epoch_seconds
        self._fails_at = fails_at
        self._compiled = compiled

    @property
    def batch_hash(self) -> str:
        return "b" * 64

    @property
    def weights_hash(self) -> str:
        return "a" * 64

    @property
    def finished(self) -> bool:
        return self.epoch >= self.total

    def compile(self) -> None:
        time.sleep(self._compile_seconds)
        assert self._compiled is None or self._compiled.wait(PATIENCE)

    def advance(self, epochs: int) -> History:
        assert epochs >= 1
        self.asked.append(epochs)
        epochs = min(epochs, self.total - self.epoch)
        if self._fails_at is not None and self.epoch + epochs >= self._fails_at[0]:
            raise self._fails_at[1]
        time.sleep(epochs * self._epoch_seconds)
        first, self.epoch = self.epoch + 1, self.epoch + epochs
        return History({"loss": 1.0 / np.arange(first, self.epoch + 1)}, first)

    def summary(self, *, stopped: bool = False) -> RunSummary:
        return RunSummary(
            ended="stopped" if stopped else "epochs",
            epochs=self.epoch,
            loss=1.0 / (self.epoch + 1),
            compile_seconds=0.0,
            train_seconds=0.0,
            backend="tensorflow",
            parameters=1,
            versions={},
        )

    def samples(self) -> Samples:
        return Samples(np.eye(2), np.array([[0.0], [1.0]]), "binary")


class Background:
    """A worker in a thread."""

    def __init__(self, store: Store, run_id: str, make: SessionFactory, worker: str = "w") -> None:
        self._store, self._run_id = store, run_id
        self._thread = threading.Thread(
            target=train, args=(store, run_id, worker, make), daemon=True
        )
        self._thread.start()

    def until(self, holds: Callable[[RunRecord], bool], seconds: float = PATIENCE) -> RunRecord:
        deadline = time.monotonic() + seconds
        while not holds(record := self._store.run(self._run_id)):
            assert time.monotonic() < deadline, record
            time.sleep(0.005)
        return record

    def join(self) -> RunRecord:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self._store.run(self._run_id)


def slow(spec: RunSpec) -> FakeSession:
    """A session whose epochs take a millisecond."""
    return FakeSession(spec, epoch_seconds=1e-3)


def records(store: Store, ids: list[str]) -> list[RunRecord]:
    """The runs of a group as they are at one moment."""
    group_id = store.run(ids[0]).group_id
    assert group_id is not None
    records = store.group(group_id)
    assert [record.id for record in records] == ids
    return records


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def until(
    store: Store, ids: list[str], holds: Callable[[RunRecord], bool], seconds: float = PATIENCE
) -> list[RunRecord]:
    """Wait until something holds of every run of a group."""
    deadline = time.monotonic() + seconds
    while not all(map(holds, found := records(store, ids))):
        assert time.monotonic() < deadline, found
        time.sleep(0.005)
    return found


def stop(store: Store, ids: list[str], worker: Background) -> None:
    """Stop a group that goes on."""
    store.set_wish_all(ids, "stop")
    worker.join()
    assert {record.status for record in records(store, ids)} == {"stopped"}


def stop_rest(store: Store, ids: list[str], worker: Background) -> None:
    """Stop those of a group that go on."""
    store.set_wish_all(ids, "stop")
    worker.join()
