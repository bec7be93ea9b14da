"""Mystery: a run with a hidden fault, to be guessed from its curves."""

from __future__ import annotations

import html

import streamlit as st

from overfit_core.faults import FAULTS, Mystery, new_mystery, open_mystery
from pages.parts import session_keys as keys
from pages.parts.lesson_runs import lesson_runs, train_button


def mystery() -> None:
    """Draw the lesson."""
    st.markdown(
        "A run does not memorise its batch, and you do not see its settings. Train it, look at the "
        "curves, and say what is wrong. **Share** gives a link to the very same mystery: the fault "
        "cannot be read from it."
    )
    code = st.session_state[keys.MYSTERY]
    if code is None:
        st.button("Make a mystery", type="primary", key="new-mystery", icon=":material/casino:",
                  on_click=_another)  # fmt: skip
        return
    found = open_mystery(code)
    solved = _solved(found)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        train_button("Train it", [found.spec])
        st.button("Another mystery", key="new-mystery", icon=":material/casino:", on_click=_another)
    if lesson_runs(hidden=not solved):
        _guess(found, solved=solved)


def _guess(found: Mystery, *, solved: bool) -> None:
    guessed = st.session_state[keys.GUESSED]
    with st.container(border=True, key="guess-box"):
        st.radio(
            "What is wrong?",
            found.choices,
            format_func=lambda fault_id: FAULTS[fault_id].title,
            key=keys.GUESS,
            index=None,
            disabled=solved,
            captions=[FAULTS[fault_id].change if solved else "" for fault_id in found.choices],
        )
        with st.container(horizontal=True, gap="small"):
            st.button("Guess", key="guess-it", type="primary", on_click=_take_guess,
                      disabled=solved)  # fmt: skip
            st.button("Tell me", key="give-up", on_click=_give_up, args=(found.fault.id,),
                      disabled=solved)  # fmt: skip
        if solved:
            said = "Right" if guessed[0] == found.fault.id else "It is"
            _say(f"{said}: {found.fault.title}. {found.fault.change} {found.fault.watch}", "good")
        elif guessed:
            wrong = FAULTS[guessed[-1]]
            _say(f"No: with “{wrong.title}” this would be seen: {wrong.watch}", "open")


def _solved(found: Mystery) -> bool:
    return found.fault.id in st.session_state[keys.GUESSED]


def _say(text: str, tone: str) -> None:
    st.html(f'<p class="status-line status-{tone}" role="status">{html.escape(text)}</p>')


def _another() -> None:
    st.session_state[keys.MYSTERY] = new_mystery().code
    st.session_state[keys.GUESSED] = []
    st.session_state[keys.GUESS] = None


def _take_guess() -> None:
    guess = st.session_state.get(keys.GUESS)
    if guess:
        st.session_state[keys.GUESSED] = [*st.session_state[keys.GUESSED], guess]


def _give_up(fault_id: str) -> None:
    st.session_state[keys.GUESSED] = [*st.session_state[keys.GUESSED], "", fault_id]
