"""How the run that is shown went, in a word and its numbers, and below it why."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.verdict import verdict_figures
from pages.parts.diagnosis import diagnosis
from pages.parts.engine import engine

if TYPE_CHECKING:
    from overfit_core.diagnosis.judgement import Judgement
    from overfit_core.store import CheckRecord, RunRecord


def verdict_card(record: RunRecord, check: CheckRecord | None) -> None:
    """Draw the verdict of a run that has ended, and what is known of its cause.

    Args:
        record: The run.
        check: The search for its cause; None where there was none.
    """
    judged = _judged(record.id) if record.summary is not None else None
    if judged is None:
        return
    with st.container(border=True, key="verdict", gap="small"):
        figures = "".join(
            f"<div><dt>{html.escape(one.name)}</dt><dd>{html.escape(one.value)}"
            f"<small>{html.escape(one.meaning)}</small></dd></div>"
            for one in verdict_figures(judged)
        )
        st.html(f'<dl class="verdict verdict-{judged.verdict}">{figures}</dl>')
        if not judged.memorised:
            diagnosis(record, check)


# What has ended does not change any more.
@st.cache_data(show_spinner=False, max_entries=256)
def _judged(run_id: str) -> Judgement | None:
    from overfit_core.diagnosis.run_judgement import judgement_of

    store = engine().store
    record, samples = store.run(run_id), store.samples(run_id)
    if record.summary is None or samples is None or not record.epoch:
        return None
    return judgement_of(record.spec, record.summary, samples, store.history(run_id))
