"""Where the batch comes from, and how much of it."""

from __future__ import annotations

import streamlit as st

from overfit_core.batches import SOURCES
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.form_fields import Problems, field_grid

LABELS = {"seed": "Sample seed", "label_noise": "Label noise", "held_out": "Held-out samples"}
SOURCE_KEY = keys.setting("batch", "source")


def batch_tab(problems: Problems) -> None:
    """Draw the settings of the batch."""
    st.selectbox(
        "Source",
        list(SOURCES),
        format_func=lambda source: SOURCES[source].label,
        key=SOURCE_KEY,
        persist_state="session",
    )
    source = SOURCES[st.session_state[SOURCE_KEY]]
    at_most = f" At most {source.max_samples:,} samples." if source.max_samples else ""
    st.caption(f"{source.meaning}{at_most}".replace("[", "\\["))
    problems.show("batch", "source")
    field_grid(form_state.source_settings(source.id), ("batch", source.id), problems, ("batch",))
    field_grid(form_state.BATCH, ("batch",), problems, ("batch",), LABELS)
