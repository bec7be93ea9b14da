"""Break it: a healthy run, a switch for each fault, and what the fault does."""

from __future__ import annotations

import streamlit as st

from overfit_core.faults import FAULTS
from pages.parts import session_keys as keys
from pages.parts.lesson_runs import lesson_runs, train_button


def break_it() -> None:
    """Draw the lesson."""
    st.markdown(
        "Here is a run that memorises its batch. Choose what to break: the healthy run and the "
        "broken one train side by side, from the same weights wherever they can, and the diagnosis "
        "says what it sees. It is not told what you chose."
    )
    st.pills(
        "What to break",
        list(FAULTS),
        format_func=lambda fault_id: FAULTS[fault_id].title,
        key=keys.FAULT,
        required=True,
        persist_state="session",
    )
    fault = FAULTS[st.session_state[keys.FAULT]]
    st.markdown(f"**The switch.** {fault.change}")
    named = [
        spec.model_copy(update={"name": name})
        for name, spec in (("Healthy", fault.healthy), (fault.title, fault.broken))
    ]
    train_button("Train both", named, colours=("green", "vermillion"))
    lesson_runs(explained=-1, watch=[f"**What to look at.** {fault.watch}"])
