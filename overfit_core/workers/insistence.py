"""What to do when the store refuses: ask again for a moment, then leave it to the lease."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from overfit_core.errors import StoreError, UnknownRaceError, UnknownRunError
from overfit_core.store import LostRunError

INSIST_SECONDS = 4.0
"""How long to ask again: half a lease, so that a run whose database is back goes on."""
AGAIN_SECONDS = 0.2
"""How long to wait in between."""

P = ParamSpec("P")
R = TypeVar("R")


class Insistence:
    """Repeats what the store refuses, until ``INSIST_SECONDS`` after the first of its refusals.

    What it takes sets that back. So a group whose runs are refused one after the other waits as
    long as one run.
    """

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self._until: float | None = None

    def __call__(self, call: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
        """Return what the call returns.

        Raises:
            LostRunError: At once, if the run is not this worker's any more.
            StoreError: If the store still refuses when the time is up.
            UnknownRaceError: At once, if there is no such race.
            UnknownRunError: At once, if there is no such run.
        """
        while True:
            try:
                result = call(*args, **more)
            except (LostRunError, UnknownRaceError, UnknownRunError):
                raise
            except StoreError:
                # SQLite may have waited long for another writer before it refused: the time
                # begins here, so that there is a second try in any case.
                now = time.monotonic()
                self._until = now + INSIST_SECONDS if self._until is None else self._until
                if now >= self._until:
                    raise
                time.sleep(AGAIN_SECONDS)
            else:
                self._until = None
                return result
