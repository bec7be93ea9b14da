"""Training one run: chunk by chunk, as the person wishes, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, Protocol

from overfit_core.errors import OverfitError, StoreError
from overfit_core.spec import RunSpec
from overfit_core.store import Control, LostRunError, RunRecord, Store
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength, Pace
from overfit_core.training.result import RunSummary, Samples
from overfit_core.workers.life import Life

LOOK_SECONDS = 0.04
"""How often a run that stands still, or waits for its pace, reads the wish."""
PARK_SECONDS = 3.0
"""A run that has been paused for so long gives its worker to one that waits."""
REPEATING = "It was catching up with what it had recorded before its pause; that is kept."
MAX_REASON = 2_000
"""Longest reason, in characters."""


class Trainable(Protocol):
    """What a session of the engine can do, as far as the loop needs it."""

    @property
    def epoch(self) -> int:
        """Epochs done."""

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""

    def compile(self) -> None:
        """Compile what is not compiled yet."""

    def advance(self, epochs: int) -> History:
        """Train at most so many epochs, 1 or more."""

    def summary(self, *, stopped: bool = False) -> RunSummary:
        """Say how it stands or ended."""

    def samples(self) -> Samples:
        """Return the batch with what the network makes of it."""


SessionFactory = Callable[[RunSpec], Trainable]


def train(store: Store, run_id: str, worker: str, make_session: SessionFactory) -> None:
    """Take a run, train it and end it; whatever goes wrong becomes its reason.

    Args:
        store: Where the run is.
        run_id: Which run; one that somebody else has, or that has ended, is left alone.
        worker: The name to claim it with.
        make_session: Makes a session of the run's spec.
    """
    try:
        record = store.claim(run_id, worker)
    except StoreError:
        return
    with Life(store, run_id, worker) as life:
        try:
            _Training(store, record, worker, life).run(make_session)
        except LostRunError:
            return
        except Exception as error:
            life.answering = True
            _fail(store, run_id, worker, _reason(error))


def _fail(store: Store, run_id: str, worker: str, reason: str) -> None:
    try:
        store.finish(run_id, "failed", reason=reason, worker=worker)
    except StoreError:
        # It ended otherwise meanwhile; or the database is gone, and the lease will run out.
        return


def _reason(error: Exception) -> str:
    text = str(error).strip()
    if not isinstance(error, OverfitError):
        kind = type(error).__name__
        text = f"{kind}: {text}" if text else kind
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"


class _Training:
    """The loop itself, and what it has to remember."""

    def __init__(self, store: Store, record: RunRecord, worker: str, life: Life) -> None:
        self.store, self.record, self.worker, self.life = store, record, worker, life
        self.control = record.control
        self.steps_done = record.steps_done
        self.length = ChunkLength()
        self.pace = Pace(record.pace, time.monotonic())
        self.paused_at: float | None = None

    def run(self, make_session: SessionFactory) -> None:
        session = make_session(self.record.spec)
        if self.control.wish != "stop":
            session.compile()
        self.control = self._look()
        while not session.finished:
            if self.control.wish == "stop" and session.epoch < self.record.epoch:
                return self._end_repetition()
            if self.control.wish == "stop":
                return self._end(session, "stopped")
            if session.epoch < self.record.epoch:
                self._repeat(session)
            elif epochs := self._allowed():
                self._advance(session, epochs)
            elif not self._wait():
                return None
        return self._end(session, "finished")

    def _allowed(self) -> int:
        """How many epochs may be trained now; 0 while it must wait."""
        now, control = time.monotonic(), self.control
        if control.wish == "pause":
            return min(control.steps_wanted - self.steps_done, self.length.epochs)
        if self.paused_at is not None:
            self.paused_at = None
            self.pace.restart(now)
        # Steps that were not done before the run went on are not made up for later.
        self.steps_done = control.steps_wanted
        self.pace.change(control.pace, now)
        due = self.pace.due(now)
        return self.length.epochs if due is None else min(due, self.length.epochs)

    def _advance(self, session: Trainable, epochs: int) -> None:
        began = time.monotonic()
        chunk = session.advance(epochs)
        self.length.record(len(chunk), time.monotonic() - began)
        steps = self.control.wish == "pause"
        if steps:
            self.steps_done += len(chunk)
        else:
            self.pace.trained(len(chunk))
        self.control = self.store.append(self.record.id, chunk, worker=self.worker, paused=steps)

    def _repeat(self, session: Trainable) -> None:
        """Train again what was recorded before the run gave its worker away.

        The same spec gives the same history, so nothing new is learned here, and nothing is
        recorded twice.
        """
        began = time.monotonic()
        chunk = session.advance(min(self.length.epochs, self.record.epoch - session.epoch))
        self.length.record(len(chunk), time.monotonic() - began)
        self.control = self._look()

    def _end_repetition(self) -> None:
        """Stop where more was recorded than this session has trained again."""
        self.life.answering = True
        self.store.finish(self.record.id, "stopped", reason=REPEATING, worker=self.worker)

    def _wait(self) -> bool:
        """Wait a little and read the wish; False if the worker was given to another run."""
        now = time.monotonic()
        if self.control.wish == "pause":
            if self.paused_at is None:
                self.paused_at = now
                self.store.heartbeat(self.record.id, worker=self.worker, paused=True)
            elif now - self.paused_at >= PARK_SECONDS:
                # Asked again a little later, not at every look.
                self.paused_at = now - PARK_SECONDS + 1.0
                if self.store.waiting(1.0) and self._park():
                    return False
            time.sleep(LOOK_SECONDS)
        else:
            time.sleep(min(LOOK_SECONDS, self.pace.wait(now)))
        self.control = self._look()
        return True

    def _park(self) -> bool:
        return self.store.park(self.record.id, self.steps_done, worker=self.worker)

    def _look(self) -> Control:
        return self.store.control(self.record.id, worker=self.worker)

    def _end(self, session: Trainable, status: Literal["finished", "stopped"]) -> None:
        self.life.answering = True
        stopped = status == "stopped"
        self.store.put_samples(self.record.id, session.samples(), worker=self.worker)
        summary = session.summary(stopped=stopped)
        self.store.finish(self.record.id, status, summary, worker=self.worker)
