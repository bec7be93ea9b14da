"""Stored runs as a table to search, to filter and to pick from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.numbers import count
from overfit_core.charts.run_table import run_table
from overfit_core.charts.status import STATES
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.presets import PRESETS
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.visitor import owner

if TYPE_CHECKING:
    from collections.abc import Collection

    from overfit_core.store import RunRecord

LISTED = 500
"""Runs that the table shows at most."""
_OF = st.column_config
COLUMNS = {
    "run": _OF.TextColumn("Run", width=320),
    "loss curve": _OF.LineChartColumn(
        "Loss, log", width=110, help="From the first epoch to the last."
    ),
    "state": _OF.TextColumn("State"),
    "memorised": _OF.NumberColumn("Memorised at", help="Epoch; empty if it was not."),
    "loss": _OF.NumberColumn("Last loss", format="%.4g"),
    "score": _OF.NumberColumn("Accuracy or R²", format="%.4g"),
    "epochs": _OF.NumberColumn("Epochs"),
    "optimizer": _OF.TextColumn("Optimizer"),
    "rate": _OF.NumberColumn("Learning rate", format="%g"),
    "tags": _OF.ListColumn("Tags"),
    "notes": _OF.TextColumn("Notes"),
    "made": _OF.DatetimeColumn("Made", format="distance"),
}
"""How each column of ``run_table`` is shown."""


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


def pick_runs(
    records: list[RunRecord], table: str, *, without: Collection[str] = ()
) -> list[RunRecord]:
    """Draw the table and return the picked runs: its own, then those that are not in it now.

    Streamlit keeps the places of picked rows. So other rows make another table, which starts with
    those runs picked that were picked before and are in it. The others stay picked, until they
    are gone or a person takes the picks away.

    Args:
        records: The rows; without any there is no table.
        table: Which table this is.
        without: Ids of runs that cannot be picked any more.
    """
    before = st.session_state.get(keys.picked(table), ())
    here = _picked_here(records, table, before) if records else []
    listed = {*without, *(record.id for record in records)}
    hidden = [run_id for run_id in before if run_id not in listed]
    elsewhere = engine().store.runs_of(hidden) if hidden else []
    picked = [*here, *elsewhere]
    st.session_state[keys.picked(table)] = [record.id for record in picked]
    if records or picked:
        _picks_line(table, len(picked), len(elsewhere))
    return picked


def _picked_here(records: list[RunRecord], table: str, before: Collection[str]) -> list[RunRecord]:
    """Draw the table and return the runs of its picked rows."""
    # Picks that were taken away are taken from a new table: the browser keeps those of the old one.
    cleared = st.session_state.get(keys.picks_cleared(table), 0)
    key = keys.picks(f"{table}-{cleared}", [record.id for record in records])
    rows = [place for place, record in enumerate(records) if record.id in before]
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
        column_config=COLUMNS,
    )
    return [records[place] for place in selection.selection.rows]


def _picks_line(table: str, picked: int, elsewhere: int) -> None:
    """Say how many runs are picked, and let a person pick none."""
    said = f"{count(picked, 'run')} picked" if picked else "Pick rows at their left edge."
    if elsewhere:
        said = f"{said}, {elsewhere:,} not in this list"
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key=f"picks-line-{table}"
    ):
        st.caption(said, width="content")
        st.button(
            "Pick none",
            key=f"pick-none-{table}",
            type="tertiary",
            disabled=not picked,
            on_click=_pick_none,
            args=(table,),
        )


def _pick_none(table: str) -> None:
    st.session_state[keys.picked(table)] = []
    cleared = st.session_state.get(keys.picks_cleared(table), 0)
    st.session_state[keys.picks_cleared(table)] = cleared + 1
