"""The pages of the app, and the way between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import session_keys as keys

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


def navigation() -> StreamlitPage:
    """Draw the way between the pages, and return the one to show."""
    st.session_state[keys.NAVIGATED] = True
    return st.navigation(
        [
            st.Page("pages/train.py", title="Train", icon=":material/play_arrow:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
            st.Page("pages/runs.py", title="Runs", icon=":material/list:"),
        ],
        # In the frame of another page the charts stand alone.
        position="hidden" if st.context.is_embedded else "top",
    )


def ensure_navigation() -> None:
    """Start again with our own navigation where Streamlit made one from the folder ``pages``.

    It does so until a first script of the server has called ``st.navigation``: whoever opens a link
    to another page than the first, right after a start, would not come through ``app.py``.
    """
    if not st.session_state.get(keys.NAVIGATED):
        navigation()
        st.rerun()
