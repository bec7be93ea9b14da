"""The recorded races: the table, and what is done with the picked ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.racing.listing import race_sets, races_table
from overfit_core.racing.words import race_title
from pages.parts import session_keys as keys
from pages.parts.deleting import ask, undo_line
from pages.parts.engine import engine
from pages.parts.go import go_race
from pages.parts.race_labels import race_label_form
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord

LISTED = 100
"""Races that the table shows at most."""
_OF = st.column_config
COLUMNS = {
    "race": _OF.TextColumn("Race", width=320),
    "state": _OF.TextColumn("State"),
    "optimizers": _OF.ListColumn("Optimizers", width=260),
    "grid": _OF.TextColumn("Grid"),
    "runs": _OF.NumberColumn("Runs"),
    "of": _OF.NumberColumn("of"),
    "made": _OF.DatetimeColumn("Made", format="distance"),
}


def race_library() -> None:
    """Draw the races of whoever looks; nothing where there are none."""
    sets = race_sets(engine().store.races(owner(), limit=LISTED))
    undo_line("race", lambda gone: engine().store.restore_races(gone, by=owner()))
    if not sets:
        return
    st.header("Races", anchor="races")
    ids = [records[0].id for records in sets]
    selection = st.dataframe(
        races_table(sets),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=keys.picks("races", ids),
        placeholder="–",
        alt="Table of the recorded races; pick rows to open, name or delete them.",
        column_config=COLUMNS,
    )
    chosen = [sets[place] for place in selection.selection.rows]
    _actions(chosen)
    if len(chosen) == 1:
        race_label_form(chosen[0])


def _actions(chosen: list[list[RaceRecord]]) -> None:
    with st.container(horizontal=True, gap="xsmall", key="race-actions"):
        if st.button(
            "Open race", icon=":material/open_in_new:", disabled=len(chosen) != 1, key="open-race",
            help="On the Race page. Pick one race.",
        ):  # fmt: skip
            go_race(chosen[0][0].id)
        theirs = [records for records in chosen if not all(map(is_mine, records))]
        if st.button(
            "Delete", icon=":material/delete:", disabled=not chosen or bool(theirs),
            key="delete-races",
        ):  # fmt: skip
            _confirm(chosen)


@st.dialog("Delete these races?")
def _confirm(chosen: list[list[RaceRecord]]) -> None:
    ids = [record.id for records in chosen for record in records]
    ask(
        [race_title(records) for records in chosen],
        "Those that go on are stopped; runs that were opened from them stay.",
        "race",
        lambda: engine().store.delete_races(ids, by=owner()),
    )
