"""The changes that were tried on a run, what came of each, and a button that trains it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.verdict import fix_tone
from overfit_core.diagnosis.spec_changes import applicable, with_changes
from overfit_core.errors import UnknownRunError
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.beginning import begin_runs
from pages.parts.engine import engine
from pages.parts.heading import TRAIN, is_on
from pages.parts.run_controls import saying_why, start
from pages.parts.settings_form import read_draft

if TYPE_CHECKING:
    from overfit_core.diagnosis.report import Fix, Report
    from overfit_core.store import RunRecord


def fixes(record: RunRecord, report: Report) -> None:
    """Draw the changes: those that help in front, the others folded below.

    Args:
        record: The run.
        report: What was tried on it.
    """
    places = list(enumerate(report.fixes))
    helped = [one for one in places if one[1].outcome in ("memorised", "better")]
    others = [one for one in places if one not in helped]
    for place, fix in helped:
        _fix(record, place, fix, first=(place, fix) == helped[0])
    if not others:
        return
    with st.expander("What did not help, and what was not tried", key="others"):
        for place, fix in others:
            _fix(record, place, fix)


def _fix(record: RunRecord, place: int, fix: Fix, *, first: bool = False) -> None:
    with st.container(gap="xsmall", key=f"fix-{place}"):
        st.html(
            f'<div class="fix"><p>{html.escape(fix.text)}</p>'
            f"<pre><code>{html.escape(fix.code)}</code></pre>"
            f'<p class="outcome status-{fix_tone(fix)}">{html.escape(fix.sentence())}</p></div>'
        )
        if applicable(record.spec, fix.changes):
            st.button(
                "Apply and train" if first else f"Apply and train: {fix.text}",
                key=f"apply-{place}",
                type="primary" if first else "secondary",
                icon=":material/play_arrow:",
                on_click=_apply,
                args=(record.id, place, fix.code),
                help="Trains this run's settings with the change, beside it.",
            )


@saying_why
def _apply(run_id: str, place: int, code: str) -> None:
    """Train a run with a change beside the run itself; settings that were typed stay."""
    store = engine().store
    record, check = store.run(run_id), store.check(run_id)
    report = check.report if check is not None else None
    found = report.fixes[place : place + 1] if report is not None else ()
    if not found or found[0].code != code:
        raise UnknownRunError("The search went on meanwhile: look at the list once more.")
    spec = with_changes(record.spec, found[0].changes)
    if not is_on(TRAIN):
        st.session_state[keys.GO_TRAIN] = [record.id, *begin_runs((spec,))]
        return
    draft = read_draft()
    if draft.spec is not None and draft.spec.hash == record.spec.hash:
        form_state.fill_from(spec)
        st.session_state[keys.WHOLE_PAGE] = True
    start((spec,), beside=record.id)
