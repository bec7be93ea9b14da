"""The recorded races: the table, and what is done with the picked ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.numbers import count
from overfit_core.errors import OverfitError
from overfit_core.racing.listing import race_sets, races_table, set_title
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.go import go_race
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
    _undo()
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
        alt="Table of the recorded races; pick rows to open or delete them.",
        column_config=COLUMNS,
    )
    _actions([sets[place] for place in selection.selection.rows])


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
    st.text("\n".join(set_title(records) for records in chosen[:8]))
    if len(chosen) > 8:
        st.text(f"and {len(chosen) - 8} more")
    st.caption(
        "You can undo this until you leave the page. Those that go on are stopped; runs that were "
        "opened from them stay."
    )
    with st.container(horizontal=True, gap="small"):
        if st.button("Delete", type="primary", key="delete-races-confirmed"):
            ids = [record.id for records in chosen for record in records]
            try:
                gone = engine().store.delete_races(ids, by=owner())
            except OverfitError as error:
                say_wrong(str(error))
                return
            before = st.session_state.get(keys.RACES_DELETED, [])
            st.session_state[keys.RACES_DELETED] = [*before, *gone]
            st.rerun()
        if st.button("Keep them", key="delete-races-cancelled"):
            st.rerun()


def _undo() -> None:
    gone = st.session_state.get(keys.RACES_DELETED, [])
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="undo-races"):
        st.html(f'<p role="status">{count(len(gone), "race")} deleted.</p>')
        if st.button("Undo", icon=":material/undo:", key="undo-race"):
            engine().store.restore_races(gone, by=owner())
            st.session_state[keys.RACES_DELETED] = []
            st.rerun()
