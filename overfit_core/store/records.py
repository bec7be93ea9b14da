"""What the store gives to read: runs, and what a person wishes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from overfit_core.errors import StoreError
from overfit_core.spec import RunSpec
from overfit_core.training.result import RunSummary

if TYPE_CHECKING:
    from overfit_core.diagnosis.report import Report

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
Wish = Literal["run", "pause", "stop"]

HELD: tuple[Status, ...] = ("running", "paused")
"""A worker has the run (or had it, when it was paused and gave its place to another)."""
ACTIVE: tuple[Status, ...] = ("queued", *HELD)
"""The run has not ended."""
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed", "interrupted")
"""The run has ended; nothing changes it any more."""


class LostRunError(StoreError):
    """The run is not this worker's (any more): it ended, or never was. Leave it alone."""


@lru_cache(maxsize=512)
def _spec(text: str) -> RunSpec:
    """Read a spec once: a page reads the records of its runs several times."""
    return RunSpec.load(text)


@dataclass(frozen=True)
class Control:
    """What the person wishes of a run.

    Attributes:
        wish: ``run``, ``pause`` or ``stop``.
        pace: Epochs per second to show it at; None for as fast as it goes.
        steps_wanted: Single epochs asked for since the run began; only ever rises. Those that
            are not done yet are trained while the wish is ``pause``.
    """

    wish: Wish
    pace: float | None
    steps_wanted: int


@dataclass(frozen=True)
class RunRecord:
    """One run as it stands. Times are in UTC.

    Attributes:
        id: Unguessable and short; may stand in a URL.
        name: The spec's name.
        status: Where it is: ``queued``, ``running``, ``paused`` or one of the four ends.
        wish: What the person asked for last.
        pace: Epochs per second to show it at; None for as fast as it goes.
        reason: Why it failed or was interrupted, in plain words; None otherwise.
        epoch: The last epoch in its history.
        worker: Which worker has it, or had it.
        lease_at: When the worker last gave a sign of life.
        wished_at: When the wish, the pace or the steps last changed.
        steps_wanted: Single epochs asked for in all.
        steps_done: Of these, how many were trained when its worker last gave it back.
        owner: Who made it, as a hash; None for runs that belong to everybody.
        group_id: Equal for runs that were started together and train in lock-step; None for a
            run by itself.
        place: Its place among these, from 0.
        optimizer: Class name of its Keras optimizer.
        preset: Id of the preset that its settings started from.
        batch_hash: SHA-256 (hex) of its batch: equal where the batches are, byte by byte.
        weights_hash: SHA-256 (hex) of the weights that it started from.
        colour: Name of a colour of the charts, given by a person; None follows the optimizer.
        notes: What a person wrote on it.
        spec_json: The spec as it was stored.
        summary_json: The summary as it was stored.
        tags_json: The tags as they were stored.
        sparkline_json: The sparkline as it was stored.
        race_id: The race that it was opened from; None for any other.
    """

    id: str
    name: str | None
    status: Status
    wish: Wish
    pace: float | None
    reason: str | None
    epoch: int
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_at: datetime | None
    wished_at: datetime
    steps_wanted: int
    steps_done: int
    owner: str | None
    group_id: str | None
    place: int
    optimizer: str
    preset: str | None
    batch_hash: str | None
    weights_hash: str | None
    colour: str | None
    notes: str | None
    spec_json: str = field(repr=False)
    summary_json: str | None = field(repr=False)
    tags_json: str = field(repr=False)
    sparkline_json: str | None = field(repr=False)
    race_id: str | None = None

    @cached_property
    def spec(self) -> RunSpec:
        """What was asked for.

        Raises:
            SpecError: If it was stored by a version whose specs this one cannot read.
        """
        return _spec(self.spec_json)

    @cached_property
    def summary(self) -> RunSummary | None:
        """How it ended, in numbers; None until then, and where a worker was lost."""
        return RunSummary.model_validate_json(self.summary_json) if self.summary_json else None

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """What a person sorts it under."""
        return tuple(json.loads(self.tags_json))

    @cached_property
    def sparkline(self) -> tuple[float, ...]:
        """Its loss in a few dozen points, first to last; empty until it has ended."""
        return tuple(json.loads(self.sparkline_json)) if self.sparkline_json else ()

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED

    @property
    def control(self) -> Control:
        """What the person wishes."""
        return Control(self.wish, self.pace, self.steps_wanted)


@dataclass(frozen=True)
class CheckRecord:
    """The check of a run as it stands.

    Attributes:
        run_id: Which run is checked.
        status: ``queued``, ``running`` or one of the four ends.
        wish: ``run`` or ``stop``.
        budget: About how long it may take, in seconds.
        reason: Why it was stopped, failed or was interrupted, in plain words; None otherwise.
        told_at: When a report was last told since it was asked for; until then the report is
            that of an earlier check.
        report_json: The report as far as it goes, as it was stored; None before the first one.
    """

    run_id: str
    status: Status
    wish: Wish
    budget: float
    reason: str | None
    told_at: datetime | None
    report_json: str | None = field(repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more, unless somebody asks for it again."""
        return self.status in ENDED

    @property
    def told(self) -> bool:
        """Whether the report is of this check, and not of an earlier one."""
        return self.told_at is not None

    @cached_property
    def report(self) -> Report | None:
        """What was found until now; None if nothing, or if another version wrote it."""
        from overfit_core.diagnosis.report import Report

        try:
            return Report.from_json(self.report_json) if self.report_json else None
        except (KeyError, TypeError, ValueError):
            return None
