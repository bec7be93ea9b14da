"""One run of a comparison: its settings, its curves, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from overfit_core.charts.lines import Line, Lines
from overfit_core.charts.status import run_title, seconds_taken
from overfit_core.spec import RunSpec
from overfit_core.training.result import RunSummary

if TYPE_CHECKING:
    from overfit_core.store.records import RunRecord


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One run beside others.

    Attributes:
        id: The run's.
        title: What a person calls it.
        spec: What was asked for.
        lines: Its curves as far as they go.
        ended: Whether nothing will change any more.
        summary: How it ended; None until then, and where it failed or its worker was lost.
        seconds: From its start to its end or to its worker's last sign of life, getting ready
            included; None before its start. Used only where there is no summary.
        colour: Name of a colour of the theme, given by a person; None follows the optimizer.
        batch_hash: SHA-256 of its batch; None where it was not recorded.
        weights_hash: SHA-256 of its initial weights; None where it was not recorded.
    """

    id: str
    title: str
    spec: RunSpec
    lines: Lines = field(repr=False)
    ended: bool = True
    summary: RunSummary | None = None
    seconds: float | None = None
    colour: str | None = None
    batch_hash: str | None = None
    weights_hash: str | None = None

    @classmethod
    def of(cls, record: RunRecord, lines: Lines) -> Self:
        """Return a run of the store with its curves.

        Raises:
            SpecError: If it was stored by a version whose specs this one cannot read.
        """
        end = record.finished_at or record.lease_at or record.started_at
        return cls(
            id=record.id,
            title=record.name or run_title(record.spec),
            spec=record.spec,
            lines=lines,
            ended=record.ended,
            summary=record.summary,
            seconds=seconds_taken(record.started_at, end),
            colour=record.colour,
            batch_hash=record.batch_hash,
            weights_hash=record.weights_hash,
        )

    @cached_property
    def group(self) -> str:
        """Equal for runs whose specs differ in the training seed, and the name, only."""
        training = self.spec.training.model_copy(update={"seed": 0})
        return self.spec.model_copy(update={"training": training}).hash

    @cached_property
    def diverged_epoch(self) -> int | None:
        """The epoch at which its loss stopped being a finite number; None if it never did."""
        if self.summary is not None and self.summary.non_finite_epoch is not None:
            return self.summary.non_finite_epoch
        loss = self.lines.get("loss")
        if loss is None or not len(loss) or np.isfinite(loss.values[-1]):
            return None
        return int(loss.epochs[~np.isfinite(loss.values)][0])

    @property
    def seconds_per_epoch(self) -> float | None:
        """Training time of one epoch, without compiling; None before there is one.

        A run that has no summary counts from its start, getting ready and pauses included.
        """
        if self.summary is not None and self.summary.epochs > 0:
            return self.summary.train_seconds / self.summary.epochs
        if self.seconds is None or not self.lines.last_epoch:
            return None
        return self.seconds / self.lines.last_epoch

    def line(self, column: str) -> Line | None:
        """Return one curve up to where the run diverged: what it scored there means nothing.

        None where the column was not recorded, or holds nothing yet; without a point where the run
        diverged at its first epoch.
        """
        line = self.lines.get(column)
        if line is None or not len(line):
            return None
        if self.diverged_epoch is None:
            return line
        before = line.epochs < self.diverged_epoch
        return Line(line.epochs[before], line.values[before])
