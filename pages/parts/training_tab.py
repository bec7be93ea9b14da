"""How long, from which weights, in which precision, and what is measured."""

from __future__ import annotations

import streamlit as st

from overfit_core.limits import LIMITS
from overfit_core.spec import PROBES
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.form_fields import Problems, field_grid

LABELS = {"seed": "Weight seed", "dtype": "Precision"}
PROBE_LABELS = {
    "gradient_norm": "Gradient norm",
    "weight_norm": "Weight norm",
    "update_ratio": "Update ÷ weight",
    "dead_share": "Dead units",
    "saturated_share": "Saturated units",
    "samples": "Each sample",
}


def training_tab(problems: Problems) -> None:
    """Draw the settings of the training."""
    field_grid(form_state.TRAINING, ("training",), problems, ("training",), LABELS)
    st.pills(
        "Probes: what is measured besides loss and accuracy",
        list(PROBES),
        selection_mode="multi",
        format_func=PROBE_LABELS.__getitem__,
        key=keys.setting("training", "probes"),
        help="Per layer at every epoch; each sample at a few epochs spaced by their logarithm.",
        persist_state="session",
    )
    problems.show("training", "probes")
    st.text_input(
        "Name of the run",
        key=keys.setting("name"),
        max_chars=LIMITS.name_length,
        placeholder="Changes nothing; helps to find it again",
        persist_state="session",
    )
    problems.show("name")
