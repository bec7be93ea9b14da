"""What the address of the Race page holds.

``?race=ID`` is the race, ``setup=CODE`` what the form says where it is not that race's. Everything
that an address says is checked like everything typed.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core import link
from overfit_core.errors import OverfitError, SpecError, UnknownRaceError
from overfit_core.racing.setup import RaceSetup
from pages.parts import race_state
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.race_state import RaceDraft

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord

LONGEST_ID = 64


def open_race() -> None:
    """Fill form and race from the address, once in a session and when a race is opened."""
    if st.session_state.get(keys.RACE_OPENED):
        return
    notices: list[str] = []
    fresh = keys.race("tasks") not in st.session_state
    typed = not fresh and _is_typed()
    race_id = st.query_params.get("race", "")[:LONGEST_ID]
    shown = race_set(race_id, notices) if race_id else []
    if race_id:
        st.session_state[keys.RACE] = shown[0].id if shown else None
        st.session_state[keys.RACE_PICKED] = None
    st.session_state.setdefault(keys.RACE, None)
    setup = _setup_of_address(notices)
    if setup is not None:
        notices += race_state.fill(setup)
    elif shown and not typed:
        fill_from(shown)
    elif fresh:
        race_state.fill({})
    st.session_state[keys.RACE_NOTICES] = notices
    st.session_state[keys.RACE_OPENED] = True


def show_race_notices() -> None:
    """Say what of the address could not be used."""
    for notice in st.session_state[keys.RACE_NOTICES]:
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def race_set(race_id: str, notices: list[str] | None = None) -> list[RaceRecord]:
    """Return a race and those that were started with it, in order; none if it cannot be shown.

    Args:
        race_id: Its id.
        notices: Where to say why.
    """
    said = notices if notices is not None else []
    try:
        records = engine().store.race_set(race_id)
        for record in records:
            _ = record.plan
    except UnknownRaceError:
        said.append(
            f"There is no race {race_id!r} here: the address was cut off, the race was deleted, or "
            "it was made on another machine. Press Start to make one."
        )
        return []
    except SpecError:
        said.append("This race was made by another version, whose settings cannot be read here.")
        return []
    return records


def fill_from(records: list[RaceRecord]) -> None:
    """Write the settings of races that were started together into the form."""
    race_state.fill(link.decode(setup_of(records).link_code()))


def setup_of(records: list[RaceRecord]) -> RaceSetup:
    """Return the setup that races were started with."""
    return RaceSetup.of([record.plan for record in records])


def write_race(draft: RaceDraft, records: list[RaceRecord]) -> None:
    """Let the address say what is shown, so that a reload loses nothing.

    Args:
        draft: What the form says.
        records: The races that are shown.
    """
    wanted: dict[str, str] = {}
    if race_id := st.session_state[keys.RACE]:
        wanted["race"] = race_id
    same = setup_of(records) if records else RaceSetup()
    if draft.setup is None:
        wanted["setup"] = link.encode(draft.data)
    elif draft.setup != same:
        wanted["setup"] = draft.setup.link_code()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _is_typed() -> bool:
    """Tell whether the form says what neither the shown race does, nor the form at first."""
    setup = race_state.read_race().setup
    race_id = st.session_state.get(keys.RACE)
    records = race_set(race_id) if race_id else []
    known = [RaceSetup(), *([setup_of(records)] if records else [])]
    return setup not in known


def _setup_of_address(notices: list[str]) -> dict[str, object] | None:
    """Return settings as they were typed, or None where there are none."""
    code = st.query_params.get("setup")
    try:
        return link.decode(code) if code else None
    except OverfitError as error:
        notices.append(f"The race in this address cannot be used: {error}")
        return None
