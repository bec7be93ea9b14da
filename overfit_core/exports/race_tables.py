"""A race as tables for other programs: its scores, and each of its runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from overfit_core.charts.race_table import race_runs_table, race_table
from overfit_core.exports.kinds import Kind
from overfit_core.exports.tables import csv_of, parquet_of
from overfit_core.racing.names import optimizer_names
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.scores import optimizer_scores

if TYPE_CHECKING:
    import pandas as pd

    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun


@dataclass(frozen=True)
class Race:
    """One race as it is exported.

    Attributes:
        plan: The race.
        runs: Those that are there, the reference's among them; those that were cut short count
            for no score, and have a row all the same.
        name: What a person calls it; None where nobody has named it.
        task: What its batch and network are called; None where that does not matter.
    """

    plan: RacePlan
    runs: Sequence[RaceRun]
    name: str | None = None
    task: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What its optimizers are called."""
        return optimizer_names(self.plan)

    @property
    def scores(self) -> pa.Table:
        """A row for each optimizer: name, task, and the columns of ``race_columns``."""
        counted = [
            run for run in self.runs if not run.stopped and run.member.optimizer != REFERENCE
        ]
        return self._arrow(race_table(self.plan, optimizer_scores(self.plan, counted), self.names))

    @property
    def rows(self) -> pa.Table:
        """A row for each run: name, task, and the columns of ``race_runs_columns``."""
        return self._arrow(race_runs_table(self.plan, self.runs, self.names))

    @property
    def settings(self) -> RacePlan:
        """What was asked for; the name that the race has now is that of its settings."""
        if self.name is None:
            return self.plan
        spec = self.plan.spec.model_copy(update={"name": self.name})
        return self.plan.model_copy(update={"spec": spec})

    def _arrow(self, table: pd.DataFrame) -> pa.Table:
        whose = {"race": self.name, "task": self.task}
        columns = {key: pa.array([text] * len(table), pa.string()) for key, text in whose.items()}
        rest = pa.Table.from_pandas(table, preserve_index=False)
        return pa.table(columns | {name: rest[name] for name in rest.column_names})


@dataclass(frozen=True)
class RaceExport(Kind):
    """One kind of file that a race can be taken away as.

    Attributes:
        make: what makes it.
    """

    make: Callable[[Race], bytes]


_ALL = (
    RaceExport(
        "scores_csv",
        "Scores (CSV)",
        "One row per optimizer, one column per score; inf: missed.",
        "-scores.csv",
        "text/csv",
        lambda race: csv_of(race.scores),
    ),
    RaceExport(
        "scores_parquet",
        "Scores (Parquet)",
        "The same, to the last bit.",
        "-scores.parquet",
        "application/vnd.apache.parquet",
        lambda race: parquet_of(race.scores),
    ),
    RaceExport(
        "runs_csv",
        "Runs (CSV)",
        "One row per optimizer, learning rate and seed; inf: missed.",
        "-runs.csv",
        "text/csv",
        lambda race: csv_of(race.rows),
    ),
    RaceExport(
        "runs_parquet",
        "Runs (Parquet)",
        "The same, to the last bit.",
        "-runs.parquet",
        "application/vnd.apache.parquet",
        lambda race: parquet_of(race.rows),
    ),
    RaceExport(
        "settings",
        "Settings (JSON)",
        "Every setting of the race, which RacePlan.load takes.",
        ".json",
        "application/json",
        lambda race: race_json(race.settings),
    ),
)

RACE_EXPORTS: Mapping[str, RaceExport] = MappingProxyType({one.kind: one for one in _ALL})
"""Every kind by its name, in the order in which they are offered."""


def race_json(plan: RacePlan) -> bytes:
    """Return every setting as JSON for people to read (UTF-8), which ``RacePlan.load`` takes."""
    return (json.dumps(plan.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()


def race_file_name(kind: str, race_id: str) -> str:
    """Return the name of the file of an export, such as ``overfit-lab-race-1f3a-runs.csv``."""
    return f"overfit-lab-race-{race_id}{RACE_EXPORTS[kind].ending}"


def export_race(kind: str, race: Race) -> bytes:
    """Return the file of one race.

    Args:
        kind: One of ``RACE_EXPORTS``.
        race: The race.

    Raises:
        ValueError: There is no such kind.
    """
    known = RACE_EXPORTS.get(kind)
    if known is None:
        kinds = ", ".join(RACE_EXPORTS)
        raise ValueError(f"The export {kind!r} does not exist; there are {kinds}.")
    return known.make(race)
