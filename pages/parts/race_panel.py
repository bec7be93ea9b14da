"""The race at the right: how far it is, who is first, its charts and its table."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.errors import OverfitError, StoreError
from overfit_core.racing.standing import Standing
from overfit_core.racing.words import (
    grid_words,
    race_line,
    race_progress,
    race_share,
    race_title,
    task_name,
)
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.heading import RACE
from pages.parts.live_chart import preload_charts
from pages.parts.live_part import State, live_part
from pages.parts.live_text import live_text
from pages.parts.race_address import race_set, write_race
from pages.parts.race_charts import profile_chart, race_charts
from pages.parts.race_controls import race_controls, take_settings
from pages.parts.race_labels import race_label_form
from pages.parts.race_opening import race_opening
from pages.parts.race_scores import race_scores
from pages.parts.visitor import is_mine

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord
    from pages.parts.race_state import RaceDraft

LIVE_SECONDS = 0.7
"""How often a race that goes on is looked at, scored and drawn."""
NAME_WIDTH = 400
"""In pixels: of the form with a race's name."""
KEPT = 24
"""Races whose scores are kept: three sets. One of five hundred runs takes 0.5 MB."""


def race_panel(draft: RaceDraft) -> None:
    """Draw the buttons, and the race that is shown.

    Args:
        draft: What the form says.
    """
    records = _shown()
    if not st.context.is_embedded:
        race_controls(draft, records)
    if not records:
        _nothing_yet()
    else:
        if not st.context.is_embedded:
            _which_race(records, draft)
        seconds = None if all(record.ended for record in records) else LIVE_SECONDS
        live_part(RACE, partial(_live, st.session_state[keys.RACE]), _state(records), seconds)
    write_race(draft, records)


def _shown() -> list[RaceRecord]:
    """Return the races that are shown, in their order; none if there is none any more."""
    race_id = st.session_state[keys.RACE]
    records = race_set(race_id, st.session_state[keys.RACE_NOTICES]) if race_id else []
    if not records:
        st.session_state[keys.RACE] = None
    return records


def _state(records: list[RaceRecord]) -> State:
    """Return what the page depends on beside charts and scores."""
    each = [(record.id, record.status, record.wish) for record in records]
    return [*each, str(st.session_state.get(keys.FAILED))]


def _live(race_id: str, _stands: bool) -> State | None:
    """Draw what changes while a race goes on."""
    try:
        records = race_set(race_id)
        record = next((found for found in records if found.id == race_id), None)
        if record is None:
            return None
        engine().store.look_races([found.id for found in records])
        standing = _standing(record)
    except StoreError as error:
        live_text(str(error), key="status", tone="bad")
        return None
    _progress(records, record, standing)
    # Nothing above a fragment sees its errors.
    try:
        _results(records, record, standing)
    except OverfitError as error:
        say_wrong(str(error))
    return _state(records)


def _results(records: list[RaceRecord], record: RaceRecord, standing: Standing) -> None:
    if not standing.scores:
        preload_charts()
        return
    race_charts(record, standing)
    if len(records) > 1:
        profile_chart(
            [standing if one.id == record.id else _standing(one) for one in records], records[0].id
        )
    if not st.context.is_embedded:
        # The best cell changes while it runs: lists that followed it would be taken for choices.
        if record.ended or st.session_state[keys.RACE_PICKED]:
            race_opening(record, standing)
        race_scores(record, standing)


def _progress(records: list[RaceRecord], record: RaceRecord, standing: Standing) -> None:
    text, tone = race_line(record, standing)
    if record.status == "queued":
        text = f"{text} {engine().workers.status().sentence()}"
    live_text(text, key="status", tone=tone)
    with st.container(key="progress", gap=None):
        said = race_progress(records)
        if all(one.status == "finished" for one in records):
            st.caption(f"{grid_words(record.plan)} · {said}")
        else:
            st.progress(race_share(records), text=said)


def _standing(record: RaceRecord) -> Standing:
    """Return how a race stands; it is scored once as long as no run is added."""
    return _scored(record.id, record.done, record)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _scored(race_id: str, done: int, _record: RaceRecord) -> Standing:
    return Standing.of(_record.plan, engine().store.race_runs(race_id))


def _which_race(records: list[RaceRecord], draft: RaceDraft) -> None:
    """Say which race is shown, let a person choose among those started together, and name it."""
    names = {record.id: task_name(record) for record in records}
    several = len(records) > 1
    if several and records[0].given_name:
        _heading(records)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="which-race"):
        if several:
            st.session_state[keys.race("shown")] = st.session_state[keys.RACE]
            st.selectbox(
                "Task",
                list(names),
                format_func=names.__getitem__,
                key=keys.race("shown"),
                on_change=_show,
                help="Each task has a race of its own.",
            )
        else:
            _heading(records)
        if is_mine(records[0]):
            # Under another name it is another one, which is closed: the new title is to be seen.
            key = keys.race(f"name-{records[0].given_name or ''}")
            with (
                st.popover("Name", icon=":material/edit:", key=key),
                st.container(width=NAME_WIDTH),
            ):
                race_label_form(records)
        if draft.plans != tuple(record.plan for record in records):
            st.button(
                "Take this race's settings",
                key="take-race-settings",
                help="The form has other settings than this race.",
                on_click=take_settings,
                args=(records[0].id,),
            )


def _heading(records: list[RaceRecord]) -> None:
    st.html(f"<h2>{html.escape(race_title(records))}</h2>")


def _show() -> None:
    st.session_state[keys.RACE] = st.session_state[keys.race("shown")]
    st.session_state[keys.RACE_PICKED] = None


def _nothing_yet() -> None:
    with st.container(border=True, key="empty"):
        st.header("No race yet", anchor=False)
        st.markdown(
            '"Adam beats SGD" at one shared learning rate mostly measures the learning rate. '
            "Here every optimizer is tried with the same **grid of learning rates**, and for each "
            "**seed** from the same initial weights on the same batch."
        )
        st.markdown(
            "Choose what is fitted and who races, and press **Start race**. Who reaches the "
            "target first, how much the learning rate matters, and what tuning is worth is drawn "
            "here while it runs."
        )
    preload_charts()
