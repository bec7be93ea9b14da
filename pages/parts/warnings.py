"""What can be told of the settings before they are trained."""

from __future__ import annotations

import html

import streamlit as st

from overfit_core.charts.verdict import in_a_sentence, said
from overfit_core.diagnosis.facts import Cause
from overfit_core.errors import OverfitError
from overfit_core.spec import RunSpec
from pages.parts import session_keys as keys


def show_warnings(spec: RunSpec) -> None:
    """Name what is wrong with settings that can be trained, and will not memorise their batch.

    Args:
        spec: What the form says.
    """
    if "diagnosis" in st.session_state[keys.HIDDEN]:
        return
    # One element, also where nothing is wrong: the page below it does not move.
    with st.container(key="warnings"):
        for cause in _warnings(spec.to_json()):
            shown = in_a_sentence(cause) or said(cause)
            st.html(
                f'<div class="warning" role="note"><p><strong>{html.escape(cause.title)}.</strong> '
                f"{html.escape(cause.why)}</p><p>{html.escape(shown)}</p></div>"
            )


@st.cache_data(show_spinner=False, max_entries=64)
def _warnings(spec_json: str) -> tuple[Cause, ...]:
    from overfit_core.diagnosis.spec_facts import warnings_of

    try:
        return warnings_of(RunSpec.load(spec_json))
    except OverfitError:
        return ()
