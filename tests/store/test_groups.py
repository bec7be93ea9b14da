"""What the store does with several runs at once: all in one transaction."""

import threading

import pytest

from overfit_core.errors import UnknownRunError
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.store import Control, LostRunError, Store

from .conftest import make_chunk

SPECS = [RunSpec(optimizer=OptimizerSpec(name=name)) for name in ("Adam", "SGD", "Lion")]


@pytest.fixture
def ids(store: Store) -> list[str]:
    return store.create_runs(SPECS)


@pytest.fixture
def running(store: Store, ids: list[str]) -> list[str]:
    store.claim_group(ids[0], "w1")
    return ids


def _paused(store: Store, ids: list[str]) -> None:
    store.set_wish_all(ids, "pause")
    store.heartbeat_all(ids, worker="w1", paused=True)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_group_is_taken_as_a_whole_by_whichever_of_its_runs(
    store: Store, ids: list[str], place: int
) -> None:
    alone = store.create_run(RunSpec())
    taken = store.claim_group(ids[place], "w1")
    assert [record.id for record in taken] == ids
    assert {(record.status, record.worker) for record in taken} == {("running", "w1")}
    assert store.waiting() == [alone]
    for run_id in ids:
        with pytest.raises(LostRunError, match="is running"):
            store.claim_group(run_id, "w2")


def test_a_run_without_a_group_is_taken_alone(store: Store, ids: list[str]) -> None:
    alone = store.create_run(RunSpec())
    assert [record.id for record in store.claim_group(alone, "w1")] == [alone]
    assert store.waiting() == ids


def test_only_those_of_a_group_that_wait_are_taken(store: Store, ids: list[str]) -> None:
    store.set_wish_all([ids[0]], "stop")
    assert [record.id for record in store.claim_group(ids[0], "w1")] == ids[1:]
    store.set_wish_all(ids, "stop")
    for run_id in ids[1:]:
        store.finish(run_id, "stopped", worker="w1")
    with pytest.raises(LostRunError, match="is stopped"):
        store.claim_group(ids[1], "w1")
    with pytest.raises(UnknownRunError):
        store.claim_group("no-such-run", "w1")


