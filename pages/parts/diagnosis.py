"""Why a run did not memorise its batch: the cause, drawn, and the changes that were tried."""

from __future__ import annotations

import html
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.evidence import evidence_figure, evidence_rows
from overfit_core.charts.verdict import (
    in_a_sentence,
    is_open,
    other_evidence,
    search_line,
    search_share,
)
from overfit_core.errors import TooManyRunsError
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.fixes import fixes
from pages.parts.live_chart import live_chart
from pages.parts.live_text import live_text
from pages.parts.run_controls import saying_why
from pages.parts.visitor import is_mine

if TYPE_CHECKING:
    from overfit_core.diagnosis.facts import Cause
    from overfit_core.store import CheckRecord, RunRecord

BUDGETS = {"20 seconds": 20.0, "1 minute": 60.0, "5 minutes": 300.0}
"""How long a search that is asked for may take."""


def begin_by_itself(record: RunRecord) -> CheckRecord | None:
    """Return the search for the cause of a run; it begins with the end of one's own run.

    Args:
        record: The run that is shown.
    """
    handles = engine()
    check, seconds = handles.store.check(record.id), handles.settings.check_seconds
    if check is not None or not seconds or record.status != "finished" or not is_mine(record):
        return check
    if record.summary is None or record.summary.memorised_epoch is not None:
        return None
    # Where there is no room for it now, a button asks for it later.
    with suppress(TooManyRunsError):
        _begin(record.id, seconds)
    return handles.store.check(record.id)


def diagnosis(record: RunRecord, check: CheckRecord | None) -> None:
    """Draw what is known of the cause of a run, and the search as long as it goes on.

    Args:
        record: A run that has not memorised its batch.
        check: The search for its cause; None where there was none.
    """
    report = check.report if check is not None else None
    longest = engine().settings.check_longest
    if check is not None:
        # Always at the same place: a line that is moved is not spoken.
        said, tone = search_line(check)
        live_text(said, key="search", tone=tone)
        if not check.ended:
            _going(record, check)
    why, mending = (
        st.columns(2, gap="medium") if report and report.causes else (None, st.container())
    )
    if why is not None and report is not None:
        with why:
            _cause(report.causes[0], record.id)
            _also(report.causes[1:])
    with mending:
        if report is not None and report.causes:
            st.header("What makes it memorise", anchor="changes")
        if report is not None:
            fixes(record, report)
        budgets = [name for name, seconds in BUDGETS.items() if seconds <= longest]
        if budgets and is_mine(record) and (check is None or is_open(check)):
            _ask(record, budgets, again=check is not None)


def _cause(cause: Cause, run_id: str) -> None:
    with st.container(key="cause", gap="small"):
        st.header(f"Why: {_plain(cause.title)}", anchor="why")
        st.markdown(_plain(cause.why))
        if problem := in_a_sentence(cause):
            st.markdown(f"**{_plain(problem)}**")
        drawing = cause.drawing
        if drawing is not None and drawing.kind == "samples":
            st.caption(_plain(drawing.title))
            st.dataframe(evidence_rows(drawing), key="evidence-rows", alt=drawing.title)
        elif drawing is not None:
            live_chart(evidence_figure(drawing, revision=run_id), key="chart-evidence")
        _evidence(cause)


def _also(causes: tuple[Cause, ...]) -> None:
    if not causes:
        return
    with st.expander(f"Also found: {len(causes)}", key="also"):
        for cause in causes:
            st.subheader(_plain(cause.title), anchor=False)
            st.markdown(_plain(" ".join(filter(None, [cause.why, in_a_sentence(cause)]))))
            _evidence(cause)


def _evidence(cause: Cause) -> None:
    items = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in other_evidence(cause)
    )
    st.html(f'<dl class="evidence">{items}</dl><p class="source">{html.escape(cause.source)}</p>')


def _going(record: RunRecord, check: CheckRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="searching"):
        st.progress(search_share(check), text="Of the time for the search")
        if is_mine(record):
            st.button(
                "Stop looking", key="stop-search", icon=":material/stop:",
                on_click=_stop, args=(record.id,), disabled=check.wish == "stop",
            )  # fmt: skip


def _ask(record: RunRecord, budgets: list[str], *, again: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="ask"):
        st.button(
            "Look again" if again else "Find out why",
            key="ask-search",
            icon=":material/search:",
            on_click=_ask_for,
            args=(record.id,),
            help="Trains the run again with every layer measured, and tries changes.",
        )
        st.selectbox("For at most", budgets, key=keys.BUDGET, persist_state="session",
                     width=150)  # fmt: skip


@saying_why
def _ask_for(run_id: str) -> None:
    _begin(run_id, BUDGETS[st.session_state[keys.BUDGET]])


@saying_why
def _stop(run_id: str) -> None:
    engine().store.stop_check(run_id)


def _begin(run_id: str, seconds: float) -> None:
    from overfit_core.store import Room

    settings = engine().settings
    room = Room(settings.runs_per_visitor, settings.runs_waiting)
    if engine().store.ask_check(run_id, seconds, room=room):
        engine().workers.submit_check(run_id)


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it stands."""
    return text.replace("[", "\\[").replace("*", "\\*").replace("_", "\\_").replace("$", "\\$")
