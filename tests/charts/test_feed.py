import threading

import numpy as np
import pytest

from overfit_core.charts.feed import RUNS_KEPT, Feed
from overfit_core.training.history import History


class Recording:
    """A store that holds so many epochs of every run, and counts what is read."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.read: list[int] = []

    def history(self, run_id: str, after_epoch: int = 0) -> History:
        count = self.epochs - after_epoch
        self.read.append(count)
        if count <= 0:
            return History({}, first_epoch=after_epoch + 1)
        return History({"loss": np.ones(count)}, first_epoch=after_epoch + 1)


def test_what_was_read_is_not_read_again() -> None:
    store = Recording(100)
    feed = Feed(store)
    feed.lines("a")
    store.epochs = 130
    assert feed.lines("a").last_epoch == 130
    assert store.read == [100, 30]


def test_runs_that_nobody_looks_at_are_forgotten() -> None:
    store = Recording(10)
    feed = Feed(store)
    for run in range(RUNS_KEPT + 1):
        feed.lines(str(run))
    store.read.clear()
    feed.lines("0")
    assert store.read == [10]


def test_the_first_epochs_are_waited_for() -> None:
    store = Recording(0)
    timer = threading.Timer(0.05, lambda: setattr(store, "epochs", 7))
    timer.start()
    assert Feed(store).first_lines("a", seconds=10).last_epoch == 7
    timer.join()


def test_the_wait_for_the_first_epochs_ends() -> None:
    assert Feed(Recording(0)).first_lines("a", seconds=0.03).last_epoch == 0


def test_a_rate_needs_two_looks_between_which_something_moved() -> None:
    store = Recording(10)
    feed = Feed(store)
    feed.lines("a")
    assert feed.rate("a") is None
    feed.lines("a")
    assert feed.rate("a") is None
    store.epochs = 20
    feed.lines("a")
    rate = feed.rate("a")
    assert rate is not None
    assert rate > 0


def test_many_sessions_may_look_at_once() -> None:
    store = Recording(0)
    feed = Feed(store)
    seen: list[int] = []

    def look() -> None:
        for _ in range(50):
            store.epochs += 1
            lines = feed.lines("a")
            seen.append(lines.last_epoch - len(lines.get("loss", ())))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {0}


def test_the_store_is_not_asked_for_what_is_known_to_be_here() -> None:
    store = Recording(100)
    feed = Feed(store)
    feed.lines("a", 100)
    assert feed.lines("a", 100).last_epoch == 100
    store.epochs = 101
    assert feed.lines("a", 101).last_epoch == 101
    assert store.read == [100, 1]


def test_long_runs_are_forgotten_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overfit_core.charts.feed.POINTS_KEPT", 250)
    store = Recording(100)
    feed = Feed(store)
    for run in ("a", "b", "c"):
        feed.lines(run)
    feed.lines("d")
    store.read.clear()
    feed.lines("c")
    feed.lines("d")
    assert store.read == [0, 0]
    feed.lines("a")
    assert store.read[-1] == 100
