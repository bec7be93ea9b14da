"""Stored runs as a table to search, to filter and to pick from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.run_table import run_table
from overfit_core.charts.status import STATES
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.presets import PRESETS
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.visitor import owner

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

LISTED = 500
"""Runs that the table shows at most."""


def run_filter() -> list[RunRecord]:
    """Draw search and filters, and return the runs that match, newest first."""
    from overfit_core.store import RunFilter

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="run-filter"):
        text = st.text_input(
            "Search",
            key=keys.SEARCH,
            placeholder="Name, notes, tag …",
            icon=":material/search:",
            persist_state="session",
        )
        optimizers = _choice("Optimizer", {n: o.label for n, o in OPTIMIZERS.items()})
        presets = _choice("Preset", {name: preset.title for name, preset in PRESETS.items()})
        statuses = _choice("State", STATES)
        tags = _choice("Tag", {tag: tag for tag in engine().store.tags(owner())})
    wanted = RunFilter(
        text=text,
        optimizers=optimizers,
        presets=presets,
        statuses=statuses,
        tags=tags,
        owner=owner(),
    )
    return engine().store.find(wanted, limit=LISTED)


def _choice(label: str, options: dict[str, str]) -> list[str]:
    return st.multiselect(
        label,
        list(options),
        format_func=lambda name: options.get(name, name),
        key=keys.run_filter(label),
        placeholder="Any",
        persist_state="session",
    )


def pick_runs(records: list[RunRecord], table: str) -> list[str]:
    """Draw the table and return the ids of the picked rows.

    Streamlit keeps the places of picked rows. So other rows make another table, which starts with
    those runs picked that were picked before and are still in it.

    Args:
        records: The rows.
        table: Which table this is.
    """
    columns = st.column_config
    ids = [record.id for record in records]
    key, before = keys.picks(table, ids), st.session_state.get(keys.picked(table), ())
    rows = [place for place, run_id in enumerate(ids) if run_id in before]
    if rows and key not in st.session_state:
        st.session_state[key] = {"selection": {"rows": rows}}
    selection = st.dataframe(
        run_table(records),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=key,
        placeholder="–",
        alt="Table of the recorded runs; pick rows to open, compare, rename or delete them.",
        column_config={
            "run": columns.TextColumn("Run", width=320),
            "loss curve": columns.LineChartColumn(
                "Loss, log", width=110, help="From the first epoch to the last."
            ),
            "state": columns.TextColumn("State"),
            "memorised": columns.NumberColumn("Memorised at", help="Epoch; empty if it was not."),
            "loss": columns.NumberColumn("Last loss", format="%.4g"),
            "score": columns.NumberColumn("Accuracy or R²", format="%.4g"),
            "epochs": columns.NumberColumn("Epochs"),
            "optimizer": columns.TextColumn("Optimizer"),
            "rate": columns.NumberColumn("Learning rate", format="%g"),
            "tags": columns.ListColumn("Tags"),
            "notes": columns.TextColumn("Notes"),
            "made": columns.DatetimeColumn("Made", format="distance"),
        },
    )
    picked = [ids[place] for place in selection.selection.rows]
    st.session_state[keys.picked(table)] = picked
    return picked
