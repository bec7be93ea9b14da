"""The scoreboard, and the settings that differ, as tables that can be sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.comparison.differences import differences, short_names
from overfit_core.comparison.measures import is_column
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import LOWER, RATIO, UPPER, Row, ScoreColumn
from overfit_core.comparison.view import Target
from overfit_core.training.result import R2_MEMORISED

if TYPE_CHECKING:
    import pandas as pd

NAME = "Run"
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

    names = [f"{row['name']} (baseline)" if row["baseline"] else row["name"] for row in rows]
    table: dict[str, object] = {NAME: pd.Series(names, dtype="object")}
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
        return Target("accuracy", 1.0)
    return Target("r2", R2_MEMORISED)


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
    names = short_names(runs)
    table: dict[str, list[str]] = {"Setting": [f"{row.part}: {row.label}" for row in rows]}
    for place, run in enumerate(runs):
        name, number = names[run.id], 2
        while name in table:
            name, number = f"{names[run.id]} ({number})", number + 1
        table[name] = [row.values[place] for row in rows]
    return pd.DataFrame(table, dtype="object")


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
