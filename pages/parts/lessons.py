"""The lessons of the Learn page, and the choice among them."""

from __future__ import annotations

import streamlit as st

from pages.parts import session_keys as keys
from pages.parts.lesson_address import ARTICLE, BREAK, LESSONS, MYSTERY
from pages.parts.lesson_article import article
from pages.parts.lesson_break import break_it
from pages.parts.lesson_mystery import mystery

_DRAW = {ARTICLE: article, BREAK: break_it, MYSTERY: mystery}


def choose_lesson() -> None:
    """Draw the choice of a lesson, and the lesson."""
    st.segmented_control(
        "Lesson",
        list(LESSONS),
        format_func=LESSONS.__getitem__,
        key=keys.LESSON,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    _DRAW[st.session_state[keys.LESSON]]()
