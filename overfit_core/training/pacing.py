"""How many epochs to train before looking up: chunks of about 0.1 s, and a pace to watch at."""

from __future__ import annotations

CHUNK_SECONDS = 0.1
"""Length of a chunk: long enough to cost nothing, short enough that a stop is quick."""
FIRST_SECONDS = 0.015
"""Length of the first chunk: something shows at once."""
FIRST_EPOCHS = 10
"""Epochs of the first chunk, while nothing is known about the speed."""
MAX_EPOCHS = 100_000
"""Epochs of the longest chunk."""
GROWTH = 16.0
"""A chunk is at most this many times longer than the one before."""


class ChunkLength:
    """Number of epochs of the next chunk, so that it takes about ``seconds``.

    The first chunk aims at ``FIRST_SECONDS``. Later lengths follow the speed of the chunk before,
    but grow at most ``GROWTH`` times at once: the first chunk may have waited for a compiler, so
    that its speed says little.

    Args:
        seconds: Aim for the length of a chunk, above 0.
        epochs_per_second: Speed to expect at first; None when nothing is known.
        runs: How many runs take turns, at least 1: the first chunk is that much shorter.
    """

    def __init__(
        self,
        seconds: float = CHUNK_SECONDS,
        epochs_per_second: float | None = None,
        *,
        runs: int = 1,
    ) -> None:
        """Start before the first chunk; see the class."""
        self._seconds = seconds
        first = (
            FIRST_EPOCHS
            if epochs_per_second is None
            else round(min(FIRST_SECONDS, seconds) * min(epochs_per_second, MAX_EPOCHS / seconds))
        )
        self.epochs = max(1, round(first / runs))
        """Epochs to train next, at least 1 and at most ``MAX_EPOCHS``."""

    def record(self, epochs: int, seconds: float) -> None:
        """Take note of a chunk that was trained: its epochs, and how long it took in seconds."""
        if epochs < 1:
            return
        # A chunk that the pace cut short must not hold the next one back.
        longest = max(self.epochs, epochs) * GROWTH
        wanted = epochs * self._seconds / seconds if seconds > 0 else longest
        self.epochs = int(max(1, min(wanted, longest, MAX_EPOCHS)))


class Pace:
    """Epochs that are due, when a run is shown at some number of epochs a second.

    Time that was lost (a slow chunk, a pause) is not caught up: ``restart`` after a pause, and at
    most ``CATCH_UP`` seconds' worth of epochs are due at once.

    Args:
        epochs_per_second: The pace, above 0; None for as fast as it goes.
        now: The time in seconds, of any clock that only goes forward.
    """

    CATCH_UP = 0.25

    def __init__(self, epochs_per_second: float | None, now: float) -> None:
        """Start at ``now`` with one epoch due; see the class."""
        self.epochs_per_second = epochs_per_second
        self._next = now

    def change(self, epochs_per_second: float | None, now: float) -> None:
        """Go on at another pace; the same pace changes nothing."""
        if epochs_per_second != self.epochs_per_second:
            self.epochs_per_second = epochs_per_second
            self.restart(now)

    def restart(self, now: float) -> None:
        """Forget what was due while the run was waiting; one epoch is due now."""
        self._next = now

    def due(self, now: float) -> int | None:
        """Return how many epochs are due, at least 0; None for no limit."""
        if self.epochs_per_second is None:
            return None
        self._next = max(self._next, now - self.CATCH_UP)
        if now < self._next:
            return 0
        return 1 + int((now - self._next) * self.epochs_per_second)

    def trained(self, epochs: int) -> None:
        """Take note of epochs that were trained."""
        if self.epochs_per_second is not None:
            self._next += epochs / self.epochs_per_second

    def wait(self, now: float) -> float:
        """Return the seconds until an epoch is due, at least 0."""
        return 0.0 if self.epochs_per_second is None else max(0.0, self._next - now)
