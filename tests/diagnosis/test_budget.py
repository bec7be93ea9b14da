"""A check keeps to its time, and what it waits for to be compiled counts."""

from __future__ import annotations

import time
from types import SimpleNamespace

import keras
import pytest

from overfit_core.diagnosis import running
from overfit_core.diagnosis.backend import SHORT, backend_of_check
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.running import LEAST_SECONDS, Limits
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import Workshop
from overfit_core.training.history import History
from overfit_core.training.session import Session
from tests.diagnosis.programs import HEALTHY, LAYERS, X, Y


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still but for what is told to take time."""
    made = SimpleNamespace(now=0.0, perf_counter=time.perf_counter)
    made.monotonic = lambda: made.now
    monkeypatch.setattr(running, "time", made)
    return made


@pytest.mark.parametrize(("deadline", "left"), [(110.0, 10.0), (100.5, LEAST_SECONDS), (7.0, 1.0)])
def test_a_run_ends_after_its_share_of_what_is_left(
    clock: SimpleNamespace, deadline: float, left: float
) -> None:
    clock.now = 100.0
    assert Limits(deadline, 0.25).end() == 100.0 + 0.25 * left


def test_compiling_is_time_that_was_spent(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_, advance, chunks = Session.compile, Session.advance, []

    def slowly(session: Session) -> None:
        clock.now += 0.0 if session.program.ready else 100.0
        compile_(session)

    def a_second_each(session: Session, epochs: int) -> History:
        chunks.append(epochs)
        clock.now += 1.0
        return advance(session, 1)

    monkeypatch.setattr(Session, "compile", slowly)
    monkeypatch.setattr(Session, "advance", a_second_each)
    model = HEALTHY.model()
    # Of another shape than any other test's: what is compiled already takes no time.
    x, y = X[:19], Y[:19]
    target = target_of(y, loss=HEALTHY.loss, units=1, same_rank=True)
    run = Workshop(model).train(setup_of(model, x, y, 500), 0, target, limits=Limits(110.0, 0.5))
    assert clock.now == 106.0
    assert (run.epochs, run.planned) == (6, 500)
    # Nothing is known of the speed: an epoch of a large network may take a second.
    assert chunks[0] == 1


@pytest.mark.parametrize(
    ("layers", "epochs", "backend"),
    [
        ([LAYERS.LSTM(2)], SHORT, "tensorflow"),
        ([LAYERS.LSTM(2)], SHORT + 1, None),
        ([LAYERS.GRU(2, return_sequences=True), LAYERS.SimpleRNN(2)], float("inf"), None),
        ([LAYERS.Bidirectional(LAYERS.LSTM(2))], SHORT, "tensorflow"),
        ([LAYERS.Flatten(), LAYERS.Dense(2)], SHORT, None),
    ],
)
def test_recurrent_networks_are_not_compiled_for_longer_than_it_saves(
    layers: list[keras.Layer], epochs: float, backend: str | None
) -> None:
    model = keras.Sequential([keras.Input((4, 2)), *layers, LAYERS.Dense(1)])
    assert backend_of_check(model, epochs) == backend
