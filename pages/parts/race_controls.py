"""Start, stop and repeat: what a person asks of a race, and what it will take."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.errors import OverfitError, SpecError
from overfit_core.fields import message_of
from overfit_core.fit import check_work
from overfit_core.racing.estimate import check_race_work, estimate_line
from overfit_core.racing.words import missing_runs
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.race_address import fill_from, race_set
from pages.parts.race_state import read_race
from pages.parts.run_controls import saying_why
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord, Room
    from pages.parts.race_state import RaceDraft


def race_controls(draft: RaceDraft, records: list[RaceRecord]) -> None:
    """Draw the buttons and what a race will take.

    Args:
        draft: What the form says.
        records: The races that are shown.
    """
    going = any(not record.ended for record in records)
    mine = all(is_mine(record) for record in records)
    missing = missing_runs(records)
    refused = _refused(draft)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="controls"):
        st.button(
            "Start race", key="start-race", type="primary", icon=":material/play_arrow:",
            disabled=draft.setup is None or refused is not None, on_click=_start,
        )  # fmt: skip
        st.button(
            "Stop", key="stop-race", icon=":material/stop:", on_click=_stop,
            disabled=not (going and mine), help="What is there stays.",
        )  # fmt: skip
        if missing and mine and not going:
            st.button(
                f"Train what is missing ({missing:,})", key="repeat-race", on_click=_repeat,
                icon=":material/replay:",
            )  # fmt: skip
    if going and not mine:
        st.caption("Somebody else made this race: you can watch it, and start it anew.")
    _cost_or_problems(draft, refused)


def _cost_or_problems(draft: RaceDraft, refused: str | None) -> None:
    if failed := st.session_state.pop(keys.FAILED, None):
        st.html(f'<p class="notice" role="alert">{html.escape(failed)}</p>')
    if draft.setup is None:
        said = " ".join(message_of(problem) for problem in draft.problems)
        st.html(f'<p class="wrong" role="status">To start: {html.escape(said)}</p>')
    else:
        if refused:
            st.html(f'<p class="wrong" role="status">{html.escape(refused)}</p>')
        st.caption(estimate_line(draft.plans, engine().workers.status().workers))


def _refused(draft: RaceDraft) -> str | None:
    """Return why a race is too large for this place; None if it is not."""
    try:
        _check_size(draft)
    except SpecError as error:
        return message_of(error.problems[0])
    return None


@saying_why
def _start() -> None:
    """Start what the form says at this very moment; the races that go on are not stopped."""
    draft = read_race()
    if draft.setup is None:
        return
    handles = engine()
    _check_size(draft)
    made = handles.store.create_races(
        draft.plans,
        owner=owner(),
        names=draft.setup.titles,
        room=_room(),
    )
    for race_id in made:
        handles.workers.submit_race(race_id)
    st.session_state[keys.RACE_NOTICES] = []
    st.session_state[keys.RACE] = made[0]
    st.session_state[keys.RACE_PICKED] = None


def _check_size(draft: RaceDraft) -> None:
    """Check that neither a run nor the race is too large for this place."""
    settings = engine().settings
    check_work([plan.spec for plan in draft.plans], settings.run_work)
    check_race_work(draft.plans, settings.race_work)


def _room() -> Room:
    from overfit_core.store import Room

    return Room(engine().settings.runs_per_visitor, engine().settings.runs_waiting)


def _meant() -> list[RaceRecord]:
    """Return the races that a click means: those that are shown, if they are ours."""
    return [record for record in race_set(st.session_state[keys.RACE]) if is_mine(record)]


@saying_why
def _stop() -> None:
    for record in _meant():
        engine().store.stop_race(record.id)


@saying_why
def _repeat() -> None:
    for record in _meant():
        if record.missing and engine().store.repeat_race(record.id, room=_room()):
            engine().workers.submit_race(record.id)


def take_settings(race_id: str) -> None:
    """Write the settings of a race into the form."""
    try:
        fill_from(race_set(race_id))
    except OverfitError as error:
        st.session_state[keys.FAILED] = str(error)
