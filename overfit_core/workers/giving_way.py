"""Who leaves its worker to what waits: searches for a cause and races, which take long.

Runs are seen to wait in the store. Exports are not in it: whoever waits for one asks from outside.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from overfit_core.errors import StoreError
from overfit_core.store import GroupKey, Store
from overfit_core.workers.pulse import Pulse

BEAT_SECONDS = 0.25
"""How often whoever may have to leave gives a sign of life and looks what waits."""
WAITING_SECONDS = 0.1
"""A run that has waited for a worker for so long, at two beats in succession, is given one."""

_beating: dict[str, GivingWay] = {}
"""Those of this process, by their keys."""


class GivingWay(Pulse):
    """The sign of life of something that leaves its worker to a run or an export that waits.

    Args:
        store: Where runs wait.
        key: What it is: a run's id for a search for its cause, ``group_name`` for a race.

    Attributes:
        key: The same.
        gave_way: Whether it is to leave.
    """

    def __init__(self, store: Store, key: str) -> None:
        """Prepare; the ``with`` block starts it."""
        super().__init__(f"beat-{key}", BEAT_SECONDS)
        self.key, self.gave_way = key, False
        self._was_needed = False
        self._store = store

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Let others ask it to leave, by ``give_way``, while the block lasts."""
        _beating[self.key] = self
        try:
            yield
        finally:
            del _beating[self.key]

    @abstractmethod
    def give_way(self) -> None:
        """Leave for the sake of what waits, unless it is to end anyway."""

    def _look(self) -> None:
        """Give way if this one is needed at two looks in succession."""
        with suppress(StoreError):
            needed = self._is_needed()
            # Another one may just have made room: the run that it is for has not begun yet.
            if needed and self._was_needed:
                self.give_way()
            self._was_needed = needed

    def _is_needed(self) -> bool:
        """Whether a run waits for this very worker: as many give way as runs wait."""
        waiting = len(self._store.waiting_groups(WAITING_SECONDS))
        return waiting > 0 and self.key in list(giving_way(self._store))[:waiting]


def giving_way(store: Store) -> dict[str, str]:
    """Return the workers of all that gives way, by its keys, in the order in which it does.

    Races come first: they go on later, where a search for a cause ends for good. A reference has
    to begin its fit again, so it comes behind the optimizers.
    """
    races = store.yielding_race_groups()
    return {
        **{group_name(key): worker for key, worker in races.items()},
        **store.running_checks(),
    }


def give_way(key: str) -> None:
    """Have what goes under this key leave this worker process to what waits, if it is here."""
    if (found := _beating.get(key)) is not None:
        found.give_way()


def group_name(key: GroupKey) -> str:
    """Return the name that the task of a race's group goes under; no run has such an id."""
    return f"{key.race_id}:{key.optimizer}"


def group_key(name: str) -> GroupKey:
    """Return which group goes under a name."""
    race_id, _, optimizer = name.rpartition(":")
    return GroupKey(race_id, int(optimizer))
