"""The scores of a race as a table to sort and to take away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from overfit_core.charts.race_columns import race_columns
from overfit_core.charts.race_table import race_table
from overfit_core.exports.race_tables import RACE_EXPORTS, Race, export_race, race_file_name
from overfit_core.racing.words import task_name
from pages.parts.engine import engine

if TYPE_CHECKING:
    from overfit_core.charts.race_columns import RaceColumn
    from overfit_core.racing.standing import Standing
    from overfit_core.store import RaceRecord


def race_scores(record: RaceRecord, standing: Standing) -> None:
    """Draw the table, and its downloads.

    Args:
        record: The race.
        standing: How it stands, with one score at least.
    """
    columns = race_columns(standing.plan)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="race-take"):
        st.header("Scores", anchor="scores")
        _take_away(record)
    said = "Speed of fitting one batch, not generalisation."
    st.caption(f"{standing.plan.target.sentence()} Infinity: missed. {said}")
    st.dataframe(
        race_table(standing.plan, standing.scores, standing.names),
        hide_index=True,
        key="race-scores",
        placeholder="–",
        alt="Scores: one row per optimizer, one column per score.",
        column_order=[column.key for column in columns if column.shown],
        column_config={column.key: _column(column) for column in columns},
    )


def _column(column: RaceColumn) -> Any:  # noqa: ANN401 - one of Streamlit's
    if column.format is None:
        return st.column_config.Column(column.head, help=column.help, width="medium")
    return st.column_config.NumberColumn(column.head, help=column.help, format=column.format)


def _take_away(record: RaceRecord) -> None:
    with st.popover("Take away", icon=":material/download:", key="take-race"):
        st.caption("PNG and SVG: the buttons at a chart's upper right corner.")
        for kind, made in RACE_EXPORTS.items():
            st.download_button(
                made.label,
                partial(_file, kind, record),
                file_name=race_file_name(kind, record.id),
                mime=made.mime,
                on_click="ignore",
                key=f"race-file-{kind}",
                help=made.meaning,
                width="stretch",
            )


def _file(kind: str, record: RaceRecord) -> bytes:
    runs = engine().store.race_runs(record.id)
    return export_race(kind, Race(record.plan, runs, record.given_name, task_name(record)))
