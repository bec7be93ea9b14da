"""From one page to another, with what is to be shown there."""

from __future__ import annotations

import streamlit as st

from overfit_core.comparison.view import fitting
from pages.parts import session_keys as keys


def go_train(*run_ids: str) -> None:
    """Show a run on the Train page, the last one, with the others; what was typed there stays."""
    # The Train page reads its address once in a session: now once more.
    st.session_state[keys.OPENED] = False
    shown = {"run": run_ids[-1], "with": ",".join(run_ids)}
    st.switch_page("pages/train.py", query_params=shown)


def go_preset(preset: str) -> None:
    """Show the settings of a preset on the Train page; what was typed there stays."""
    st.session_state[keys.OPENED] = False
    st.switch_page("pages/train.py", query_params={"preset": preset})


def go_compare(run_ids: list[str]) -> None:
    """Show runs on the Compare page, as many as fit; it says how many were left out."""
    runs, left_out = fitting(run_ids)
    st.session_state[keys.COMPARED] = None
    st.session_state[keys.LEFT_OUT] = left_out
    st.switch_page("pages/compare.py", query_params={"runs": ",".join(runs)})
