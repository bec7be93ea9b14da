"""The run at the right: how far it is, its curves, and its samples when it has ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.numbers import count
from overfit_core.charts.run_table import record_title
from overfit_core.charts.status import (
    compiling_line,
    figures_line,
    progress_line,
    seconds_taken,
    share_done,
    status_line,
)
from overfit_core.errors import OverfitError, StoreError, UnknownRunError
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.address import write_address
from pages.parts.diagnosis import begin_by_itself
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.go import go_race
from pages.parts.heading import RACE, TRAIN, stay_on
from pages.parts.live_chart import preload_charts
from pages.parts.live_part import LIVE_SECONDS, State, is_over, live_part, state_of
from pages.parts.live_text import live_text
from pages.parts.navigation import PAGES
from pages.parts.run_charts import run_charts
from pages.parts.run_controls import pace_name, run_controls, saying_why
from pages.parts.settings_form import Draft, read_draft
from pages.parts.side_by_side import side_by_side
from pages.parts.take_away import take_one
from pages.parts.verdict_card import verdict_card

if TYPE_CHECKING:
    from overfit_core.charts.lines import Lines
    from overfit_core.store import RunRecord

RACE_ICON = PAGES[RACE].icon
RUNS_LISTED = 20
FIRST_SECONDS = 0.3
"""How long a look at a run that has no epochs yet waits for the first ones."""


def run_panel() -> None:
    """Draw the buttons, and the run that is shown.

    A click on one of them draws this panel only, and not all the settings beside it, which would
    take a browser half a second.
    """
    st.session_state.pop(keys.WHOLE_PAGE, None)
    st.fragment(_panel)()


def _panel() -> None:
    stay_on(TRAIN)
    if st.session_state.pop(keys.WHOLE_PAGE, False):
        st.rerun()
    # Nothing above a fragment sees its errors: they are said here, and the settings stay.
    try:
        _controls_and_run(read_draft(), st.session_state.get(keys.RUN))
    except OverfitError as error:
        say_wrong(str(error))


def _controls_and_run(draft: Draft, run_id: str | None) -> None:
    if run_id is not None and st.session_state.pop(keys.STARTED, None) == run_id:
        engine().feed.first_lines(run_id, FIRST_SECONDS)
    record = _record(run_id)
    if not st.context.is_embedded:
        run_controls(draft, record)
    if record is None:
        _nothing_yet()
    else:
        _run(record, draft)
    write_address(draft)


def _run(record: RunRecord, draft: Draft) -> None:
    if not st.context.is_embedded:
        _which_run(record, draft)
    together = _together(record)
    check = begin_by_itself(record) if _is_explained(record) else None
    seconds = None if is_over(together, check) else LIVE_SECONDS
    live_part(TRAIN, partial(_live, record.id), state_of(together, check), seconds)
    if st.context.is_embedded:
        return
    if len(together) > 1:
        side_by_side(together)
    if record.ended and "samples" not in st.session_state[keys.HIDDEN]:
        _samples(record)


def _live(run_id: str, stands: bool) -> State | None:
    """Draw what changes while a run goes on."""
    try:
        record = engine().store.run(run_id)
        patience = FIRST_SECONDS if stands and record.status == "running" else 0
        lines = engine().feed.first_lines(run_id, patience)
        record = engine().store.run(run_id) if patience else record
        together = _together(record)
        engine().store.look([run.id for run in together if not run.ended])
        check = engine().store.check(run_id) if _is_explained(record) else None
    except StoreError as error:
        live_text(str(error), key="status", tone="bad")
        return None
    _progress(record, lines, together)
    if _is_explained(record):
        verdict_card(record, check)
    if lines.last_epoch:
        run_charts(record, lines, together)
    else:
        preload_charts()
    return state_of(together, check)


def _is_explained(record: RunRecord) -> bool:
    """Tell whether the page says why a run went as it did: a link may hide it."""
    hidden = st.context.is_embedded or "diagnosis" in st.session_state[keys.HIDDEN]
    return record.ended and not hidden


def _together(record: RunRecord) -> list[RunRecord]:
    """Return the runs that are drawn with this one, it among them, oldest first."""
    ids = st.session_state[keys.TOGETHER]
    if record.id not in ids:
        return [record]
    # This one as it was read before: had it ended meanwhile, its buttons would wait for ever.
    return [record if run.id == record.id else run for run in engine().store.runs_of(ids)]


def _progress(record: RunRecord, lines: Lines, together: list[RunRecord]) -> None:
    epochs = record.spec.training.epochs
    text, tone = status_line(record.status, record.wish, record.summary, record.reason)
    if record.status == "queued":
        place = engine().store.place_in_queue(record.id)
        queue = f", number {place} in the queue" if place and place > 1 else ""
        text = f"{text.removesuffix('.')}{queue}. {engine().workers.status().sentence()}"
    elif (record.status, record.wish, lines.last_epoch) == ("running", "run", 0):
        text = compiling_line(len([run for run in together if run.status == "running"]))
    live_text(text, key="status", tone=tone)
    with st.container(key="progress", gap=None):
        if record.summary is not None:
            st.caption(figures_line(record.summary))
            return
        taken = seconds_taken(record.started_at, record.finished_at)
        rate = engine().feed.rate(record.id) if record.status == "running" else None
        said = progress_line(lines.last_epoch, epochs, epochs_per_second=rate, seconds=taken)
        st.progress(share_done(lines.last_epoch, epochs), text=said)


def _samples(record: RunRecord) -> None:
    # With pandas, for which a first page that shows no run need not wait.
    from pages.parts.sample_table import show_samples

    samples = engine().store.samples(record.id)
    if samples is None:
        return
    with st.container(key="samples-box"):
        st.header(f"The {count(len(samples.x), 'sample')} of the batch", anchor="samples")
        show_samples(samples)


def _nothing_yet() -> None:
    with st.container(border=True, key="empty"):
        st.header("Nothing trained yet", anchor=False)
        st.markdown(
            "Choose a **preset**, change what you like, and press **Train**. The curves of loss "
            "and accuracy are drawn here while the network learns; when it ends, one sentence "
            "says whether it memorised the batch, and a table shows every sample."
        )
        st.markdown(
            "A small network is done in a blink. To watch it learn, choose a slower **pace**, "
            "or press **Step** to train epoch by epoch."
        )
    preload_charts()


def _record(run_id: str | None) -> RunRecord | None:
    if run_id is None:
        return None
    try:
        return engine().store.run(run_id)
    except UnknownRunError:
        st.session_state[keys.RUN] = None
        return None


def _which_run(record: RunRecord, draft: Draft) -> None:
    """Say which run is shown, and let a person go back to an earlier one of this session."""
    runs = st.session_state[keys.RUNS][-RUNS_LISTED:]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="which-run"):
        if len(runs) > 1:
            first = len(st.session_state[keys.RUNS]) - len(runs) + 1
            there = {run.id: run for run in engine().store.runs_of(runs)}
            names = {
                run_id: _run_name(place, there.get(run_id))
                for place, run_id in enumerate(runs, first)
            }
            st.session_state[keys.SHOWN_RUN] = record.id
            st.selectbox(
                "Run",
                list(reversed(runs)),
                format_func=names.__getitem__,
                key=keys.SHOWN_RUN,
                on_change=_show_run,
                help="The runs of this session, the latest first.",
            )
        if len(st.session_state[keys.TOGETHER]) > 1:
            st.button(
                "Show only this run",
                key="alone",
                icon=":material/filter_1:",
                on_click=_alone,
                args=(record.id,),
                help="Takes the other curves away; the runs stay in the list.",
            )
        if record.ended:
            take_one(record)
        if record.race_id and st.button("Open its race", key="its-race", icon=RACE_ICON):
            go_race(record.race_id)
        if draft.spec is None or draft.spec.hash != record.spec.hash:
            st.button(
                "Take this run's settings",
                key="take-settings",
                help="The form has other settings than this run.",
                on_click=_take_settings,
                args=(record.id,),
            )


def _run_name(place: int, record: RunRecord | None) -> str:
    return f"{place}. {record_title(record)} · {record.status}" if record else f"{place}. gone"


@saying_why
def _show_run() -> None:
    record = engine().store.run(st.session_state[keys.SHOWN_RUN])
    st.session_state[keys.RUN] = record.id
    st.session_state[keys.PACE] = pace_name(record.pace)


def _alone(run_id: str) -> None:
    st.session_state[keys.TOGETHER] = [run_id]


@saying_why
def _take_settings(run_id: str) -> None:
    form_state.fill_from(engine().store.run(run_id).spec)
    st.session_state[keys.WHOLE_PAGE] = True
