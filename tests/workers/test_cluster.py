"""The real thing: real processes, real TensorFlow, real signals."""

import os
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from overfit_core.settings import Settings
from overfit_core.spec import BatchSpec, RunSpec
from overfit_core.store import RunFilter, Store
from overfit_core.workers import Cluster, ClusterStatus

from .conftest import LONG, SHORT, ended, family, freeze, gone, pid_of, until

pytestmark = pytest.mark.cluster
Submit = Callable[[RunSpec], str]


def test_a_run_is_trained_in_a_worker(store: Store, submit: Submit) -> None:
    run_id = submit(SHORT)
    record = until(store, run_id, ended)
    assert (record.status, record.epoch) == ("finished", 500), record.reason
    assert record.summary is not None
    assert record.summary.memorised_epoch is not None
    history = store.history(run_id)
    assert len(history) == 500
    assert np.isfinite(history["loss"]).all()
    samples = store.samples(run_id)
    assert samples is not None
    assert samples.correct is not None
    assert samples.correct.all()


def test_the_same_spec_gives_the_same_history_in_another_process(
    store: Store, submit: Submit
) -> None:
    ids = [submit(LONG.model_copy(update={"training": SHORT.training})) for _ in range(2)]
    for run_id in ids:
        assert until(store, run_id, ended).status == "finished"
    first, second = (store.history(run_id) for run_id in ids)
    np.testing.assert_array_equal(first["loss"], second["loss"])


def test_a_run_that_cannot_be_trained_fails_with_a_reason(store: Store, cluster: Cluster) -> None:
    run_id = store.create_run(RunSpec(batch=BatchSpec(source="blobs")))
    # As a later version might have stored it: this one cannot read it.
    _spoil(store, run_id)
    cluster.submit(run_id)
    record = until(store, run_id, ended)
    assert record.status == "failed"
    assert record.reason is not None
    assert "unheard-of" in record.reason


def _spoil(store: Store, run_id: str) -> None:
    from sqlalchemy import update

    from overfit_core.store.engine import writing
    from overfit_core.store.tables import RunRow

    spec = store.run(run_id).spec_json.replace('"blobs"', '"unheard-of"')
    with writing(store._engine) as session:
        session.execute(update(RunRow).where(RunRow.id == run_id).values(spec=spec))


def test_submitting_takes_milliseconds(store: Store, cluster: Cluster) -> None:
    times = []
    for _ in range(5):
        run_id = store.create_run(SHORT)
        began = time.perf_counter()
        cluster.submit(run_id)
        times.append(time.perf_counter() - began)
    assert sorted(times)[2] < 0.1


def test_a_stop_is_answered_by_the_worker_itself(store: Store, submit: Submit) -> None:
    run_id = submit(LONG)
    until(store, run_id, lambda record: record.epoch > 0)
    store.set_wish_all([run_id], "stop")
    record = until(store, run_id, ended)
    assert record.status == "stopped"
    assert record.summary is not None
    assert record.summary.epochs == record.epoch == len(store.history(run_id))


def test_runs_that_wait_go_to_whoever_is_free_first(store: Store, submit: Submit) -> None:
    long = submit(LONG)
    until(store, long, lambda record: record.status == "running")
    short = [submit(SHORT) for _ in range(4)]
    for run_id in short:
        assert until(store, run_id, ended).status == "finished"
    assert store.run(long).status == "running"


def test_a_run_that_waits_can_be_stopped_and_is_never_trained(
    store: Store, submit: Submit, cluster: Cluster
) -> None:
    busy = [submit(LONG) for _ in range(2)]
    for run_id in busy:
        until(store, run_id, lambda record: record.status == "running")
    waiting = submit(SHORT)
    time.sleep(1.2)
    assert cluster.status().queued == 1
    assert "1 run waiting" in cluster.status().sentence()
    store.set_wish_all([waiting], "stop")
    assert store.run(waiting).status == "stopped"
    for run_id in busy:
        store.set_wish_all([run_id], "stop")
        until(store, run_id, ended)
    time.sleep(0.5)
    assert store.run(waiting).epoch == 0


def test_a_paused_run_makes_room_for_one_that_waits(store: Store, submit: Submit) -> None:
    paused = [submit(LONG) for _ in range(2)]
    for run_id in paused:
        until(store, run_id, lambda record: record.epoch > 0)
        store.set_wish_all([run_id], "pause")
    waiting = submit(SHORT)
    assert until(store, waiting, ended).status == "finished"
    parked = next(r for r in map(store.run, paused) if r.worker is None)
    assert parked.status == "paused"
    store.step(parked.id, 3)
    record = until(store, parked.id, lambda record: record.epoch == parked.epoch + 3)
    assert len(store.history(record.id)) == record.epoch


