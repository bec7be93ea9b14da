"""Train, pause, step, stop, and the pace: what a person asks of a run."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

import streamlit as st

from overfit_core.charts.status import cost_line
from overfit_core.errors import OverfitError, SpecError
from overfit_core.fields import message_of
from overfit_core.spec import MAX_GROUP, RunSpec, changed_parts
from pages.parts import session_keys as keys
from pages.parts.beginning import begin_runs
from pages.parts.engine import engine
from pages.parts.settings_form import Draft, place_of, read_draft
from pages.parts.visitor import is_mine

if TYPE_CHECKING:
    from overfit_core.store import RunRecord, Store, Wish

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
    steered = live and record is not None and is_mine(record)
    held = live and record is not None and record.wish == "pause"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="controls"):
        st.button(
            "Train",
            key="train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=draft.spec is None,
            on_click=_train,
            help="Ends the run that goes on, and starts a new one." if steered else None,
        )
        # One button under one key: who presses it by keyboard stays on it.
        st.button(
            "Resume" if held else "Pause",
            key="pause",
            icon=":material/resume:" if held else ":material/pause:",
            on_click=_wish,
            args=("run" if held else "pause",),
            disabled=not steered,
        )
        st.button(
            "Step",
            key="step",
            icon=":material/skip_next:",
            on_click=_step,
            disabled=not steered if live else draft.spec is None,
            help="One epoch, then pause.",
        )
        st.button(
            "Stop", key="stop", icon=":material/stop:", on_click=_wish, args=("stop",),
            disabled=not steered,
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
    if live and not steered:
        st.caption("Somebody else made this run: you can watch it, and train its settings anew.")
    _cost_or_problems(draft)


def pace_name(pace: float | None) -> str:
    """Return what the list of paces calls a pace; one that is not in it has no name of its own."""
    return next((name for name, listed in PACES.items() if listed == pace), next(iter(PACES)))


def _train(*, paused: bool = False) -> None:
    """Start what the form says at this very moment, paused after its first epoch or not."""
    # A click can overtake the page: settings typed just before it are checked here once more.
    start(read_draft().specs, paused=paused)


def start(specs: tuple[RunSpec, ...], *, paused: bool = False, beside: str | None = None) -> None:
    """Start runs, and show them.

    Args:
        specs: What is trained; nothing happens without one.
        paused: Whether they stand still after their first epoch.
        beside: Id of a run whose curves stay beside theirs, whatever the difference.
    """
    st.session_state[keys.FAILED] = None
    if not specs:
        return
    try:
        ending, kept = _the_last(engine().store, specs[0])
        kept = kept if beside is None else [beside]
        made = begin_runs(
            specs,
            ending=ending,
            pace=PACES[st.session_state[keys.PACE]],
            steps=1 if paused else None,
            preset=st.session_state[keys.PRESET],
        )
    except OverfitError as error:
        st.session_state[keys.FAILED] = f"The run was not started: {error}"
        return
    if st.session_state[keys.NOTICE]:
        st.session_state[keys.NOTICE] = []
        st.session_state[keys.WHOLE_PAGE] = True
    st.session_state[keys.RUN] = st.session_state[keys.STARTED] = made[0]
    st.session_state[keys.RUNS] = [*st.session_state[keys.RUNS], *made]
    st.session_state[keys.TOGETHER] = [*kept, *made][-MAX_GROUP:]


def _cost_or_problems(draft: Draft) -> None:
    if failed := st.session_state.get(keys.FAILED):
        st.html(f'<p class="notice" role="alert">{html.escape(failed)}</p>')
    if draft.specs:
        with st.container(key="cost"):
            st.caption(cost_line(*draft.specs))
        return
    found = {f"{place_of(p)}: {message_of(p)}": None for p in draft.problems}
    items = "".join(f"<li>{html.escape(text)}</li>" for text in found)
    st.html(
        '<div class="wrong" role="status"><p>Before you can train, mend this:</p>'
        f"<ul>{items}</ul></div>"
    )


def _the_last(store: Store, spec: RunSpec) -> tuple[list[str], list[str]]:
    """Return the runs that the new ones end, and those that they are drawn beside.

    These stay where one thing was changed; other settings altogether start with a clean sheet.
    """
    last = st.session_state.get(keys.RUN)
    found = store.runs_of([last]) if last else []
    if not found:
        return [], []
    ending = [run.id for run in _steered(found[0])]
    try:
        alike = changed_parts(found[0].spec, spec) <= 1
    except SpecError:
        alike = False
    kept = [run.id for run in store.runs_of(st.session_state[keys.TOGETHER])] if alike else []
    return ending, kept


def _steered(record: RunRecord) -> list[RunRecord]:
    """Return the runs that a click means: those that were started together, if they are ours."""
    group = engine().store.group(record.group_id) if record.group_id else [record]
    return [run for run in group if not run.ended and is_mine(run)]


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
def _wish(wish: Wish) -> None:
    meant = _meant()
    engine().store.set_wish_all(meant, wish)
    if wish == "run":
        _wake(meant)


@saying_why
def _step() -> None:
    meant = _meant()
    if meant and engine().store.step_all(meant):
        _wake(meant)
    else:
        _train(paused=True)


@saying_why
def _pace() -> None:
    engine().store.set_pace_all(_meant(), PACES[st.session_state[keys.PACE]])


def _meant() -> list[str]:
    run_id = st.session_state.get(keys.RUN)
    return [run.id for run in _steered(engine().store.run(run_id))] if run_id else []


def _wake(run_ids: list[str]) -> None:
    """Have runs trained that were paused so long that they gave their worker to others."""
    handles = engine()
    parked = [run.id for run in handles.store.runs_of(run_ids) if run.worker is None]
    for run_id in parked[:1]:
        # Its worker takes the others with it.
        handles.workers.submit(run_id)
