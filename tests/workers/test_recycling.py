import pytest

from overfit_core.workers import recycling as rules
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.recycling import Recycling

MB = 10**6
LIMIT = 800 * MB


def worker(
    name: str, memory: int, *, runs: int = 1, warm: bool = True, imported: bool = True
) -> WorkerState:
    return WorkerState(f"tcp://{name}#1", f"tcp://{name}", 0.0, imported, warm, runs, memory * MB)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(rules.time, "monotonic", lambda: now[0])
    return now


def test_a_worker_above_the_limit_is_chosen_and_the_biggest_first() -> None:
    workers = [worker("a", 801), worker("b", 900), worker("c", 700)]
    assert Recycling(LIMIT).next(workers, (), False) == workers[1]
    assert Recycling(LIMIT).next([worker("a", 800)], (), False) is None


def test_one_that_has_a_run_comes_after_those_that_have_none() -> None:
    workers = [worker("a", 801), worker("b", 900)]
    assert Recycling(LIMIT).next(workers, {"tcp://b#1"}, False) == workers[0]
    assert Recycling(LIMIT).next(workers[1:], {"tcp://b#1"}, True) == workers[1]


@pytest.mark.parametrize("fresh", [worker("a", 900, runs=0), worker("a", 900, warm=False)])
def test_a_worker_that_had_no_run_yet_or_is_not_warm_is_left_alone(fresh: WorkerState) -> None:
    assert Recycling(LIMIT).next([fresh], (), False) is None


def test_while_runs_wait_the_last_ready_worker_stays_unless_it_is_far_above() -> None:
    busy = {"tcp://b#1"}
    workers = [worker("a", 810), worker("b", 700)]
    assert Recycling(LIMIT).next(workers, busy, True) is None
    assert Recycling(LIMIT).next(workers, (), True) == workers[0], "another one is ready"
    assert Recycling(LIMIT).next(workers[:1], (), True) == workers[0], "there is no other"
    workers[0] = worker("a", 841)
    assert Recycling(LIMIT).next(workers, busy, True) == workers[0]


def test_a_worker_that_has_not_imported_tensorflow_is_not_ready() -> None:
    workers = [worker("a", 810), worker("b", 300, imported=False, warm=False)]
    assert Recycling(LIMIT).next(workers, (), True) is None


def test_the_next_one_goes_when_the_first_is_back(clock: list[float]) -> None:
    recycling = Recycling(LIMIT)
    first, second = worker("a", 900), worker("b", 850)
    assert recycling.next([first, second], (), False) == first
    assert recycling.next([first, second], (), False) is None, "it is asked already"
    assert recycling.next([second], (), False) is None, "it is gone"
    importing = worker("c", 300, imported=False, warm=False, runs=0)
    assert recycling.next([second, importing], (), False) is None
    assert recycling.next([second, worker("c", 600, runs=0)], (), False) == second


def test_who_did_not_go_is_asked_again_and_who_does_not_come_back_is_not_waited_for(
    clock: list[float],
) -> None:
    recycling = Recycling(LIMIT)
    first, second = worker("a", 900), worker("b", 850)
    recycling.next([first, second], (), False)
    clock[0] += rules.ASKED_SECONDS
    assert recycling.next([first, second], (), False) == first
    clock[0] += rules.BACK_SECONDS - 1
    assert recycling.next([second], (), False) is None
    clock[0] += 1
    assert recycling.next([second], (), False) == second
