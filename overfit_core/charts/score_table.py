"""The scoreboard, and the settings that differ, as tables that can be sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.comparison.differences import differences, short_names, told_apart
from overfit_core.comparison.measures import is_column
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import LOWER, RATIO, UPPER, Row, ScoreColumn
from overfit_core.comparison.target import USUAL, Target

if TYPE_CHECKING:
    import pandas as pd

NAME, SETTING = "Run", "Setting"
RATIO_LABEL = "× baseline"
QUARTILES = "middle half"


def score_table(rows: Sequence[Row], columns: Sequence[ScoreColumn]) -> pd.DataFrame:
    """Return the scoreboard, one row per run or group, one column per score.

    Behind a score stand, where they are known for one row at least, its ratio to the baseline and
    the quartiles over the seeds, as ``lower – upper``. Shares are in per cent.

    Args:
        rows: From ``scoreboard``.
        columns: From ``score_columns``.
    """
    import pandas as pd

    table: dict[str, object] = {NAME: pd.Series(map(_name, rows), dtype="object")}
    for column in columns:
        table[_head(column)] = _numbers(rows, column.key, column)
        ratios = [row.get(column.key + RATIO) for row in rows]
        if any(ratio is not None for ratio in ratios):
            table[f"{column.label}, {RATIO_LABEL}"] = pd.Series(ratios, dtype="float64")
        spreads = [_spread(row, column) for row in rows]
        if any(spreads):
            table[f"{column.label}, {QUARTILES}"] = pd.Series(spreads, dtype="object")
    return pd.DataFrame(table)


def memorised_target(runs: Sequence[ComparedRun]) -> Target:
    """Return what memorised means for these runs: every sample right, or an R² of 0.99."""
    if any("accuracy" in run.lines for run in runs) or not any("r2" in run.lines for run in runs):
        return Target("accuracy", USUAL["accuracy"])
    return Target("r2", USUAL["r2"])


def common_columns(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the columns that at least one run recorded, scores first, in the order of a run."""
    found = dict.fromkeys(column for run in runs for column in run.lines if is_column(column))
    return sorted(found, key=lambda column: "/" in column)


def difference_table(runs: Sequence[ComparedRun]) -> pd.DataFrame:
    """Return the settings that are not the same in all runs: a row per setting, a column per run.

    Columns that would have the same name are told apart by a number.
    """
    import pandas as pd

    rows = differences([run.spec for run in runs])
    names = told_apart(list(short_names(runs).values()), taken=[SETTING])
    table = {SETTING: [f"{row.part}: {row.label}" for row in rows]}
    for place, name in enumerate(names):
        table[name] = [row.values[place] for row in rows]
    return pd.DataFrame(table, dtype="object")


def _name(row: Row) -> str:
    """Return what the row is called, with what is to be kept in mind of it."""
    said = ["baseline"] if row["baseline"] else []
    if row["as_of"] is not None:
        said.append(f"as of epoch {row['as_of']:,}")
    return f"{row['name']} ({', '.join(said)})" if said else str(row["name"])


def _head(column: ScoreColumn) -> str:
    said = column.unit and column.unit != "epochs"
    return f"{column.label}, {column.unit}" if said else column.label


def _numbers(rows: Sequence[Row], key: str, column: ScoreColumn) -> pd.Series:
    import pandas as pd

    factor = 100 if column.unit == "%" else 1
    values = [None if row[key] is None else factor * row[key] for row in rows]
    return pd.Series(values, dtype="float64")


def _spread(row: Row, column: ScoreColumn) -> str:
    lower, upper = row.get(column.key + LOWER), row.get(column.key + UPPER)
    if not column.spread or (lower is None and upper is None):
        return ""
    factor = 100 if column.unit == "%" else 1
    ends = ["never" if end is None else f"{factor * end:.4g}" for end in (lower, upper)]
    return " – ".join(ends)
