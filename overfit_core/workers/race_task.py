"""The Dask task that trains the runs of one optimizer of a race: its name in, nothing out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from distributed import get_worker

from overfit_core.errors import StoreError
from overfit_core.store import GroupKey, Store
from overfit_core.workers.giving_way import GivingWay, group_key, group_name
from overfit_core.workers.insistence import Insistence
from overfit_core.workers.member import reason_of
from overfit_core.workers.own_store import own_store
from overfit_core.workers.shift import SHIFT
from overfit_core.workers.warm import WARM_UP, name_of

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member, RacePlan
    from overfit_core.racing.trained import Paused, Trained

ANSWER_SECONDS = 0.4
"""How long training has to answer a stop, before the group is ended without it."""
BUSY = (
    "It was stopped in the middle of compiling, or of an epoch that takes long. What was trained "
    "until then is kept."
)


def train_race_group(name: str) -> None:
    """Train what is missing of a group in this worker process.

    Args:
        name: Of a group that waits in the store; see ``group_name``.

    Raises:
        Reschedule: If this process is about to be replaced, so that another one trains it.
    """
    with SHIFT.run(), WARM_UP.paused():
        WARM_UP.prepare()
        train_group(own_store(), group_key(name), name_of(get_worker()))


def train_group(store: Store, key: GroupKey, worker: str) -> None:
    """Take a group, train what is missing of it, and end it; what goes wrong is its reason.

    Args:
        store: Where the race is.
        key: The group; one that somebody else has, or that has ended, is left alone.
        worker: The name to claim it with.
    """
    try:
        race = store.claim_race_group(key, worker)
    except StoreError:
        return
    insistent, error = Insistence(), None
    with Scribe(store, key, worker) as scribe, scribe.reachable():
        try:
            missing = insistent(store.missing_race_members, key)
            paused = insistent(store.paused_race_run, key)
            for trained in _trained(race.plan, key, missing, paused, scribe):
                scribe.add(trained)
        except Exception as raised:
            error = raised
    with suppress(StoreError):
        # If the store takes nothing, the lease runs out.
        insistent(scribe.write)
        if error is not None:
            insistent(store.end_race_group, key, worker, "failed", reason=reason_of(error))
        else:
            insistent(store.end_race_group, key, worker, scribe.status, paused=scribe.paused)


def _trained(
    plan: RacePlan,
    key: GroupKey,
    missing: Iterable[Member],
    paused: Paused | None,
    scribe: Scribe,
) -> Iterator[Trained]:
    """Train runs of a group until it is to end, or is to leave its worker to what waits."""
    from overfit_core.racing.plan import REFERENCE

    members = scribe.until_needed(missing)
    if key.optimizer != REFERENCE:
        from overfit_core.racing.running import run_members

        scribe.paused = yield from run_members(
            plan, members, scribe.is_stopped, should_pause=scribe.is_needed, paused=paused
        )
        return
    from overfit_core.racing.reference import run_reference

    seeds = (member.seed for member in members)
    scribe.paused = yield from run_reference(
        plan, seeds, scribe.is_stopped, should_pause=scribe.is_needed
    )


class Scribe(GivingWay):
    """Writes down what has been trained, and is the group's sign of life meanwhile.

    A thread of its own writes, four times a second: training does not wait for the database, and
    what has ended is seen while the next run compiles.

    Attributes:
        stopped: Whether to go on no longer: somebody stopped the race, or the group was lost.
        paused: The run that was left in the middle, for the sake of what waits.
    """

    def __init__(self, store: Store, key: GroupKey, worker: str) -> None:
        """Take a group that ``worker`` has claimed."""
        super().__init__(store, group_name(key))
        self.stopped = False
        self.paused: Paused | None = None
        self._group, self._worker = key, worker
        self._pending: list[Trained] = []
        self._lock = threading.Lock()
        self._rest = True
        self._stopped_at: float | None = None

    @property
    def status(self) -> Literal["queued", "stopped", "finished"]:
        """How the group ends, if nothing went wrong."""
        if not self._rest:
            return "finished"
        return "stopped" if self.stopped else "queued"

    def add(self, trained: Trained) -> None:
        """Have a run written down."""
        with self._lock:
            self._pending.append(trained)

    def write(self) -> bool:
        """Write down what has been trained; tells whether to go on.

        Raises:
            StoreError: If the store refuses; what it was to take is written with the next call.
        """
        with self._lock:
            pending = tuple(self._pending)
        going_on = self._store.add_race_runs(self._group, self._worker, pending)
        with self._lock:
            del self._pending[: len(pending)]
        return going_on

    def until_needed(self, members: Iterable[Member]) -> Iterator[Member]:
        """Give one member after the other, until all are trained or it is to give way."""
        for member in members:
            if self.gave_way:
                return
            yield member
        self._rest = False

    def is_stopped(self) -> bool:
        """Whether to go on no longer."""
        return self.stopped

    def is_needed(self) -> bool:
        """Whether the worker is needed by what waits, so that the run that is on is left."""
        return self.gave_way

    def give_way(self) -> None:
        """Leave the run that is on, within a tenth of a second or an epoch that takes longer."""
        self.gave_way = True

    def _beat(self) -> bool:
        # The database may be back at the next beat; if not, the lease runs out.
        with suppress(StoreError):
            if not self.write():
                return self._stop()
        self._look()
        return True

    def _stop(self) -> bool:
        """Stop; if training does not answer in time, the group ends without it."""
        now = time.monotonic()
        self.stopped, self._stopped_at = True, self._stopped_at or now
        if now - self._stopped_at < ANSWER_SECONDS:
            return True
        self._store.end_race_group(self._group, self._worker, "stopped", reason=BUSY)
        return False