def test_a_killed_worker_leaves_its_run_interrupted_and_the_next_run_goes_to_a_ready_one(
    store: Store, submit: Submit, cluster: Cluster
) -> None:
    assert cluster.wait(100, warm=True)
    before = {worker.name for worker in cluster.workers()}
    run_id = submit(LONG)
    record = until(store, run_id, lambda record: record.epoch > 0)
    os.kill(pid_of(record), signal.SIGKILL)
    following = submit(SHORT)
    record = until(store, run_id, ended)
    assert record.status == "interrupted"
    assert record.reason is not None
    assert "died" in record.reason
    assert len(store.history(run_id)) == record.epoch > 0
    ready = until(store, following, ended)
    assert ready.status == "finished"
    # Not the one that comes in its place, which must import TensorFlow first.
    assert ready.worker in before - {record.worker}


@pytest.mark.exhaustive
def test_a_worker_that_does_not_answer_a_stop_is_restarted(
    store: Store, submit: Submit, settings: Settings
) -> None:
    run_id = submit(LONG)
    record = until(store, run_id, lambda record: record.epoch > 0)
    pid = pid_of(record)
    freeze(pid, settings)
    store.set_wish_all([run_id], "stop")
    record = until(store, run_id, ended)
    assert record.status == "interrupted"
    assert record.reason is not None
    assert "did not answer" in record.reason
    assert gone([psutil.Process(pid)], 15)
    assert until(store, submit(SHORT), ended).status == "finished"


def test_workers_are_seen_also_while_the_client_looks_for_itself(cluster: Cluster) -> None:
    connection = cluster._link.connection
    assert connection is not None
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            connection._client.sync(connection._client._update_scheduler_info)

    thread = threading.Thread(target=look)
    thread.start()
    counts = {len(connection.workers()) for _ in range(300)}
    over.set()
    thread.join()
    assert 0 not in counts


def test_everything_listens_on_this_machine_only(cluster: Cluster) -> None:
    assert cluster._link.child is not None
    listening = {
        connection.laddr.ip
        for process in family(cluster._link.child.pid)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_another_web_process_finds_the_run_that_goes_on(
    settings: Settings, store: Store, submit: Submit, cluster: Cluster
) -> None:
    assert cluster._link.child is not None
    elsewhere = settings.model_copy(update={"scheduler": cluster._link.child.address})
    first = Cluster.start(elsewhere)
    assert first.wait()
    run_id = store.create_run(LONG)
    first.submit(run_id)
    epoch = until(store, run_id, lambda record: record.epoch > 0).epoch
    first.close()
    until(store, run_id, lambda record: record.epoch > epoch)

    second_store = Store(settings.store_url)
    second = Cluster.start(elsewhere, second_store)
    assert second.wait()
    (found,) = second_store.find(RunFilter(statuses=["running"]))
    assert found.id == run_id
    until(second_store, run_id, lambda record: record.epoch > found.epoch)
    second_store.set_wish_all([run_id], "stop")
    assert until(second_store, run_id, ended).status == "stopped"
    second.close()
    second_store.close()


@pytest.mark.exhaustive
def test_when_all_workers_processes_are_killed_they_come_back(
    store: Store, submit: Submit, cluster: Cluster
) -> None:
    assert cluster._link.child is not None
    run_id = submit(LONG)
    until(store, run_id, lambda record: record.epoch > 0)
    before = family(cluster._link.child.pid)
    os.kill(cluster._link.child.pid, signal.SIGKILL)
    record = until(store, run_id, ended)
    assert record.status == "interrupted"
    assert gone(before)
    assert until(store, submit(SHORT), ended).status == "finished"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (ClusterStatus(), "The workers are starting."),
        (ClusterStatus("ready", workers=1), "1 worker: ready."),
        (ClusterStatus("ready", 2, warming=1), "2 workers: 1 warming up."),
        (ClusterStatus("ready", 2, busy=2, queued=3), "2 workers: 2 busy, 3 runs waiting."),
        (ClusterStatus("down", reason="No route."), "No workers: No route."),
    ],
)
def test_how_the_workers_are_is_said_in_one_sentence(status: ClusterStatus, sentence: str) -> None:
    assert status.sentence() == sentence


def test_a_scheduler_that_is_not_there_is_said_to_be_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_core.workers.connection.CONNECT_SECONDS", 1.0)
    cluster = Cluster.start(settings.model_copy(update={"scheduler": "tcp://127.0.0.1:9"}))
    deadline = time.monotonic() + 30
    while cluster.status().state == "starting" and time.monotonic() < deadline:
        time.sleep(0.1)
    status = cluster.status()
    cluster.close()
    assert status.state == "down"
    assert status.reason is not None
    assert "127.0.0.1:9" in status.reason
    assert status.sentence().startswith("No workers:")
