"""Runs side by side: which, whether they can be compared, their curves, scores and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.compare import compare_figure
from overfit_core.charts.run_table import distinct_titles
from overfit_core.charts.score_table import difference_table
from overfit_core.comparison.fairness import fairness
from overfit_core.comparison.scores import needs_history
from overfit_core.comparison.view import DEFAULT_TARGET, MAX_RUNS, CompareView
from pages.parts import session_keys as keys
from pages.parts.compare_controls import compare_controls
from pages.parts.compare_view import (
    choose_what_is_usual,
    is_to_choose,
    open_view,
    read_view,
    say_notices,
    write_view,
)
from pages.parts.engine import engine
from pages.parts.live_chart import live_chart, preload_charts
from pages.parts.live_text import live_text
from pages.parts.run_charts import compared_runs
from pages.parts.run_labels import label_form
from pages.parts.run_table import pick_runs, run_filter
from pages.parts.scoreboard import show_scores
from pages.parts.take_away import take_several

if TYPE_CHECKING:
    from overfit_core.comparison.run import ComparedRun
    from overfit_core.store import RunRecord

LIVE_SECONDS = 0.5
"""How often runs that go on are looked at."""


def comparison() -> None:
    """Draw the page."""
    open_view()
    asked = st.session_state[keys.COMPARED]
    records = engine().store.runs_of(asked)
    say_notices(asked, records)
    if not st.context.is_embedded:
        _picks(records)
    if not records:
        preload_charts()
        if not asked:
            write_view(read_view())
        return
    runs = compared_runs(records)
    choose_what_is_usual(runs)
    if not st.context.is_embedded:
        compare_controls(runs)
    view = read_view()
    verdict = fairness(runs)
    live_text(verdict.text, key="fairness", tone=verdict.tone)
    if all(record.ended for record in records):
        # No fragment: it would take over the timer of one that was here before.
        with st.container():
            _curves()
    else:
        st.fragment(_curves, run_every=LIVE_SECONDS)()
    if not st.context.is_embedded:
        _tables(records, compared_runs(records, samples=True), view)
    write_view(view)


def _curves() -> None:
    """Draw the charts; while runs go on, several times a second."""
    view = read_view()
    records = engine().store.runs_of(view.runs)
    live = [record.id for record in records if not record.ended]
    engine().store.look(live)
    runs = compared_runs(records)
    with st.container(key="charts", gap="small"):
        for place, column in enumerate(view.columns):
            target = view.target.value if view.target and view.target.kind == column else None
            figure = compare_figure(
                runs,
                column,
                log_x=view.log_x,
                log_y=view.log_y,
                x=view.x,
                target=target,
                baseline=view.baseline,
                bands=view.seeds_together,
                hidden=view.hidden,
                revision=",".join(view.runs),
            )
            live_chart(figure, key=f"chart-compare-{place}")
    # A run that has ended has a summary and scores: the page is drawn anew.
    before = st.session_state.get(keys.LIVE, [])
    st.session_state[keys.LIVE] = live
    ended = any(run_id in view.runs and run_id not in live for run_id in before)
    if ended or is_to_choose(runs):
        st.rerun()


def _picks(records: list[RunRecord]) -> None:
    names = distinct_titles(records)
    if names:
        st.session_state[keys.compare("picked")] = list(names)
        st.multiselect(
            "Runs compared",
            list(names),
            format_func=names.__getitem__,
            key=keys.compare("picked"),
            on_change=_keep_picked,
            help="Take one away with its cross; add others from the table.",
        )
    with st.expander("Add runs", key="add-runs", expanded=not names):
        found = run_filter()
        others = [record for record in found if record.id not in names]
        if not others:
            st.caption("No other run of yours matches. Train one, or search for less.")
            st.page_link("pages/train.py", label="Train", icon=":material/play_arrow:")
            return
        picked = pick_runs(others, keys.picks("compare", ",".join(names)))
        st.button(
            "Add the picked runs",
            icon=":material/add:",
            key="add-picked",
            type="primary",
            disabled=not picked,
            on_click=_add,
            args=(picked,),
            help=f"At most {MAX_RUNS} are compared at once.",
        )


def _keep_picked() -> None:
    st.session_state[keys.COMPARED] = list(st.session_state[keys.compare("picked")])


def _add(picked: list[str]) -> None:
    st.session_state[keys.COMPARED] = [*st.session_state[keys.COMPARED], *picked][:MAX_RUNS]


def _tables(records: list[RunRecord], runs: list[ComparedRun], view: CompareView) -> None:
    st.header("Scoreboard", anchor="scoreboard")
    target = view.target or DEFAULT_TARGET
    store = engine().store
    histories = {run.id: store.history(run.id) for run in runs if needs_history(run, target.kind)}
    show_scores(
        [run for run in runs if run.id not in view.hidden],
        target,
        key="scores",
        histories=histories,
        grouped=view.seeds_together,
        baseline=view.baseline,
    )
    st.header("Settings that differ", anchor="differences")
    table = difference_table(runs)
    if len(table):
        st.dataframe(table, hide_index=True, key="differences", alt="Settings that differ, by run.")
    else:
        st.caption("Every setting is the same." if len(runs) > 1 else "Add a second run.")
    take_several(records)
    with st.expander("Name, colour, tags and notes", key="labels"):
        names = distinct_titles(records)
        chosen = st.selectbox(
            "Run", list(names), format_func=names.__getitem__, key=keys.compare("labelled")
        )
        label_form(next(record for record in records if record.id == chosen))
