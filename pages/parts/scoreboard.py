"""The scores of runs as a table to sort."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import streamlit as st

from overfit_core.charts.score_table import score_table
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import ScoreColumn, score_columns, scoreboard
from overfit_core.comparison.scores import Score, recorded_score
from overfit_core.comparison.target import Target
from pages.parts.engine import engine

SCORES_KEPT = 2_000
"""Scores of runs that have ended: forty comparisons of fifty runs."""


def show_scores(
    runs: Sequence[ComparedRun],
    target: Target | None,
    *,
    key: str,
    grouped: bool = False,
    baseline: str | None = None,
    hidden: Collection[str] = (),
) -> None:
    """Draw the scoreboard of runs, and above it what they are scored by.

    Args:
        runs: In the order of the rows.
        target: What counts as reached, if anything.
        key: Which table this is.
        grouped: Whether seeds are put together.
        baseline: Id of the run that the others are measured by.
        hidden: Ids of runs that have no row of their own; they count all the same.
    """
    scores = {run.id: _score(run, target) for run in runs}
    rows = scoreboard(runs, scores, target, grouped=grouped, baseline=baseline, hidden=hidden)
    columns = score_columns(target, grouped=grouped)
    table = score_table(rows, columns)
    if target is not None:
        st.caption(target.sentence())
    st.dataframe(
        table,
        hide_index=True,
        key=key,
        placeholder="–",
        alt="Scoreboard: one row per run, one column per score.",
        column_config=_columns(table.columns, columns),
    )
    if not all(row["exact"] for row in rows):
        st.caption(
            "A long run that goes on is scored on its curve as it is drawn: epochs can be a few "
            "too late until it has ended."
        )


def _score(run: ComparedRun, target: Target | None) -> Score:
    """Return the score of a run; that of one that has ended is calculated once."""
    if run.ended:
        return _final_score(run.id, run.lines.last_epoch, target, run)
    return recorded_score(run, target, engine().store)


@st.cache_data(max_entries=SCORES_KEPT, show_spinner=False)
def _final_score(run_id: str, epoch: int, target: Target | None, _run: ComparedRun) -> Score:
    return recorded_score(_run, target, engine().store)


def _columns(names: Iterable[str], columns: Sequence[ScoreColumn]) -> dict[str, object]:
    """Return how each column of the table is shown; what stands behind a score belongs to it."""
    scores = {column.label: column for column in columns}
    return {name: _column(scores.get(name.partition(", ")[0]), name) for name in names}


def _column(column: ScoreColumn | None, name: str) -> object:
    columns = st.column_config
    if column is None:
        return columns.TextColumn(name, width="medium")
    if name.endswith("middle half"):
        return columns.TextColumn(name, help=f"Lower to upper quartile. {column.help}")
    return columns.NumberColumn(name, help=column.help, format="%.4g")
