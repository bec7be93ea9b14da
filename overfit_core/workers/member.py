"""One run of a group: its session, what the person wishes of it, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from overfit_core.errors import OverfitError, StoreError
from overfit_core.spec import RunSpec
from overfit_core.store import RunRecord, Store
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples
from overfit_core.workers.insistence import INSIST_SECONDS, Insistence

REFUSED = (
    f"Its worker tried for {INSIST_SECONDS:g} seconds to record how it went on. {{}}. "
    "What was recorded until then is kept."
)
REPEATING = "It was catching up with what it had recorded before its pause; that is kept."
MAX_REASON = 2_000
"""Longest reason, in characters."""


class Trainable(Protocol):
    """What a session of the engine can do, as far as the workers need it."""

    @property
    def epoch(self) -> int:
        """Epochs done."""

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""

    @property
    def batch_hash(self) -> str:
        """SHA-256 (hex) of the batch."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) of the initial weights."""

    def compile(self) -> None:
        """Compile what is not compiled yet."""

    def advance(self, epochs: int) -> History:
        """Train at most so many epochs, 1 or more."""

    def summary(self, *, stopped: bool = False) -> RunSummary:
        """Say how it stands or ended."""

    def samples(self) -> Samples:
        """Return the batch with what the network makes of it."""


SessionFactory = Callable[[RunSpec], Trainable]


class Member:
    """A run that this worker has claimed.

    Args:
        store: Where the run is.
        record: The run as it was claimed.
        worker: The name that it was claimed with.
        insist: Repeats what the store refuses, for all of the group together.

    Attributes:
        id: The run's.
        record: The same.
        control: What the person wishes, as it was last read.
        over: Whether this worker has nothing more to do with it.
        session: Its training; there is none before ``prepare``.
    """

    session: Trainable

    def __init__(self, store: Store, record: RunRecord, worker: str, insist: Insistence) -> None:
        """Nothing is made yet."""
        self.id, self.record, self.control = record.id, record, record.control
        self.over = False
        self._store, self._worker, self._insist = store, worker, insist

    @property
    def behind(self) -> int:
        """Epochs to train again: recorded before the run gave its worker away."""
        return max(0, self.record.epoch - self.session.epoch)

    @property
    def due(self) -> bool:
        """Whether it is to be ended now."""
        return self.session.finished or self.control.wish == "stop"

    def prepare(self, make_session: SessionFactory) -> None:
        """Make the session, and say what it starts from."""
        self.session = make_session(self.record.spec)
        self.control = self._insist(
            self._store.begin,
            self.id,
            batch_hash=self.session.batch_hash,
            weights_hash=self.session.weights_hash,
            worker=self._worker,
        )

    def compile(self) -> None:
        """Compile, unless it is to be stopped."""
        if self.control.wish != "stop":
            self.session.compile()

    def end(self) -> None:
        """End it as finished, or as stopped where it is."""
        self.over = True
        finished = self.session.finished
        if not finished and self.behind:
            # More was recorded than this session has trained again: its numbers are not the last.
            self._finish("stopped", reason=REPEATING)
            return
        samples = self.session.samples()
        self._insist(self._store.put_samples, self.id, samples, worker=self._worker)
        summary = self.session.summary(stopped=not finished)
        self._finish("finished" if finished else "stopped", summary)

    def fail(self, error: Exception) -> None:
        """End it as failed."""
        self.over = True
        try:
            self._finish("failed", reason=reason_of(error))
        except StoreError:
            # It ended otherwise meanwhile; or the database is gone, and the lease will run out.
            return

    def give_up(self, refusal: StoreError) -> None:
        """Leave it, as the store refuses what belongs to it; which is no fault of the run."""
        self.over = True
        try:
            # So much it may take after all; if not, the lease will run out.
            reason = _cut(REFUSED.format(str(refusal).rstrip(".")))
            self._store.interrupt(self.id, self._worker, reason)
        except StoreError:
            return

    def _finish(
        self,
        status: Literal["finished", "stopped", "failed"],
        summary: RunSummary | None = None,
        reason: str | None = None,
    ) -> None:
        self._insist(
            self._store.finish, self.id, status, summary, reason=reason, worker=self._worker
        )


def reason_of(error: Exception) -> str:
    """Return an error as a reason: what was raised on purpose as it stands, others with a name."""
    text = str(error).strip()
    if not isinstance(error, OverfitError):
        kind = type(error).__name__
        text = f"{kind}: {text}" if text else kind
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"
