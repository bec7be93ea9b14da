"""Several runs in lock-step in a real worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from overfit_core.presets import PRESETS
from overfit_core.spec import OptimizerSpec, RunSpec, TrainingSpec
from overfit_core.store import RunRecord, Store
from overfit_core.training.history import History
from overfit_core.workers import Cluster

from .conftest import ended, pid_of

pytestmark = pytest.mark.cluster
Start = Callable[..., list[str]]
OPTIMIZERS = tuple(OptimizerSpec(name=name) for name in ("Adam", "SGD", "Lion"))


def _specs(epochs: int = 500, optimizers: tuple[OptimizerSpec, ...] = OPTIMIZERS) -> list[RunSpec]:
    training = TrainingSpec(epochs=epochs, seed=1)
    article = PRESETS["article-2"].spec
    return [
        article.model_copy(update={"optimizer": optimizer, "training": training})
        for optimizer in optimizers
    ]


ALONE = """
import sys
from overfit_core import RunSpec, run
from overfit_core.training import xla

xla.configure()
for line in sys.stdin.read().splitlines():
    print(run(RunSpec.load(line)).history.to_arrow().hex())
"""


def _alone(root: Path, specs: list[RunSpec]) -> list[History]:
    """What the specs give by themselves, where TensorFlow is set up as in a worker."""
    lines = "\n".join(spec.to_json() for spec in specs)
    command = [sys.executable, "-c", ALONE]
    done = subprocess.run(command, input=lines, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [History.from_arrow(bytes.fromhex(line)) for line in done.stdout.splitlines()]


@pytest.fixture
def start(cluster: Cluster, store: Store) -> Start:
    """Create a group and give it to the cluster."""

    def start(specs: list[RunSpec], **how: float) -> list[str]:
        ids = store.create_runs(specs, **how)  # type: ignore[arg-type]
        cluster.submit(ids[0])
        return ids

    return start


def _all(
    store: Store, ids: list[str], holds: Callable[[RunRecord], bool], seconds: float = 60.0
) -> list[RunRecord]:
    """Wait until something holds of all runs at one moment."""
    deadline = time.monotonic() + seconds
    while not all(map(holds, records := store.runs_of(ids))):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {records}"
        time.sleep(0.01)
    return records


def _started(record: RunRecord) -> bool:
    return record.epoch > 0


def test_a_group_starts_alike_and_each_trains_as_it_would_alone(
    store: Store, start: Start, root: Path
) -> None:
    specs = _specs()
    ids = start(specs)
    records = _all(store, ids, ended)
    assert {record.status for record in records} == {"finished"}, records
    assert len({record.worker for record in records}) == 1
    assert len({record.batch_hash for record in records}) == 1
    assert len({record.weights_hash for record in records}) == 1
    assert {len(record.weights_hash or "") for record in records} == {64}
    histories = [store.history(run_id) for run_id in ids]
    assert len({float(history["loss"][0]) for history in histories}) == 1
    for alone, history in zip(_alone(root, specs), histories, strict=True):
        assert tuple(history) == tuple(alone)
        for column in alone:
            np.testing.assert_array_equal(history[column], alone[column])


def test_a_run_by_itself_says_what_it_starts_from_too(store: Store, start: Start) -> None:
    alone, others = start(_specs()[:1]), start(_specs())
    hashes = {
        (record.batch_hash, record.weights_hash) for record in _all(store, alone + others, ended)
    }
    assert len(hashes) == 1
    assert None not in hashes.pop()


@pytest.mark.exhaustive
def test_all_are_at_the_same_epoch_at_ten_epochs_a_second(store: Store, start: Start) -> None:
    ids = start(_specs(100_000), pace=10.0)
    _all(store, ids, _started)
    seen, deadline = [], time.monotonic() + 3.0
    while time.monotonic() < deadline:
        epochs = {record.epoch for record in store.runs_of(ids)}
        assert len(epochs) == 1
        seen.append(epochs.pop())
    assert 20 <= seen[-1] - seen[0] <= 40


def test_a_group_pauses_steps_goes_on_and_stops_together(store: Store, start: Start) -> None:
    ids = start(_specs(1_000_000))
    _all(store, ids, _started)
    store.set_wish_all(ids, "pause")
    epoch = _all(store, ids, lambda record: record.status == "paused")[0].epoch
    store.step_all(ids)
    _all(store, ids, lambda record: record.epoch == epoch + 1)
    store.set_wish_all([ids[1]], "stop")
    _all(store, ids[1:2], lambda record: record.status == "stopped")
    store.set_wish_all(ids, "run")
    going = [ids[0], ids[2]]
    _all(store, going, lambda record: record.epoch > epoch + 100)
    store.set_wish_all(going, "stop")
    records = _all(store, ids, ended)
    assert {record.status for record in records} == {"stopped"}
    assert records[1].epoch == epoch + 1 < records[0].epoch == records[2].epoch
    for record in records:
        assert record.summary is not None
        assert record.summary.epochs == record.epoch == len(store.history(record.id))


def test_a_stop_of_twelve_is_answered_with_twelve_summaries(store: Store, start: Start) -> None:
    rates = [OptimizerSpec(name="SGD", learning_rate=rate / 100) for rate in range(1, 13)]
    ids = start(_specs(1_000_000, tuple(rates)))
    _all(store, ids, _started)
    store.set_wish_all(ids, "stop")
    records = _all(store, ids, ended)
    assert {record.status for record in records} == {"stopped"}
    assert all(record.summary is not None for record in records)
    assert len({record.epoch for record in records}) == 1


def test_a_killed_worker_leaves_its_whole_group_interrupted_and_the_next_group_works(
    store: Store, start: Start, cluster: Cluster
) -> None:
    assert cluster.wait(100, warm=True)
    ids = start(_specs(1_000_000))
    records = _all(store, ids, _started)
    os.kill(pid_of(records[0]), signal.SIGKILL)
    following = start(_specs())
    records = _all(store, ids, ended)
    for record in records:
        assert record.status == "interrupted"
        assert "died" in (record.reason or "")
        assert len(store.history(record.id)) == record.epoch == records[0].epoch
    assert {record.status for record in _all(store, following, ended)} == {"finished"}


def test_one_that_diverges_ends_and_the_others_finish(store: Store, start: Start) -> None:
    diverging = PRESETS["learning-rate-too-high"].spec
    specs = [
        diverging.model_copy(update={"optimizer": optimizer})
        for optimizer in (OPTIMIZERS[0], diverging.optimizer, OPTIMIZERS[2])
    ]
    adam, sgd, lion = _all(store, start(specs), ended)
    assert sgd.summary is not None
    assert (sgd.status, sgd.summary.ended) == ("finished", "non_finite")
    assert sgd.epoch == sgd.summary.epochs < 200
    assert (adam.status, adam.epoch) == (lion.status, lion.epoch) == ("finished", 200)


@pytest.mark.exhaustive
def test_a_paused_group_makes_room_and_goes_on_where_it_was(
    store: Store, start: Start, root: Path
) -> None:
    groups = [start(_specs(1_000), pace=20.0) for _ in range(2)]
    for ids in groups:
        _all(store, ids, _started)
        store.set_wish_all(ids, "pause")
    (waiting,) = start(_specs()[:1])
    assert _all(store, [waiting], ended)[0].status == "finished"
    parked = next(ids for ids in groups if store.run(ids[0]).worker is None)
    records = store.runs_of(parked)
    assert {(record.status, record.worker) for record in records} == {("paused", None)}
    assert len({record.epoch for record in records}) == 1
    store.set_pace_all(parked, None)
    store.set_wish_all(parked, "run")
    records = _all(store, parked, ended)
    assert {record.status for record in records} == {"finished"}
    for alone, record in zip(_alone(root, _specs(1_000)), records, strict=True):
        np.testing.assert_array_equal(store.history(record.id)["loss"], alone["loss"])
