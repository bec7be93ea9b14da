"""The Train page: settings at the left, the run at the right."""

from __future__ import annotations

import streamlit as st

from overfit_core.errors import OverfitError
from pages.parts.address import open_address, show_notices
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.heading import TRAIN, heading
from pages.parts.run_panel import run_panel
from pages.parts.settings_form import read_draft, settings_form
from pages.parts.visitor import remember_visitor

heading(
    TRAIN,
    "Can this network memorise this one batch, how fast, and if not, why not?",
    hideable=True,
)
trouble = st.container(key="trouble")
try:
    open_address()
    show_notices()
    if st.context.is_embedded:
        run_panel()
    else:
        left, right = st.columns([5, 9], gap="medium")
        # The run first: its curves are what a person waits for.
        with right:
            run_panel()
        with left:
            settings_form(read_draft())
    # Database and workers come last: the first page does not wait for them.
    engine()
    remember_visitor()
except OverfitError as error:
    with trouble:
        say_wrong(f"The app cannot start: {error}")
