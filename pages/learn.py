"""The Learn page: what keeps a network from memorising, one cause at a time."""

from __future__ import annotations

import streamlit as st

from overfit_core.errors import OverfitError
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.heading import LEARN, heading
from pages.parts.lesson_address import open_lesson, show_lesson_notices, write_lesson
from pages.parts.lessons import choose_lesson
from pages.parts.visitor import remember_visitor

heading(LEARN, "What keeps a network from memorising one batch, and what makes it.")
trouble = st.container(key="trouble")
try:
    open_lesson()
    show_lesson_notices()
    choose_lesson()
    write_lesson()
    engine()
    remember_visitor()
except OverfitError as error:
    with trouble:
        say_wrong(str(error))
