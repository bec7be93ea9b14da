"""What stands at the top of each page: its name, its question, the link to share, the login."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import session_keys as keys
from pages.parts.navigation import COMPARE, LEARN, PAGES, RACE, RUNS, TRAIN, ensure_navigation
from pages.parts.share import share_button

__all__ = ["COMPARE", "LEARN", "RACE", "RUNS", "TRAIN", "heading", "is_on", "stay_on"]


def heading(page: str, caption: str, *, share: bool = True, hideable: bool = False) -> None:
    """Draw the top of a page, and load the style sheet.

    Args:
        page: Its id, as in ``PAGES``.
        caption: What it is for, in a sentence.
        share: Whether what it shows has a link of its own.
        hideable: Whether the page has settings that a link may hide.
    """
    ensure_navigation()
    st.html(Path(__file__).parent / "style.css")
    if not is_on(page):
        # What was deleted can be brought back until its page is left.
        for what in ("run", "race"):
            st.session_state[keys.deleted(what)] = []
        st.session_state[keys.PAGE] = page
        st.session_state[keys.TIMED] = False
        # Of another page's clicks.
        st.session_state[keys.FAILED] = None
        st.session_state[keys.SHARING] = False
    if st.context.is_embedded:
        return
    with st.container(
        horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute",
        key="heading",
    ):  # fmt: skip
        with st.container(gap="xsmall", width="content"):
            st.title(PAGES[page].heading, anchor=False)
            st.caption(caption)
        with st.container(horizontal=True, gap="xsmall", width="content"):
            if share:
                share_button(hideable=hideable)
            _login_button()


def is_on(page: str) -> bool:
    """Tell whether a page is the one that is shown.

    Args:
        page: Its id, as in ``PAGES``.
    """
    return st.session_state.get(keys.PAGE) == page


def stay_on(page: str) -> None:
    """Return to the page that is shown, where this part of another one is drawn too late.

    A timer may be sent at the moment in which its page is left. Streamlit then tells the browser
    that the old page is shown again: it clears the new one, and finds no place for what that draws
    later. So the new one is drawn once more.

    Args:
        page: Id of the page that the part belongs to, as in ``PAGES``.
    """
    shown = st.session_state.get(keys.PAGE, page)
    if shown != page:
        st.switch_page(f"pages/{shown}.py")


def _login_button() -> None:
    """Offer to log in or out where a login is configured (``[auth]`` in Streamlit's secrets)."""
    user = st.user.to_dict()
    if "is_logged_in" not in user:
        return
    if not user["is_logged_in"]:
        st.button("Log in", icon=":material/login:", on_click=st.login, key="log-in")
        return
    who = user.get("name") or user.get("email") or "you"
    st.button(
        "Log out", icon=":material/logout:", on_click=st.logout, key="log-out",
        help=f"Logged in as {who}.".replace("[", "(").replace("]", ")"),
    )  # fmt: skip
