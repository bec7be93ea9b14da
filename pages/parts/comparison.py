"""Runs side by side: which, whether they can be compared, their curves, scores and settings."""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.compare import compare_figure
from overfit_core.charts.run_table import distinct_titles
from overfit_core.charts.score_table import difference_table
from overfit_core.charts.status import task_title
from overfit_core.comparison.differences import short_names
from overfit_core.comparison.fairness import fairness
from overfit_core.comparison.view import MAX_RUNS, fitting
from overfit_core.errors import OverfitError
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
from pages.parts.form_fields import say_wrong
from pages.parts.heading import COMPARE
from pages.parts.live_chart import live_chart, preload_charts
from pages.parts.live_part import State, live_part
from pages.parts.live_text import live_text
from pages.parts.run_charts import compared_runs
from pages.parts.run_labels import label_form
from pages.parts.run_table import pick_runs, run_filter
from pages.parts.scoreboard import show_scores
from pages.parts.take_away import take_several

if TYPE_CHECKING:
    from collections.abc import Callable

    from overfit_core.comparison.run import ComparedRun
    from overfit_core.store import RunRecord

LIVE_SECONDS = 1.0
"""How often runs that go on are looked at, drawn and scored."""


def comparison() -> None:
    """Draw the page."""
    open_view()
    if left_out := st.session_state.pop(keys.LEFT_OUT, None):
        st.session_state[keys.COMPARE_NOTICES].append(left_out)
    asked = st.session_state[keys.COMPARED]
    records = engine().store.runs_of(asked)
    say_notices(asked, records)
    runs = compared_runs(records)
    if not st.context.is_embedded:
        _picks(records, runs)
    if not runs:
        preload_charts()
        if not asked:
            write_view(read_view())
        return
    choose_what_is_usual(runs)
    if not st.context.is_embedded:
        compare_controls(runs)
    _fairness(records, runs)
    seconds = None if all(record.ended for record in records) else LIVE_SECONDS
    live_part(COMPARE, _curves_and_scores, _state(records, runs), seconds)
    if not st.context.is_embedded:
        _tables(records, runs)
    write_view(read_view())


def _state(records: list[RunRecord], runs: list[ComparedRun]) -> State:
    """Return what the page depends on beside curves and scores."""
    each = [(record.id, record.ended, record.batch_hash) for record in records]
    return [*each, is_to_choose(runs)]


def _fairness(records: list[RunRecord], runs: list[ComparedRun]) -> None:
    if all(record.ended or record.batch_hash for record in records):
        verdict = fairness(runs)
        live_text(verdict.text, key="fairness", tone=verdict.tone)
    else:
        text = "Whether they can be compared is known with the first epoch of each."
        live_text(text, key="fairness")


def _saying_what_is_wrong(draw: Callable[[], None]) -> Callable[[], None]:
    """Have a part say its errors itself: nothing above a fragment sees them."""

    @wraps(draw)
    def drawn() -> None:
        try:
            draw()
        except OverfitError as error:
            say_wrong(str(error))

    return drawn


def _curves_and_scores(_stands: bool) -> State | None:
    """Draw what changes while runs go on."""
    _curves()
    if not st.context.is_embedded:
        st.header("Scoreboard", anchor="scoreboard")
        _scores()
    # What is wrong with the store was said where it stopped something from being drawn.
    with suppress(OverfitError):
        records = engine().store.runs_of(read_view().runs)
        return _state(records, compared_runs(records))
    return None


@_saying_what_is_wrong
def _curves() -> None:
    view = read_view()
    records = engine().store.runs_of(view.runs)
    engine().store.look([record.id for record in records if not record.ended])
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


@_saying_what_is_wrong
def _scores() -> None:
    view = read_view()
    show_scores(
        compared_runs(engine().store.runs_of(view.runs)),
        view.target,
        key="scores",
        grouped=view.seeds_together,
        baseline=view.baseline,
        hidden=view.hidden,
    )


def _picks(records: list[RunRecord], runs: list[ComparedRun]) -> None:
    names = distinct_titles(records)
    if len(runs) > 1:
        # As in the charts; what all have in common would be all that a phone shows of a title.
        names |= short_names(runs)
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
        tasks = {task_title(run.spec) for run in runs}
        if len(runs) > 1 and len(tasks) == 1:
            st.caption(f"All of them: {tasks.pop()}.")
    with st.expander("Add runs", key="add-runs", expanded=not names):
        others = [record for record in run_filter() if record.id not in names]
        if not others:
            st.caption("No other run of yours matches. Train one, or search for less.")
            st.page_link("pages/train.py", label="Train", icon=":material/play_arrow:")
        picked = pick_runs(others, "compare", without=names)
        if others or picked:
            st.button(
                "Add the picked runs",
                icon=":material/add:",
                key="add-picked",
                type="primary",
                disabled=not picked,
                on_click=_compare,
                args=([*names, *(record.id for record in picked)],),
                help=f"At most {MAX_RUNS} are compared at once.",
            )


def _keep_picked() -> None:
    _compare(st.session_state[keys.compare("picked")])


def _compare(run_ids: list[str]) -> None:
    """Compare these runs, as many as fit; what was said of the address holds no more."""
    runs, left_out = fitting(run_ids)
    st.session_state[keys.COMPARED] = runs
    st.session_state[keys.COMPARE_NOTICES] = [left_out] if left_out else []


def _tables(records: list[RunRecord], runs: list[ComparedRun]) -> None:
    st.header("Settings that differ", anchor="differences")
    table = difference_table(runs)
    if len(table):
        st.dataframe(table, hide_index=True, key="differences", alt="Settings that differ, by run.")
    else:
        st.caption("Every setting is the same." if len(runs) > 1 else "Add a second run.")
    there = {run.id for run in runs}
    take_several([record for record in records if record.id in there])
    with st.expander("Name, colour, tags and notes", key="labels"):
        names = distinct_titles(records)
        chosen = st.selectbox(
            "Run", list(names), format_func=names.__getitem__, key=keys.compare("labelled")
        )
        label_form(next(record for record in records if record.id == chosen))
