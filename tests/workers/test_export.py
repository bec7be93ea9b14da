"""Files that need TensorFlow come from a worker."""

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest
from distributed import Scheduler

from overfit_core.errors import UnknownRunError, WorkerError
from overfit_core.settings import Settings
from overfit_core.spec import RunSpec
from overfit_core.store import RunRecord, Store
from overfit_core.workers import Cluster, export_task
from overfit_core.workers.check_task import GAVE_WAY

from .conftest import LONG, SHORT, ended, until

HOPELESS = RunSpec.load(
    {
        "batch": {"source": "xor"},
        "model": {"layers": [{"kind": "dense", "units": 512, "activation": "tanh"}] * 3},
        "optimizer": {"name": "SGD", "learning_rate": 1e-8},
        "training": {"epochs": 100_000},
    }
)


class FakeConnection:
    """Makes nothing but what it is told to."""

    def __init__(self, answer: bytes | BaseException) -> None:
        self.answer = answer

    def start_export(self, run_id: str, kind: str, seconds: float) -> Self:
        return self

    def result(self, timeout: float) -> bytes:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def release(self) -> None:
        return


def unstarted(tmp_path: Path, answer: bytes | BaseException | None = None) -> Cluster:
    """A cluster whose workers answer so; None: it has none."""
    cluster = Cluster(Settings(data_dir=tmp_path))
    if answer is not None:
        cluster._link.connection = FakeConnection(answer)  # type: ignore[assignment]
        cluster._workers = [object()]  # type: ignore[list-item]
    return cluster


def test_without_workers_it_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"needs a worker\. The workers are starting\."):
        unstarted(tmp_path).export("r", "keras_model")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "within 3 s: all of them are busy"),
        (UnknownRunError("there is no run r"), "^there is no run r$"),
        (KeyError("x"), "could not make the file: 'x'"),
    ],
)
def test_what_goes_wrong_is_said_in_plain_words(
    tmp_path: Path, error: Exception, words: str
) -> None:
    with pytest.raises(WorkerError, match=words):
        unstarted(tmp_path, error).export("r", "keras_model", timeout=3)


def test_the_file_is_what_the_worker_made(tmp_path: Path) -> None:
    cluster = unstarted(tmp_path, b"file")
    assert cluster.export("r", "tensorboard", timeout=9) == b"file"


def test_a_worker_counts_from_its_own_beginning_by_no_clock_of_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    run_id = store.create_run(SHORT)
    now, late = [100.0], []

    def build(_store: Store, _record: RunRecord, should_stop: Callable[[], bool]) -> bytes:
        for seconds in (9.0, 2.0):
            now[0] += seconds
            late.append(should_stop())
        return b"file"

    # The wall clock of this machine is years ahead.
    clocks = SimpleNamespace(monotonic=lambda: now[0], time=lambda: 4e9)
    monkeypatch.setattr(export_task, "time", clocks)
    monkeypatch.setattr(export_task, "own_store", lambda: store)
    monkeypatch.setattr(export_task.WARM_UP, "prepare", lambda: None)
    monkeypatch.setattr(export_task, "_BUILDERS", {"keras_model": build})
    assert export_task.build_export(run_id, "keras_model", 10.0) == b"file"
    assert late == [False, True]
    store.close()


@pytest.mark.cluster
def test_a_worker_makes_the_trained_network(
    cluster: Cluster, store: Store, submit: Callable[[RunSpec], str], tmp_path: Path
) -> None:
    run_id = submit(SHORT)
    assert until(store, run_id, ended).status == "finished"
    path = tmp_path / "model.keras"
    path.write_bytes(cluster.export(run_id, "keras_model"))
    samples = store.samples(run_id)
    assert samples is not None and samples.prediction is not None
    code = f"""
import keras
import numpy as np
model = keras.models.load_model({str(path)!r})
print(model.predict_on_batch(np.array({samples.x.tolist()!r}))[:, 0].tolist())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    predicted = eval(done.stdout.splitlines()[-1])
    assert predicted == pytest.approx(samples.prediction[:, 0].tolist(), rel=1e-5)


@pytest.mark.cluster
def test_a_worker_makes_event_files(
    cluster: Cluster, store: Store, submit: Callable[[RunSpec], str]
) -> None:
    run_id = submit(SHORT)
    until(store, run_id, ended)
    archive = zipfile.ZipFile(io.BytesIO(cluster.export(run_id, "tensorboard")))
    assert [name.partition("/")[0] for name in archive.namelist()] == [run_id]


@pytest.mark.cluster
def test_a_worker_refuses_what_it_cannot_make(cluster: Cluster) -> None:
    with pytest.raises(WorkerError, match="no-such-run"):
        cluster.export("no-such-run", "tensorboard")
    with pytest.raises(WorkerError, match="No worker makes the export 'csv'"):
        cluster.export("no-such-run", "csv")


@pytest.mark.cluster
def test_an_export_waits_for_a_free_worker_and_not_for_ever(
    cluster: Cluster, store: Store, submit: Callable[[RunSpec], str]
) -> None:
    run_ids = [submit(LONG) for _ in cluster.workers()]
    for run_id in run_ids:
        until(store, run_id, lambda record: record.epoch > 0)
    with pytest.raises(WorkerError, match="within 1 s: all of them are busy"):
        cluster.export(run_ids[0], "tensorboard", timeout=1)
    assert _exports(cluster) == [], "the scheduler drops what nobody waits for any more"
    store.set_wish_all([run_ids[0]], "stop")
    until(store, run_ids[0], ended)
    assert cluster.export(run_ids[0], "tensorboard").startswith(b"PK")


@pytest.mark.cluster
def test_of_the_searches_for_a_cause_one_gives_its_worker_to_an_export_that_waits(
    cluster: Cluster, store: Store, submit: Callable[[RunSpec], str]
) -> None:
    exported = submit(SHORT)
    until(store, exported, ended)
    checked = [_checked(cluster, store) for _ in cluster.workers()]
    assert cluster.export(exported, "tensorboard").startswith(b"PK")
    checks = [store.check(run_id) for run_id in checked]
    for run_id in checked:
        store.stop_check(run_id)
    assert [(check.status, check.reason) for check in checks if check] == [
        ("stopped", GAVE_WAY),
        ("running", None),
    ]


def _checked(cluster: Cluster, store: Store) -> str:
    """A run for whose cause a worker looks; its trials take minutes."""
    run_id = store.create_run(HOPELESS)
    store.claim(run_id, "w")
    store.finish(run_id, "finished", worker="w")
    store.ask_check(run_id, 600.0)
    cluster.submit_check(run_id)
    deadline = time.monotonic() + 60.0
    while (check := store.check(run_id)) is None or check.status != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run_id


def _exports(cluster: Cluster) -> list[object]:
    """The exports that the scheduler knows of, a moment later."""
    assert cluster._link.connection is not None
    time.sleep(0.5)
    found = cluster._link.connection._client.run_on_scheduler(_keys_of_exports)
    return list(found)


def _keys_of_exports(dask_scheduler: Scheduler) -> list[object]:
    return [key for key in dask_scheduler.tasks if key[0] == "build_export"]
