"""The runs that are drawn together, as a small table, and whether they can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.score_table import memorised_target
from overfit_core.comparison.fairness import fairness
from pages.parts.go import go_compare
from pages.parts.live_text import live_text
from pages.parts.run_charts import compared_runs
from pages.parts.scoreboard import show_scores

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

COMPARE = ":material/compare_arrows:"


def side_by_side(records: list[RunRecord]) -> None:
    """Draw the table of the runs that are shown together."""
    with st.container(key="side-by-side", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.header("Side by side", anchor="side-by-side")
            if st.button("Open on the Compare page", icon=COMPARE, key="compare"):
                go_compare([record.id for record in records])
        runs = compared_runs(records)
        # What runs start from is recorded with their first epoch.
        if all(record.ended or record.batch_hash for record in records):
            verdict = fairness(runs)
            live_text(verdict.text, key="fairness", tone=verdict.tone)
        if all(record.ended for record in records):
            show_scores(runs, memorised_target(runs), key="together")
