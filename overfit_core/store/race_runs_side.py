"""The runs of a race: their scores, their histories, and each as a run by itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, insert, select, tuple_, update
from sqlalchemy.orm import Session

from overfit_core.errors import UnknownRunError
from overfit_core.limits import LIMITS
from overfit_core.store import chunks
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import Guarded
from overfit_core.store.race_guards import check_known_race, race_record
from overfit_core.store.tables import (
    ChunkRow,
    RaceHistoryRow,
    RacePauseRow,
    RaceRow,
    RaceRunRow,
    RunRow,
)
from overfit_core.training.history import History

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member, RacePlan
    from overfit_core.racing.results import RaceRun

_MEMBER = ("optimizer", "learning_rate", "seed")
SCORES = (
    *("epochs", "epochs_to_target", "seconds_to_target", "seconds", "memorised_epoch"),
    *("non_finite_epoch", "best_loss", "best_epoch", "drift", "log_area", "stopped"),
)
"""The fields of a RaceRun behind its member, in their order, and their columns."""
AT_ONCE = 200
"""So many histories are asked for in one query."""


class RaceRunsSide(Guarded):
    """What has been trained of a race; reading blocks nobody."""

    def race_runs(self, race_id: str) -> list[RaceRun]:
        """Return the runs that are there, scored; by optimizer, seed and rising learning rate.

        Raises:
            UnknownRaceError: If there is no race under this id.
        """
        from overfit_core.racing.plan import Member
        from overfit_core.racing.results import RaceRun

        columns = [getattr(RaceRunRow, name) for name in (*_MEMBER, *SCORES)]
        wanted = select(*columns).where(RaceRunRow.race_id == race_id)
        order = (RaceRunRow.optimizer, RaceRunRow.seed, RaceRunRow.learning_rate)
        with reading(self._engine) as session:
            check_known_race(session, race_id)
            rows = session.execute(wanted.order_by(*order)).all()
        return [RaceRun(Member(*row[:3]), *row[3:]) for row in rows]

    def race_histories(self, race_id: str, members: Collection[Member]) -> dict[Member, History]:
        """Return the histories of some runs of a race; runs that are not there are left out.

        Raises:
            UnknownRaceError: If there is no race under this id.
        """
        with reading(self._engine) as session:
            check_known_race(session, race_id)
            kept = dict(_kept(session, race_id, members))
        return {
            member: History.from_arrow(kept[member].data) for member in members if member in kept
        }

    def open_race_runs(
        self, race_id: str, members: Sequence[Member], *, owner: str | None = None
    ) -> list[str]:
        """Make ordinary runs of runs of a race: ended, with their full histories.

        One that this owner has opened before, and not deleted since, is found again. They outlast
        the race.

        Args:
            race_id: The race.
            members: Which of its runs.
            owner: Whose the runs will be, as a hash; None for everybody.

        Returns:
            The ids of the runs, in the order of the members.

        Raises:
            UnknownRaceError: If there is no race under this id.
            UnknownRunError: If one of them is not there yet, or is a reference, which is no run
                of ours; then none is made.
        """
        with writing(self._engine) as session:
            plan = race_record(session, race_id).plan
            # Two clicks at once would both find none.
            race = select(RaceRow.id).where(RaceRow.id == race_id)
            session.execute(race.with_for_update(key_share=True))
            opened = _opened(session, race_id, owner)
            wanted = [member for member in members if key_of(member) not in opened]
            kept = dict(_kept(session, race_id, wanted))
            for member in dict.fromkeys(wanted):
                if member not in kept or kept[member].summary is None:
                    raise _not_there(plan, member)
                made = _run(plan, race_id, member, kept[member], owner, self._now())
                _insert(session, made, kept[member].data)
                opened[key_of(member)] = made["id"]
        return [opened[key_of(member)] for member in members]


def key_of(member: Member) -> str:
    """Return what tells a run from the others of its race, such as ``0:0.01:3``."""
    return f"{member.optimizer}:{member.learning_rate!r}:{member.seed}"


def these_members(
    table: type[RaceRunRow | RaceHistoryRow | RacePauseRow],
    race_id: str,
    members: Collection[Member],
) -> ColumnElement[bool]:
    """The rows of these runs of a race."""
    columns = tuple_(table.optimizer, table.learning_rate, table.seed)
    return (table.race_id == race_id) & columns.in_([tuple(member) for member in members])


def _kept(
    session: Session, race_id: str, members: Collection[Member]
) -> Iterator[tuple[Member, Any]]:
    """Return what there is of these runs beside their scores."""
    from overfit_core.racing.plan import Member

    named = [getattr(RaceHistoryRow, name) for name in _MEMBER]
    others = (RaceHistoryRow.summary, RaceHistoryRow.batch_hash, RaceHistoryRow.weights_hash)
    every = list(members)
    for first in range(0, len(every), AT_ONCE):
        these = these_members(RaceHistoryRow, race_id, every[first : first + AT_ONCE])
        wanted = select(*named, *others, RaceHistoryRow.data).where(these)
        for row in session.execute(wanted):
            yield Member(*row[:3]), row


def _opened(session: Session, race_id: str, owner: str | None) -> dict[str, str]:
    """Return the runs that an owner has opened of a race, by what tells them apart."""
    mine = RunRow.owner.is_(None) if owner is None else RunRow.owner == owner
    found = select(RunRow.race_member, RunRow.id).where(
        RunRow.race_id == race_id, mine, RunRow.deleted_at.is_(None)
    )
    return {key: run_id for key, run_id in session.execute(found) if key is not None}


def _run(
    plan: RacePlan,
    race_id: str,
    member: Member,
    kept: Any,  # noqa: ANN401  # a row of ``_kept``
    owner: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the row of a run of a race by itself."""
    spec = plan.spec_of(member).model_copy(update={"name": _name(plan, member)})
    summary = json.loads(kept.summary)
    return {
        **{"id": secrets.token_urlsafe(12), "race_id": race_id, "race_member": key_of(member)},
        **{"name": spec.name, "spec": spec.to_json(), "spec_hash": spec.hash},
        **{"owner": owner, "optimizer": spec.optimizer.name, "summary": kept.summary},
        **{"batch_hash": kept.batch_hash, "weights_hash": kept.weights_hash},
        **{"created_at": now, "wished_at": now, "finished_at": now, "wish": "run"},
        "started_at": now - timedelta(seconds=summary["train_seconds"]),
        "status": "stopped" if summary["ended"] == "stopped" else "finished",
        "epoch": summary["epochs"],
    }


