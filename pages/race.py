"""The Race page: optimizers tuned equally on one batch."""

from __future__ import annotations

import streamlit as st

from overfit_core.errors import OverfitError
from pages.parts.form_fields import say_wrong
from pages.parts.heading import RACE, heading
from pages.parts.race_address import open_race, show_race_notices
from pages.parts.race_form import race_form
from pages.parts.race_panel import race_panel
from pages.parts.race_state import read_race
from pages.parts.visitor import remember_visitor

heading(RACE, "Which optimizer fits this batch fastest, when each is tuned equally?")
try:
    open_race()
    show_race_notices()
    draft = read_race()
    if st.context.is_embedded:
        race_panel(draft)
    else:
        left, right = st.columns([4, 9], gap="medium")
        with left:
            race_form(draft)
        with right:
            race_panel(draft)
    remember_visitor()
except OverfitError as error:
    say_wrong(str(error))
