"""The scores of runs as a table to sort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from overfit_core.charts.score_table import score_table
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import ScoreColumn, score_columns, scoreboard
from overfit_core.comparison.view import Target
from overfit_core.training.history import History


def show_scores(
    runs: Sequence[ComparedRun],
    target: Target,
    *,
    key: str,
    histories: Mapping[str, History] | None = None,
    grouped: bool = False,
    baseline: str | None = None,
) -> None:
    """Draw the scoreboard of runs.

    Args:
        runs: In the order of the rows.
        target: What counts as reached.
        key: Which table this is.
        histories: All epochs of those whose curves were thinned, by id.
        grouped: Whether seeds are put together.
        baseline: Id of the run that the others are measured by.
    """
    rows = scoreboard(runs, target, histories, grouped=grouped, baseline=baseline)
    columns = score_columns(target, grouped=grouped)
    table = score_table(rows, columns)
    shown = {column.label: column for column in columns}
    st.dataframe(
        table,
        hide_index=True,
        key=key,
        placeholder="–",
        alt="Scoreboard: one row per run, one column per score.",
        column_config={
            name: _column(shown.get(name.partition(", ")[0]), name) for name in table.columns
        },
    )


def _column(column: ScoreColumn | None, name: str) -> object:
    columns = st.column_config
    if column is None:
        return columns.TextColumn(name, width="medium")
    if name.endswith("middle half"):
        return columns.TextColumn(name, help=f"Lower to upper quartile. {column.help}")
    return columns.NumberColumn(name, help=column.help, format="%.4g")
