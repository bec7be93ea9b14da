"""The library of runs: the table, and what is done with the picked rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.numbers import count, size
from overfit_core.charts.run_table import record_title
from pages.parts.deleting import ask, undo_line
from pages.parts.engine import engine
from pages.parts.go import go_compare, go_train
from pages.parts.run_labels import label_form
from pages.parts.run_table import LISTED, pick_runs, run_filter
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.store import RunRecord


def library() -> None:
    """Draw the page."""
    records = run_filter()
    undo_line("run", lambda gone: engine().store.restore(gone, by=owner()))
    if not records:
        _empty()
    chosen = pick_runs(records, "library")
    if not records and not chosen:
        return
    _actions(chosen)
    if len(chosen) == 1:
        label_form(chosen[0])
    _storage(len(records))


def _actions(chosen: list[RunRecord]) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="actions"):
        if st.button(
            "Open", icon=":material/open_in_new:", disabled=len(chosen) != 1, key="open-run",
            help="On the Train page. Pick one run.",
        ):  # fmt: skip
            go_train(chosen[0].id)
        if st.button(
            "Compare", icon=":material/compare_arrows:", disabled=not chosen, key="compare-runs"
        ):
            go_compare([record.id for record in chosen])
        theirs = [record for record in chosen if not is_mine(record)]
        if st.button(
            "Delete", icon=":material/delete:", disabled=not chosen or bool(theirs),
            key="delete-runs",
        ):  # fmt: skip
            _confirm(chosen)


@st.dialog("Delete these runs?")
def _confirm(chosen: list[RunRecord]) -> None:
    ask(
        [record_title(record) for record in chosen],
        _stopped(chosen),
        "run",
        lambda: engine().store.delete([record.id for record in chosen], by=owner()),
    )


def _stopped(chosen: list[RunRecord]) -> str:
    """Say that deleting stops runs that go on; nothing if all have ended."""
    going = len([record for record in chosen if not record.ended])
    if going > 1:
        return f"{going:,} of them go on and are stopped; an undo does not start them again."
    which = "It goes" if len(chosen) == 1 else "One of them goes"
    return f"{which} on and is stopped; an undo does not start it again." if going else ""


def _storage(listed: int) -> None:
    found = engine().store.storage(owner())
    parts = [f"{count(found.runs, 'run')} of yours", f"{size(found.bytes)} of histories in all"]
    if listed == LISTED:
        parts.append(f"the newest {LISTED} are listed")
    st.caption(" · ".join(parts) + f" · {engine().settings.retention}")


def _empty() -> None:
    with st.container(border=True, key="empty"):
        if engine().store.storage(owner()).runs:
            st.header("No run matches", anchor=False)
            st.markdown("Take away a filter, or search for less.")
        else:
            st.header("No runs yet", anchor=False)
            st.markdown("Every run that you train is kept here.")
        st.page_link("pages/train.py", label="Train one", icon=":material/play_arrow:")
