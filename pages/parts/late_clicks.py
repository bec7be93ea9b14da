"""Clicks that come from a browser that shows the form as it was before it was filled anew.

With a click the browser sends what stands in all its fields, and Streamlit takes that for what the
person wants now: who chooses a preset and at once presses Train would train what was there before.
"""

from __future__ import annotations

import streamlit as st

from pages.parts import session_keys as keys

_LISTS = (keys.LAYER_IDS, keys.BESIDE_IDS)


def keep() -> None:
    """Remember the form as it has just been filled."""
    filled = {
        str(key): value
        for key, value in st.session_state.items()
        if str(key).startswith(keys.PREFIX) or key in _LISTS
    }
    before, _ = st.session_state.get(keys.FILLED, ("0", {}))
    version = str(int(before) + 1)
    st.session_state[keys.FILLED] = (version, filled)
    st.session_state[keys.FORM_VERSION] = version


def form_version() -> None:
    """Draw what no person sees: a field by which the browser says which form it shows.

    It belongs behind all others: they reach a browser one after another.
    """
    st.text_input("Version of the form", key=keys.FORM_VERSION, persist_state="session")


def catch_up() -> None:
    """Fill the form once more where the browser did not have it yet."""
    version, filled = st.session_state.get(keys.FILLED, ("", {}))
    if st.session_state.get(keys.FORM_VERSION, version) != version:
        for key, value in filled.items():
            st.session_state[key] = value
        st.session_state[keys.FORM_VERSION] = version