def _insert(session: Session, run: dict[str, Any], data: bytes) -> None:
    """Put a run with all of its history into the tables of runs."""
    session.execute(insert(RunRow), [run])
    chunk = {"first_epoch": 1, "last_epoch": run["epoch"], "level": chunks.FULL_LEVEL}
    whole = {"run_id": run["id"], **chunk, "size": len(data), "data": data}
    session.execute(insert(ChunkRow), [whole])
    points = json.dumps(chunks.sparkline(session, run["id"]))
    session.execute(update(RunRow).where(RunRow.id == run["id"]).values(sparkline=points))


def _name(plan: RacePlan, member: Member) -> str:
    """Return what a run is called that was opened: ``Adam at 0.01, seed 3``."""
    from overfit_core.racing.names import optimizer_names

    seed = f", seed {member.seed}" if len(plan.seeds) > 1 else ""
    end = f" at {member.learning_rate:g}{seed}"
    return optimizer_names(plan)[member.optimizer][: LIMITS.name_length - len(end)] + end


def _not_there(plan: RacePlan, member: Member) -> UnknownRunError:
    if member.optimizer < 0:
        return UnknownRunError(
            "The reference is SciPy's, not a run of this program: it cannot be opened by itself."
        )
    return UnknownRunError(f"The run {_name(plan, member)} of the race is not there yet.")
