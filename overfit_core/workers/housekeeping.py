"""What a shared installation needs done: forgotten runs stopped, old ones removed."""

from __future__ import annotations

import time
from collections.abc import Callable

from overfit_core.settings import Settings
from overfit_core.store import Store

IDLE_LOOK_SECONDS = 5.0
PURGE_SECONDS = 600.0


class Housekeeping:
    """Looks now and then; call it as often as you like.

    Args:
        store: Where the runs are.
        settings: How long runs may go on unseen, and how long they are kept.
        clock: Seconds that only rise.
    """

    def __init__(
        self, store: Store, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Remember when it was done last: never."""
        self._store, self._settings, self._clock = store, settings, clock
        self._looked = self._purged = -float("inf")

    def look(self) -> None:
        """Do what is due.

        Raises:
            StoreError: If the database refuses.
        """
        now = self._clock()
        if now - self._looked >= IDLE_LOOK_SECONDS:
            self._looked = now
            self._stop_forgotten()
        if now - self._purged >= PURGE_SECONDS:
            self._purged = now
            settings = self._settings
            self._store.purge(keep_days=settings.keep_days, keep_runs=settings.keep_runs)

    def _stop_forgotten(self) -> None:
        minutes = self._settings.idle_minutes
        if minutes is None:
            return
        reason = f"Nobody had looked at it for {minutes:g} minutes."
        if forgotten := self._store.unseen(60 * minutes):
            self._store.set_wish_all(forgotten, "stop", reason=reason)
        for race_id in self._store.unseen_races(60 * minutes):
            self._store.stop_race(race_id, reason=reason)
