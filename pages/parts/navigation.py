"""The pages of the app, and the way between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.parts import session_keys as keys

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

TRAIN, COMPARE, RACE, RUNS, LEARN = "train", "compare", "race", "runs", "learn"


class PageRow(NamedTuple):
    """One page.

    Attributes:
        title: What the way to it is called.
        heading: What stands at its top.
        icon: The sign before its title.
    """

    title: str
    heading: str
    icon: str


PAGES = {
    TRAIN: PageRow("Train", "Train one batch", ":material/play_arrow:"),
    COMPARE: PageRow("Compare", "Compare", ":material/compare_arrows:"),
    RACE: PageRow("Race", "Race optimizers", ":material/trophy:"),
    RUNS: PageRow("Runs", "Runs", ":material/list:"),
    LEARN: PageRow("Learn", "Why it fails", ":material/school:"),
}
"""Every page by its id, the name of its file in ``pages/``, in the order of the way to them."""


def navigation() -> StreamlitPage:
    """Draw the way between the pages, and return the one to show."""
    st.session_state[keys.NAVIGATED] = True
    return st.navigation(
        [
            st.Page(f"pages/{page}.py", title=row.title, icon=row.icon)
            for page, row in PAGES.items()
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