def test_of_many_workers_that_want_a_group_one_gets_all_of_it(store: Store, ids: list[str]) -> None:
    got: list[tuple[str, int]] = []

    def claim(place: int) -> None:
        try:
            got.append((f"w{place}", len(store.claim_group(ids[place % 3], f"w{place}"))))
        except LostRunError:
            return

    threads = [threading.Thread(target=claim, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [count for _, count in got] == [3]
    assert {store.run(run_id).worker for run_id in ids} == {got[0][0]}


def test_groups_wait_in_one_list_each_oldest_first(store: Store, ids: list[str]) -> None:
    alone = store.create_run(RunSpec())
    assert sorted(store.waiting_groups()) == sorted([ids, [alone]])
    store.set_wish_all([ids[0]], "stop")
    assert ids[1:] in store.waiting_groups()
    store.claim_group(ids[1], "w1")
    assert store.waiting_groups() == [[alone]]


def test_epochs_of_several_runs_are_added_and_their_wishes_read(
    store: Store, running: list[str]
) -> None:
    # Asked of one, meant for all that were started together.
    store.set_pace_all([running[1]], 5.0)
    found = store.append_all({run_id: make_chunk(1, 3) for run_id in running}, worker="w1")
    assert [found[run_id].pace for run_id in running] == [5.0, 5.0, 5.0]
    assert [store.run(run_id).epoch for run_id in running] == [3, 3, 3]
    assert store.history(running[2]).epochs.tolist() == [1, 2, 3]


def test_a_run_that_was_lost_takes_none_of_its_group_with_it(
    store: Store, running: list[str]
) -> None:
    store.interrupt(running[0], "w1", "gone")
    found = store.append_all(
        {running[0]: make_chunk(1, 2), running[1]: make_chunk(1, 2), running[2]: make_chunk(2, 3)},
        worker="w1",
    )
    assert list(found) == [running[1]]
    assert [len(store.history(run_id)) for run_id in running] == [0, 2, 0]
    assert set(store.heartbeat_all(running, worker="w1")) == set(running[1:])
    assert set(store.control_all(running, worker="w1")) == set(running[1:])
    assert store.control_all(running, worker="w2") == {}


def test_leases_of_a_group_are_renewed_at_once(store: Store, running: list[str]) -> None:
    clock = store._now
    clock.forward(7)  # type: ignore[attr-defined]
    store.heartbeat_all(running, worker="w1")
    clock.forward(7)  # type: ignore[attr-defined]
    assert store.interrupt_lost() == []


def test_a_dead_worker_loses_the_whole_group(store: Store, running: list[str]) -> None:
    assert sorted(store.interrupt_lost(dead_workers=["w1"])) == sorted(running)


@pytest.mark.parametrize("disturbance", ["run", "step", "lost"])
def test_all_of_a_group_are_parked_or_none(
    store: Store, running: list[str], disturbance: str
) -> None:
    _paused(store, running)
    if disturbance == "run":
        store.set_wish_all([running[1]], "run")
    elif disturbance == "step":
        store.step(running[1])
    else:
        store.interrupt(running[1], "w1", "gone")
    assert not store.park_all(running, 0, worker="w1")
    assert {store.run(run_id).worker for run_id in running} == {"w1"}


def test_a_parked_group_is_taken_again_as_a_whole(store: Store, running: list[str]) -> None:
    store.step_all(running, 4)
    store.append_all({run_id: make_chunk(1, 4) for run_id in running}, worker="w1", paused=True)
    assert store.park_all(running, 4, worker="w1")
    assert store.waiting() == []
    store.step(running[2])
    assert store.waiting_groups() == [running]
    taken = store.claim_group(running[2], "w2")
    assert [(record.id, record.epoch, record.steps_done) for record in taken] == [
        (run_id, 4, 4) for run_id in running
    ]


def test_wishes_paces_and_steps_reach_all_that_still_go_on(
    store: Store, running: list[str]
) -> None:
    store.finish(running[0], "finished", worker="w1")
    going = running[1:]
    assert store.set_pace_all(running, 10.0) == going
    assert store.step_all(running, 2) == going
    assert store.step_all(running) == going
    assert store.control_all(running) == dict.fromkeys(going, Control("pause", 10.0, 3))
    assert store.set_wish_all(running, "run") == going
    assert store.set_wish_all(running, "stop") == going
    assert store.set_wish_all(running, "run") == []


def test_a_stop_ends_those_that_nobody_has_and_asks_the_others(
    store: Store, ids: list[str]
) -> None:
    parked, queued, going = ids
    for run_id in (parked, going):
        store.claim(run_id, "w1")
    _paused(store, [parked])
    assert store.park_all([parked], 0, worker="w1")
    assert store.set_wish_all(ids, "stop") == ids
    assert [store.run(run_id).status for run_id in ids] == ["stopped", "stopped", "running"]
    assert store.control_all([going])[going].wish == "stop"
    assert store.run(queued).reason is None
    assert store.run(parked).reason is not None


def test_an_unknown_run_among_others_changes_none(store: Store, running: list[str]) -> None:
    for call in (
        lambda ids: store.set_wish_all(ids, "pause"),
        lambda ids: store.step_all(ids),
        lambda ids: store.set_pace_all(ids, 3.0),
    ):
        with pytest.raises(UnknownRunError, match="'no-such-run'"):
            call([running[0], "no-such-run", running[1]])
    assert set(store.control_all(running).values()) == {Control("run", None, 0)}


def test_steps_of_a_group_asked_for_at_once_all_count(store: Store, running: list[str]) -> None:
    orders = [running, running[::-1]] * 5
    threads = [threading.Thread(target=store.step_all, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {control.steps_wanted for control in store.control_all(running).values()} == {10}
