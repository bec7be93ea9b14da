"""Train, pause, step, stop, and the pace: what a person asks of a run."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

import streamlit as st

from overfit_core.charts.status import cost_line
from overfit_core.errors import OverfitError, UnknownRunError
from overfit_core.fields import message_of
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.settings_form import Draft, place_of, read_draft

if TYPE_CHECKING:
    from overfit_core.store import RunRecord, Store

P = ParamSpec("P")
PACES: dict[str, float | None] = {
    "As fast as it goes": None,
    "1 epoch/s": 1.0,
    "10 epochs/s": 10.0,
    "100 epochs/s": 100.0,
    "1,000 epochs/s": 1000.0,
}
"""What the list of paces says to epochs per second."""


def run_controls(draft: Draft, record: RunRecord | None) -> None:
    """Draw the buttons and what a run will take.

    Args:
        draft: What the form says.
        record: The run that is shown, if there is one.
    """
    live = record is not None and not record.ended
    held = live and record is not None and record.wish == "pause"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="controls"):
        st.button(
            "Train",
            key="train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=draft.spec is None,
            on_click=start,
            help="Ends the run that goes on, and starts a new one." if live else None,
        )
        # One button under one key: who presses it by keyboard stays on it.
        st.button(
            "Resume" if held else "Pause",
            key="pause",
            icon=":material/resume:" if held else ":material/pause:",
            on_click=_wish,
            args=("run" if held else "pause",),
            disabled=not live,
        )
        st.button(
            "Step",
            key="step",
            icon=":material/skip_next:",
            on_click=_step,
            disabled=not live and draft.spec is None,
            help="One epoch, then pause.",
        )
        st.button(
            "Stop", key="stop", icon=":material/stop:", on_click=_wish, args=("stop",),
            disabled=not live,
        )  # fmt: skip
        st.selectbox(
            "Pace",
            list(PACES),
            key=keys.PACE,
            on_change=_pace,
            width=190,
            persist_state="session",
            help="How fast to train. It can be changed while a run goes on.",
        )
    _cost_or_problems(draft)


def pace_name(pace: float | None) -> str:
    """Return what the list of paces calls a pace; one that is not in it has no name of its own."""
    return next((name for name, listed in PACES.items() if listed == pace), next(iter(PACES)))


def start(*, paused: bool = False) -> None:
    """Start a run with what the form says at this very moment.

    Args:
        paused: Whether it stands still after its first epoch.
    """
    draft = read_draft()
    st.session_state[keys.FAILED] = None
    # A click can overtake the page: settings typed just before it are checked here once more.
    if draft.spec is None:
        return
    try:
        handles = engine()
        _end_the_last(handles.store)
        pace = PACES[st.session_state[keys.PACE]]
        run_id = handles.store.create_run(draft.spec, pace=pace, steps=1 if paused else None)
        handles.workers.submit(run_id)
    except OverfitError as error:
        st.session_state[keys.FAILED] = f"The run was not started: {error}"
        return
    if st.session_state[keys.NOTICE]:
        st.session_state[keys.NOTICE] = []
        st.session_state[keys.WHOLE_PAGE] = True
    st.session_state[keys.RUN] = st.session_state[keys.STARTED] = run_id
    st.session_state[keys.RUNS] = [*st.session_state[keys.RUNS], run_id]


def _cost_or_problems(draft: Draft) -> None:
    if failed := st.session_state.get(keys.FAILED):
        st.html(f'<p class="notice" role="alert">{html.escape(failed)}</p>')
    if draft.spec is not None:
        with st.container(key="cost"):
            st.caption(cost_line(draft.spec))
        return
    found = {f"{place_of(p)}: {message_of(p)}": None for p in draft.problems}
    items = "".join(f"<li>{html.escape(text)}</li>" for text in found)
    st.html(
        '<div class="wrong" role="status"><p>Before you can train, mend this:</p>'
        f"<ul>{items}</ul></div>"
    )


def _end_the_last(store: Store) -> None:
    last = st.session_state.get(keys.RUN)
    if not last:
        return
    try:
        store.set_wish(last, "stop")
    except UnknownRunError:
        st.session_state[keys.RUN] = None


def saying_why(action: Callable[P, None]) -> Callable[P, None]:
    """Let what a click does say why it failed, above the run, and not in place of the run."""

    @wraps(action)
    def said(*args: P.args, **kwargs: P.kwargs) -> None:
        st.session_state[keys.FAILED] = None
        try:
            action(*args, **kwargs)
        except OverfitError as error:
            st.session_state[keys.FAILED] = str(error)

    return said


@saying_why
def _wish(wish: str) -> None:
    handles, run_id = engine(), st.session_state[keys.RUN]
    handles.store.set_wish(run_id, wish)
    if wish == "run":
        _wake(run_id)


@saying_why
def _step() -> None:
    run_id = st.session_state.get(keys.RUN)
    if run_id and engine().store.step(run_id):
        _wake(run_id)
    else:
        start(paused=True)


@saying_why
def _pace() -> None:
    run_id = st.session_state.get(keys.RUN)
    if run_id:
        engine().store.set_pace(run_id, PACES[st.session_state[keys.PACE]])


def _wake(run_id: str) -> None:
    """Have a run trained that was paused so long that it gave its worker to another."""
    handles = engine()
    if handles.store.run(run_id).worker is None:
        handles.workers.submit(run_id)
