"""The warm-up of a worker that is never idle."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from overfit_core.workers import warm
from overfit_core.workers.warm import WarmUp

from .fakes import PATIENCE, wait_for


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The programs that were loaded, in their order; nothing is compiled."""
    loaded: list[int] = []

    def programs() -> Iterator[Callable[[], object]]:
        for number in range(3):
            yield lambda number=number: loaded.append(number)

    monkeypatch.setattr(warm, "_programs", programs)
    monkeypatch.setattr(WarmUp, "prepare", lambda self: None)
    monkeypatch.setattr(warm, "LOOK_SECONDS", 0.01)
    monkeypatch.setenv("OVERFIT_WORKER_RECYCLE_MEMORY", "1.0")
    return loaded


def test_programs_are_loaded_once_no_run_is_on(loaded: list[int]) -> None:
    warm_up, ready = WarmUp(), threading.Event()
    with warm_up.paused():
        warm_up.start(lambda: 0, ready.set)
        assert ready.wait(PATIENCE)
        assert not loaded
        assert not warm_up.done
    wait_for(lambda: warm_up.done)
    assert loaded == [0, 1, 2]


def test_a_busy_worker_that_has_grown_is_done_and_can_be_replaced(loaded: list[int]) -> None:
    warm_up, memory = WarmUp(), [0.7e9]
    with warm_up.paused():
        warm_up.start(lambda: int(memory[0]), lambda: None)
        time.sleep(0.1)
        assert not warm_up.done
        # By the programs of what it trains, one run after the other.
        memory[0] = 0.95e9
        wait_for(lambda: warm_up.done)
    assert not loaded


def test_what_has_no_room_is_not_loaded(loaded: list[int]) -> None:
    warm_up = WarmUp()
    warm_up.start(lambda: 860 * 10**6 + 10**6 * len(loaded), lambda: None)
    wait_for(lambda: warm_up.done)
    assert loaded == [0]
