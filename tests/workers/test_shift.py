import threading
import time

import pytest
from distributed import Reschedule

from overfit_core.workers.shift import Shift


class Door:
    """Counts how often somebody left."""

    def __init__(self) -> None:
        self.left = 0

    def leave(self) -> None:
        self.left += 1


@pytest.fixture
def door() -> Door:
    return Door()


def test_without_a_run_it_leaves_at_once_and_once_only(door: Door) -> None:
    shift = Shift()
    shift.end(door.leave, lambda: True)
    shift.end(door.leave, lambda: True)
    assert (shift.over, door.left) == (True, 1)


def test_a_process_that_is_leaving_takes_no_run(door: Door) -> None:
    shift = Shift()
    shift.end(door.leave, lambda: True)
    with pytest.raises(Reschedule), shift.run():
        pytest.fail("it took a run")
    assert shift.runs == 0


def test_it_leaves_when_the_run_that_is_on_is_over_also_when_that_fails(door: Door) -> None:
    shift = Shift()
    with pytest.raises(ZeroDivisionError), shift.run():
        shift.end(door.leave, lambda: True)
        assert (shift.over, door.left) == (False, 0)
        raise ZeroDivisionError
    assert (shift.over, door.left, shift.runs) == (True, 1, 1)


def test_it_stays_if_that_is_not_wanted_any_more_when_the_run_is_over(door: Door) -> None:
    shift, wanted = Shift(), [True]
    with shift.run():
        shift.end(door.leave, lambda: wanted[0])
        wanted[0] = False
    with shift.run():
        pass
    assert (shift.over, door.left, shift.runs) == (False, 0, 2)


def test_runs_and_leaves_that_meet_never_overlap() -> None:
    for _ in range(50):
        shift, during, taken = Shift(), [], []

        def run(shift: Shift = shift, during: list[bool] = during) -> None:
            try:
                with shift.run():
                    time.sleep(0.001)
                    during.append(shift.over)
            except Reschedule:
                return

        thread = threading.Thread(target=run)
        thread.start()
        shift.end(lambda taken=taken: taken.append(True), lambda: True)
        thread.join()
        assert not any(during)
        assert taken == [True]
