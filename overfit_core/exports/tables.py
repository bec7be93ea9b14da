"""Histories as tables for other programs, of one run or of several; settings as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from overfit_core.diagnosis.report import Report
from overfit_core.spec import RunSpec
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that starts so for a formula, and calculates it."""


class Record(Protocol):
    """What exports need of a run's record; a ``RunRecord`` of the store has it."""

    @property
    def id(self) -> str:
        """Unguessable, short, may stand in a file name."""

    @property
    def name(self) -> str | None:
        """What a person calls it now; the spec has the name that it was started with."""

    @property
    def spec(self) -> RunSpec:
        """What was asked for."""

    @property
    def summary(self) -> RunSummary | None:
        """How it ended; None until then."""

    @property
    def status(self) -> str:
        """Where it is."""

    @property
    def wish(self) -> str:
        """What the person asked for last."""

    @property
    def reason(self) -> str | None:
        """Why it failed or was interrupted."""

    @property
    def colour(self) -> str | None:
        """Name of a colour of the charts; None follows the optimizer."""

    @property
    def notes(self) -> str | None:
        """What a person wrote on it."""

    @property
    def tags(self) -> tuple[str, ...]:
        """What a person sorts it under."""


@dataclass(frozen=True)
class Run:
    """One run as it is exported.

    Attributes:
        record: Its row in the store.
        history: What it recorded.
        samples: Its batch; None where the run has not put it there.
        mine: Whether it is for the person who made the run: nobody else gets its notes and tags.
        found: What was found of why it did not memorise its batch; None where nothing was.
    """

    record: Record
    history: History
    samples: Samples | None = None
    mine: bool = False
    found: Report | None = None

    @cached_property
    def spec(self) -> RunSpec:
        """What was asked for, under the name that the run has now."""
        return self.record.spec.model_copy(update={"name": self.record.name})

    @property
    def notes(self) -> str | None:
        """What its owner wrote on it."""
        return self.record.notes if self.mine else None

    @property
    def tags(self) -> str | None:
        """What its owner sorts it under, with commas between."""
        return (", ".join(self.record.tags) or None) if self.mine else None


def history_csv(history: History) -> bytes:
    """Return a history as CSV (UTF-8): a row per epoch, column ``epoch`` first.

    Numbers have as many digits as reading them back exactly takes.
    """
    return csv_of(_table(history))


def history_parquet(history: History) -> bytes:
    """Return a history as a Parquet file: a row per epoch, column ``epoch`` first."""
    return parquet_of(_table(history))


def runs_csv(runs: Sequence[Run]) -> bytes:
    """Return several runs as one long CSV table: `run`, `name`, `tags`, `optimizer`, `epoch`, ….

    A column that one of the runs has not recorded is empty in its rows. A text that a spreadsheet
    would take for a formula has an apostrophe before it.
    """
    return csv_of(_long_table(runs))


def runs_parquet(runs: Sequence[Run]) -> bytes:
    """Return several runs as one long Parquet table; see ``runs_csv``. Texts are as typed."""
    return parquet_of(_long_table(runs))


def spec_json(spec: RunSpec) -> bytes:
    """Return every setting as JSON for people to read (UTF-8), which ``RunSpec.load`` takes."""
    return (json.dumps(spec.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()


def _table(history: History) -> pa.Table:
    epochs = pa.array(history.epochs.astype(np.int64))
    return pa.table({"epoch": epochs, **{n: pa.array(v) for n, v in history.columns.items()}})


def _long_table(runs: Sequence[Run]) -> pa.Table:
    tables = []
    for run in runs:
        rows = len(run.history)
        who = {
            "run": run.record.id,
            "name": run.record.name,
            "tags": run.tags,
            "optimizer": run.spec.optimizer.name,
        }
        columns = {key: pa.array([value] * rows, pa.string()) for key, value in who.items()}
        table = _table(run.history)
        tables.append(pa.table(columns | {n: table[n] for n in table.column_names}))
    if not tables:
        raise ValueError("There is no run to export; give at least one.")
    # Permissive: a run in float32 and one in float64 meet in float64.
    return pa.concat_tables(tables, promote_options="permissive")


def csv_of(table: pa.Table) -> bytes:
    """Return a table as CSV (UTF-8), in which no text is a formula of a spreadsheet."""
    sink = pa.BufferOutputStream()
    table = pa.table({name: _no_formula(table[name]) for name in table.column_names})
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(quoting_style="needed"))
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _no_formula(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with an apostrophe before each text that a spreadsheet would calculate."""
    if not pa.types.is_string(column.type):
        return column
    texts = column.to_pylist()
    kept = ["'" + text if text and text.startswith(FORMULA_STARTS) else text for text in texts]
    return pa.chunked_array([kept], pa.string())


def parquet_of(table: pa.Table) -> bytes:
    """Return a table as a Parquet file."""
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    written: bytes = sink.getvalue().to_pybytes()
    return written
