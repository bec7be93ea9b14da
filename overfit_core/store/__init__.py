"""Runs and histories in a database: the truth that pages and workers share."""

from overfit_core.store.checks_side import ChecksSide
from overfit_core.store.library_side import LibrarySide, RunFilter
from overfit_core.store.person_side import PersonSide, Room
from overfit_core.store.race_groups import GroupKey
from overfit_core.store.race_library_side import RaceLibrarySide
from overfit_core.store.race_records import RaceGroup, RaceRecord
from overfit_core.store.race_runs_side import RaceRunsSide
from overfit_core.store.race_watcher_side import RaceWatcherSide
from overfit_core.store.race_worker_side import RaceWorkerSide
from overfit_core.store.races_side import RacesSide
from overfit_core.store.reading_side import ReadingSide
from overfit_core.store.records import (
    ACTIVE,
    ENDED,
    HELD,
    CheckRecord,
    Control,
    LostRunError,
    RunRecord,
    Status,
    Wish,
)
from overfit_core.store.upkeep_side import Storage, UpkeepSide
from overfit_core.store.visits_side import VisitsSide
from overfit_core.store.watcher_side import LEASE_SECONDS, LOST_REASON, WatcherSide


class Store(
    ReadingSide,
    PersonSide,
    LibrarySide,
    UpkeepSide,
    VisitsSide,
    ChecksSide,
    WatcherSide,
    RacesSide,
    RaceLibrarySide,
    RaceRunsSide,
    RaceWatcherSide,
    RaceWorkerSide,
):
    """All runs and races, in one database. Safe to share between threads.

    Every change of a run's state is one guarded UPDATE, so that two sides that act at once
    cannot undo each other: a run that has ended stays as it ended.

    Args:
        url: SQLAlchemy URL, ``sqlite:///FILE`` or ``postgresql+psycopg://…``. The file, its
            folder and the tables are made when they are missing.
        clock: Where the time comes from; an aware ``datetime``.

    Raises:
        StoreError: If the database cannot be opened; every method, if it refuses.
    """


__all__ = [
    "ACTIVE",
    "ENDED",
    "HELD",
    "LEASE_SECONDS",
    "LOST_REASON",
    "CheckRecord",
    "Control",
    "GroupKey",
    "LostRunError",
    "RaceGroup",
    "RaceRecord",
    "Room",
    "RunFilter",
    "RunRecord",
    "Status",
    "Storage",
    "Store",
    "Wish",
]
