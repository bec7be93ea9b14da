"""Races in real worker processes: shared, killed, stopped, giving way."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from overfit_core.racing.plan import REFERENCE, Member, RacePlan
from overfit_core.racing.results import RaceRun
from overfit_core.settings import Settings
from overfit_core.store import GroupKey, Store
from overfit_core.training import History
from overfit_core.workers import Cluster
from overfit_core.workers.watcher import DIED

from .conftest import SHORT, ended, freeze, until
from .race_plans import PATIENCE, long_plan, many_plan, race_plan, until_race

pytestmark = pytest.mark.cluster


IN_A_PROCESS = """
import pickle, sys
from overfit_core.training import xla
xla.configure()
from overfit_core.racing import RacePlan, race
plan, histories = RacePlan.model_validate_json(sys.stdin.buffer.read()), {}
result = race(
    plan.spec,
    optimizers=plan.optimizers,
    learning_rates=plan.learning_rates,
    seeds=plan.seeds,
    target=plan.target,
    defaults=plan.defaults,
    on_run=lambda run, history: histories.update({run.member: history}),
)
sys.stdout.buffer.write(pickle.dumps((result.runs, histories)))
"""


def in_a_process(plan: RacePlan) -> tuple[list[RaceRun], dict[Member, History]]:
    """``race`` in one process, whose TensorFlow is set up as that of a worker is."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        input=plan.model_dump_json().encode(),
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    runs, histories = pickle.loads(done.stdout)
    return runs, histories


def wait_for_both(cluster: Cluster) -> None:
    deadline = time.monotonic() + PATIENCE
    while sum(worker.imported for worker in cluster.workers()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def start(store: Store, cluster: Cluster, plan: RacePlan, *, reference: bool = False) -> str:
    (race_id,) = store.create_races([plan], reference=reference)
    cluster.submit_race(race_id)
    return race_id


def test_two_workers_share_a_race_and_give_what_one_process_gives(
    store: Store, cluster: Cluster
) -> None:
    wait_for_both(cluster)
    plan = race_plan(1_000)
    race_id = start(store, cluster, plan, reference=True)
    found = until_race(store, race_id, lambda race: race.ended)
    assert [group.status for group in found.groups] == ["finished"] * 3, found
    assert len({group.worker for group in found.groups}) == 2
    runs, histories = in_a_process(plan)
    stored = store.race_runs(race_id)
    times = {"seconds": 0.0, "seconds_to_target": 0.0}
    trained = [replace(run, **times) for run in stored if run.member.optimizer != REFERENCE]
    assert trained == [replace(run, **times) for run in runs]
    kept = store.race_histories(race_id, list(histories))
    for member, history in histories.items():
        assert set(kept[member]) == set(history)
        for column in history:
            np.testing.assert_array_equal(kept[member][column], history[column])


def test_a_killed_worker_takes_its_group_only_and_what_is_missing_is_repeated(
    store: Store, cluster: Cluster
) -> None:
    wait_for_both(cluster)
    race_id = start(store, cluster, many_plan(2))
    found = until_race(store, race_id, lambda race: all(group.done for group in race.groups))
    victim = found.groups[0]
    assert victim.worker is not None
    os.kill(int(victim.worker.partition("#")[2]), signal.SIGKILL)
    found = until_race(store, race_id, lambda race: race.ended)
    assert (found.status, found.groups[0].reason) == ("interrupted", DIED)
    assert found.groups[1].status == "finished"
    before = store.race_runs(race_id)
    assert found.missing == found.total - len(before) > 0
    assert store.repeat_race(race_id)
    cluster.submit_race(race_id)
    found = until_race(store, race_id, lambda race: race.ended)
    assert (found.status, found.done, found.missing) == ("finished", found.total, 0)
    after = {run.member: run for run in store.race_runs(race_id)}
    assert len(after) == found.total
    assert all(after[run.member] == run for run in before), "nothing is trained twice"


def test_a_race_that_is_stopped_ends_at_once_and_frees_its_workers(
    store: Store, cluster: Cluster
) -> None:
    race_id = start(store, cluster, long_plan())
    until_race(store, race_id, lambda race: race.status == "running")
    time.sleep(1.0)
    store.stop_race(race_id)
    found = until_race(store, race_id, lambda race: race.ended, 5.0)
    assert found.status == "stopped"
    run_id = store.create_run(SHORT)
    cluster.submit(run_id)
    assert until(store, run_id, ended).status == "finished"


def test_a_run_comes_before_what_is_left_of_a_race(store: Store, cluster: Cluster) -> None:
    wait_for_both(cluster)
    race_id = start(store, cluster, many_plan(20))
    until_race(store, race_id, lambda race: all(group.done for group in race.groups))
    run_id = store.create_run(SHORT)
    cluster.submit(run_id)
    assert until(store, run_id, ended).status == "finished"
    assert not store.race(race_id).ended
    done = store.race(race_id).done
    # It goes on by itself, in both groups.
    until_race(store, race_id, lambda race: race.done > done + 40)
    until_race(store, race_id, lambda race: {one.status for one in race.groups} == {"running"})


def test_a_run_need_not_wait_for_a_long_run_of_a_race(store: Store, cluster: Cluster) -> None:
    wait_for_both(cluster)
    rates = {"learning_rates": (1e-3,), "seeds": (3,)}
    race_id = start(store, cluster, race_plan(1_000_000, **rates))
    until_race(store, race_id, lambda race: {one.status for one in race.groups} == {"running"})
    time.sleep(1.0)
    run_id = store.create_run(SHORT)
    cluster.submit(run_id)
    # Either takes minutes.
    assert until(store, run_id, ended, 20.0).status == "finished"
    until_race(store, race_id, lambda race: {one.status for one in race.groups} == {"running"})
    (left,) = (run for place in (0, 1) if (run := store.paused_race_run(GroupKey(race_id, place))))
    assert left.history.last_epoch > 0
    assert store.race_runs(race_id) == []
    store.stop_race(race_id)
    until_race(store, race_id, lambda race: race.ended)
    cut = {run.member: run.epochs for run in store.race_runs(race_id)}
    assert cut[left.member] > left.history.last_epoch, "it went on where it was left"


def test_a_worker_that_does_not_answer_a_stop_is_restarted(
    store: Store, cluster: Cluster, settings: Settings
) -> None:
    race_id = start(store, cluster, long_plan())
    found = until_race(store, race_id, lambda race: race.status == "running")
    worker = found.groups[0].worker
    assert worker is not None
    freeze(int(worker.partition("#")[2]), settings)
    store.stop_race(race_id)
    found = until_race(store, race_id, lambda race: race.ended)
    assert found.status == "interrupted"
    assert found.groups[0].reason is not None
    assert "did not answer" in found.groups[0].reason
    wait_for_both(cluster)
