"""Deleting what is picked in a table: asked once more, and undone until the page is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from overfit_core.charts.numbers import count
from overfit_core.errors import OverfitError
from pages.parts import session_keys as keys
from pages.parts.form_fields import say_wrong

NAMED = 8
"""So many of what is to be deleted are named."""


def ask(titles: Sequence[str], said: str, what: str, delete: Callable[[], list[str]]) -> None:
    """Draw what a dialog asks before something is deleted.

    Args:
        titles: What it is called.
        said: What else comes of it, or nothing.
        what: ``run`` or ``race``.
        delete: Deletes it, and returns the ids of what is gone.
    """
    st.text("\n".join(titles[:NAMED]))
    if len(titles) > NAMED:
        st.text(f"and {len(titles) - NAMED} more")
    st.caption("You can undo this until you leave the page.")
    if said:
        st.caption(said)
    with st.container(horizontal=True, gap="small"):
        if st.button("Delete", type="primary", key=f"delete-{what}-confirmed"):
            try:
                gone = delete()
            except OverfitError as error:
                say_wrong(str(error))
                return
            key = keys.deleted(what)
            st.session_state[key] = [*st.session_state.get(key, []), *gone]
            st.rerun()
        if st.button("Keep them", key=f"delete-{what}-cancelled"):
            st.rerun()


def undo_line(what: str, restore: Callable[[list[str]], object]) -> None:
    """Say what was deleted, and offer to bring it back; nothing where nothing was.

    Args:
        what: ``run`` or ``race``.
        restore: Brings back what has these ids.
    """
    gone = st.session_state.get(keys.deleted(what), [])
    if not gone:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"undo-bar-{what}"
    ):
        st.html(f'<p role="status">{count(len(gone), what)} deleted.</p>')
        if st.button("Undo", icon=":material/undo:", key=f"undo-{what}"):
            restore(gone)
            st.session_state[keys.deleted(what)] = []
            st.rerun()
