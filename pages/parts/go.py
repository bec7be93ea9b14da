"""From one page to another, with what is to be shown there."""

from __future__ import annotations

import streamlit as st

from pages.parts import session_keys as keys


def go_train(run_id: str) -> None:
    """Show a run on the Train page."""
    # The Train page reads its address once in a session: now once more.
    st.session_state[keys.OPENED] = False
    st.switch_page("pages/train.py", query_params={"run": run_id})


def go_compare(run_ids: list[str]) -> None:
    """Show runs on the Compare page."""
    st.session_state[keys.COMPARED] = None
    st.switch_page("pages/compare.py", query_params={"runs": ",".join(run_ids)})
