"""What the store gives to read of races."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from overfit_core.store.records import ENDED, Status

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member, RacePlan

INCOMPLETE: tuple[Status, ...] = ("interrupted", "failed", "stopped")
"""How a race has ended that is not all there, the worst first."""


@lru_cache(maxsize=64)
def _plan(text: str) -> RacePlan:
    """Read a plan once: a page reads the record of its race several times."""
    from overfit_core.racing.plan import RacePlan

    return RacePlan.load(json.loads(text))


def members_of(plan: RacePlan, optimizer: int) -> list[Member]:
    """Return the runs of one group in the order in which they are trained.

    Args:
        plan: The race.
        optimizer: Place of its optimizer, or ``REFERENCE``.
    """
    from overfit_core.racing.plan import REFERENCE, Member

    if optimizer == REFERENCE:
        return [Member(REFERENCE, 1.0, seed) for seed in plan.seeds]
    return list(plan.members(optimizer))


@dataclass(frozen=True)
class RaceGroup:
    """The runs of one optimizer of a race as they stand; one worker trains them in turn.

    Attributes:
        optimizer: Place of the optimizer in the plan, or ``REFERENCE``.
        status: ``queued``, ``running`` or one of the four ends.
        worker: Which worker has it, or had it last.
        reason: Why it was stopped, failed or was interrupted, in plain words; None otherwise.
        done: Runs that are there, to their end.
        total: Runs that there will be.
        started_at: When a worker first took it, since the race (or one of its set) was asked for,
            or asked for again after all had ended.
        finished_at: When it ended.
        done_before: Runs that were there then, 0 at first.
    """

    optimizer: int
    status: Status
    worker: str | None
    reason: str | None
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None
    done_before: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more, unless somebody repeats what is missing."""
        return self.status in ENDED


@dataclass(frozen=True)
class RaceRecord:
    """One race as it stands. Times are in UTC.

    Attributes:
        id: Unguessable and short; may stand in a URL.
        name: What its task was called when it was started, or None.
        given_name: What a person calls it, and those that were started with it; None for nothing.
        owner: Who made it, as a hash; None for a race that belongs to everybody.
        set_id: Equal for races that were started together, over several tasks; None for one alone.
        place: Its place among these, from 0.
        created_at: When it was asked for.
        wish: ``run`` or ``stop``.
        groups: In the order of the plan, the reference last.
        plan_json: The plan as it was stored.
    """

    id: str
    name: str | None
    given_name: str | None
    owner: str | None
    set_id: str | None
    place: int
    created_at: datetime
    wish: Literal["run", "stop"]
    groups: tuple[RaceGroup, ...]
    plan_json: str = field(repr=False)

    @cached_property
    def plan(self) -> RacePlan:
        """What was asked for.

        Raises:
            SpecError: If it was stored by a version whose plans this one cannot read.
        """
        return _plan(self.plan_json)

    @property
    def status(self) -> Status:
        """Where it is: ``queued`` until a worker had a group of it, then ``running``, then an end.

        Of several ends the worst: ``interrupted``, ``failed``, ``stopped``, ``finished``.
        """
        found = {group.status for group in self.groups}
        if found == {"queued"}:
            begun = any(group.started_at is not None for group in self.groups)
            return "running" if begun else "queued"
        if found & {"queued", "running"}:
            return "running"
        return next((status for status in INCOMPLETE if status in found), "finished")

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more, unless somebody repeats what is missing."""
        return all(group.ended for group in self.groups)

    @property
    def done(self) -> int:
        """Runs that are there, to their end."""
        return sum(group.done for group in self.groups)

    @property
    def done_before(self) -> int:
        """Runs that were there when it was last asked for: 0, or more where it was repeated."""
        return sum(group.done_before for group in self.groups)

    @property
    def total(self) -> int:
        """Runs that there will be, those of the reference included."""
        return sum(group.total for group in self.groups)

    @property
    def missing(self) -> int:
        """Runs that will not come any more, unless somebody asks for them."""
        return sum(group.total - group.done for group in self.groups if group.ended)

    @property
    def began_at(self) -> datetime | None:
        """When a worker first took a group of it, since it was last asked for.

        None until then, and where nothing of it was repeated when the rest of its set was.
        """
        return min((group.started_at for group in self.groups if group.started_at), default=None)

    @property
    def finished_at(self) -> datetime | None:
        """When its last group ended; None while it goes on."""
        times = [group.finished_at for group in self.groups if group.finished_at is not None]
        return max(times) if self.ended and times else None
