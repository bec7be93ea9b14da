"""What the address of the Learn page holds: the lesson, what is chosen in it, and its runs.

``?lesson=break`` is the lesson, ``example=article-3`` or ``fault=zero-weights`` what is chosen in
it, ``mystery=CODE`` a hidden fault, ``runs=ID,ID`` what was trained.
"""

from __future__ import annotations

import html

import streamlit as st

from overfit_core.errors import LinkCodeError
from overfit_core.faults import FAULTS, open_mystery
from pages.parts import session_keys as keys

ARTICLE, BREAK, MYSTERY = "article", "break", "mystery"
LESSONS = {ARTICLE: "The article's story", BREAK: "Break it", MYSTERY: "Mystery"}
"""Each lesson by its id in the address."""
EXAMPLES = {
    "article-1": "Example 1: one small hidden layer",
    "article-2": "Example 2: three hidden layers",
    "article-3": "Example 3: the same net with SGD",
}
"""Preset of each example, and what it is called."""
LONGEST = 200
"""An address names runs in at most so many characters."""


def open_lesson() -> None:
    """Fill the page from its address, once in a session."""
    if st.session_state.get(keys.LESSON_READ):
        return
    given, notices = st.query_params, list[str]()
    code = given.get("mystery")
    lesson = MYSTERY if code else given.get("lesson", ARTICLE)
    st.session_state[keys.LESSON] = lesson if lesson in LESSONS else ARTICLE
    example, fault = given.get("example"), given.get("fault")
    st.session_state[keys.EXAMPLE] = example if example in EXAMPLES else next(iter(EXAMPLES))
    st.session_state[keys.FAULT] = fault if fault in FAULTS else next(iter(FAULTS))
    st.session_state[keys.MYSTERY] = None
    st.session_state[keys.GUESSED] = []
    if code:
        try:
            st.session_state[keys.MYSTERY] = open_mystery(code).code
        except LinkCodeError as error:
            notices.append(f"The mystery of this address cannot be opened: {error}")
    runs = [run_id for run_id in given.get("runs", "")[:LONGEST].split(",") if run_id]
    st.session_state[keys.LESSON_RUNS] = {place(): runs} if runs else {}
    st.session_state[keys.LESSON_NOTICE] = notices
    st.session_state[keys.LESSON_READ] = True


def show_lesson_notices() -> None:
    """Say what of the address could not be used."""
    for notice in st.session_state[keys.LESSON_NOTICE]:
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def place() -> str:
    """Return the name of what is shown: the runs of each place are kept."""
    lesson = st.session_state[keys.LESSON]
    chosen = {ARTICLE: keys.EXAMPLE, BREAK: keys.FAULT, MYSTERY: keys.MYSTERY}[lesson]
    return f"{lesson} {st.session_state[chosen]}"


def write_lesson() -> None:
    """Let the address say what is shown, so that a reload loses nothing."""
    lesson = st.session_state[keys.LESSON]
    wanted = {"lesson": lesson}
    if lesson == ARTICLE:
        wanted["example"] = st.session_state[keys.EXAMPLE]
    elif lesson == BREAK:
        wanted["fault"] = st.session_state[keys.FAULT]
    elif code := st.session_state[keys.MYSTERY]:
        wanted["mystery"] = code
    if runs := st.session_state[keys.LESSON_RUNS].get(place()):
        wanted["runs"] = ",".join(runs)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
