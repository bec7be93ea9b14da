"""From one page to another, with what is to be shown there."""

from __future__ import annotations

import streamlit as st

from overfit_core.comparison.view import fitting
from pages.parts import session_keys as keys

_JS = 'export default ({ setTriggerValue }) => setTriggerValue("ready", true);'


def go_train(*run_ids: str) -> None:
    """Show a run on the Train page, the last one, with the others; what was typed there stays."""
    # The Train page reads its address once in a session: now once more.
    st.session_state[keys.OPENED] = False
    _go("train", {"run": run_ids[-1], "with": ",".join(run_ids)})


def go_preset(preset: str) -> None:
    """Show the settings of a preset on the Train page; what was typed there stays."""
    st.session_state[keys.OPENED] = False
    _go("train", {"preset": preset})


def go_compare(run_ids: list[str]) -> None:
    """Show runs on the Compare page, as many as fit; it says how many were left out."""
    runs, left_out = fitting(run_ids)
    st.session_state[keys.COMPARED] = None
    st.session_state[keys.LEFT_OUT] = left_out
    _go("compare", {"runs": ",".join(runs)})


def go_race(race_id: str) -> None:
    """Show a race on the Race page, and those that were started with it."""
    st.session_state[keys.RACE_OPENED] = False
    _go("race", {"race": race_id})


def _go(page: str, query: dict[str, str]) -> None:
    """Leave the page that is shown, by way of the browser where it may have a timer.

    A timer that the browser sends before it hears of the new page reaches Streamlit after it, which
    then tells the browser that the old page is back: the new one is cleared, and nothing finds its
    place on it any more. So the old page first ends with its timers, and is left when the browser
    says that it has heard.
    """
    if not st.session_state.get(keys.TIMED):
        st.switch_page(f"pages/{page}.py", query_params=query)
    st.session_state[keys.GOING] = (page, query)
    st.rerun()


def leave() -> bool:
    """Go on to where a click leads; tells whether the browser has to be asked before.

    Nothing else is drawn then, and the script comes to its end: only so are the timers forgotten.
    """
    if going := st.session_state.pop(keys.GOING, None):
        st.session_state[keys.LEAVING] = going
        _departure()(key="departure", on_ready_change=lambda: None)
        return True
    # Without an answer, the person has asked for something else in the meantime.
    left = st.session_state.pop(keys.LEAVING, None)
    if left and _departure()(key="departure", on_ready_change=lambda: None).ready:
        page, query = left
        st.switch_page(f"pages/{page}.py", query_params=query)
    return False


@st.cache_resource(show_spinner=False)
def _departure() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("overfit_departure", js=_JS, isolate_styles=False)
