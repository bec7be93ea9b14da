"""The Train page: settings at the left, the run at the right."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from overfit_core.errors import OverfitError
from pages.parts.address import open_address, show_notices, write_address
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.run_panel import run_panel
from pages.parts.settings_form import read_draft, settings_form

st.html(Path(__file__).parent / "parts" / "style.css")
try:
    store = engine().store
except OverfitError as error:
    say_wrong(f"The app cannot start: {error}")
    st.stop()
open_address(store)

with st.container(key="heading", gap="xsmall"):
    st.title("Train one batch", anchor=False)
    st.caption("Can this network memorise this one batch, how fast, and if not, why not?")
show_notices()
left, right = st.columns([5, 9], gap="medium")
draft = read_draft()
# The run first: after a click on Train its curves are what a person waits for.
with right:
    run_panel(draft)
with left:
    settings_form(draft)
write_address(draft, store)
