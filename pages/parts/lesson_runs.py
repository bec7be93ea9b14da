"""Runs inside a lesson: trained with one button, drawn live, and explained when they have ended."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.compare import compare_figure
from overfit_core.charts.score_table import memorised_target
from overfit_core.charts.status import lesson_line
from overfit_core.errors import OverfitError, StoreError
from pages.parts import lesson_address
from pages.parts import session_keys as keys
from pages.parts.beginning import begin_runs
from pages.parts.diagnosis import begin_by_itself
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.go import go_train
from pages.parts.heading import LEARN
from pages.parts.live_chart import live_chart, preload_charts
from pages.parts.live_part import LIVE_SECONDS, State, is_over, live_part, state_of
from pages.parts.live_text import live_text
from pages.parts.run_charts import compared_runs, log_axis
from pages.parts.verdict_card import verdict_card
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec
    from overfit_core.store import CheckRecord, RunRecord


def train_button(
    label: str, specs: Sequence[RunSpec], *, preset: str | None = None, colours: Sequence[str] = ()
) -> None:
    """Draw the button that trains what a lesson shows.

    Args:
        label: What it says.
        specs: What is trained.
        preset: Id of the preset that the settings are of.
        colours: A colour of the charts for each; by their optimizers if none is given.
    """
    st.button(
        label, key="train-lesson", type="primary", icon=":material/play_arrow:",
        on_click=_train, args=(tuple(specs), preset, tuple(colours)),
    )  # fmt: skip
    if failed := st.session_state.pop(keys.FAILED, None):
        say_wrong(failed)


def lesson_runs(*, explained: int = 0, watch: Sequence[str] = (), hidden: bool = False) -> bool:
    """Draw the runs of what the lesson shows; tells whether all of them have ended.

    Args:
        explained: Place of the run whose cause is looked for.
        watch: What to look at, in Markdown, said when all have ended.
        hidden: Whether the curves of loss and accuracy are all that may be seen.
    """
    if wanted := st.session_state.pop(keys.GO_TRAIN, None):
        go_train(*wanted)
    records = _records()
    if not records:
        preload_charts()
        return False
    record = records[min(explained, len(records) - 1)]
    check = begin_by_itself(record) if record.ended and not hidden else None
    draw = partial(_live, explained, watch, hidden=hidden)
    seconds = None if is_over(records, check) else LIVE_SECONDS
    live_part(LEARN, draw, state_of(records, check), seconds)
    return all(run.ended for run in records)


def _live(explained: int, watch: Sequence[str], _stands: bool, *, hidden: bool) -> State | None:
    try:
        records = _records()
        if not records:
            # They were deleted meanwhile.
            return []
        engine().store.look([run.id for run in records if not run.ended])
        record = records[min(explained, len(records) - 1)]
        check = engine().store.check(record.id) if record.ended and not hidden else None
    except StoreError as error:
        live_text(str(error), key="status", tone="bad")
        return None
    said, tone = lesson_line(records)
    live_text(said, key="status", tone=tone)
    if all(run.ended for run in records):
        for text in watch:
            st.markdown(text)
    _draw(records, record, check, hidden=hidden)
    return state_of(records, check)


def _draw(
    records: list[RunRecord], record: RunRecord, check: CheckRecord | None, *, hidden: bool
) -> None:
    runs = compared_runs(records)
    with st.container(key="charts", gap="small"):
        log = log_axis()
        score = memorised_target(runs).kind
        left, right = st.columns(2, gap="small")
        with left:
            live_chart(
                compare_figure(runs, "loss", log_y=log, revision=record.id), key="chart-loss"
            )
        with right:
            live_chart(compare_figure(runs, score, revision=record.id), key="chart-accuracy")
    if record.ended and not hidden:
        verdict_card(record, check)


def _records() -> list[RunRecord]:
    return engine().store.runs_of(
        st.session_state[keys.LESSON_RUNS].get(lesson_address.place(), [])
    )


def _train(specs: tuple[RunSpec, ...], preset: str | None, colours: tuple[str, ...]) -> None:
    known = st.session_state[keys.LESSON_RUNS]
    try:
        going = [run.id for run in _records() if not run.ended and is_mine(run)]
        made = begin_runs(specs, ending=going, preset=preset)
        for run_id, colour in zip(made, colours, strict=False):
            engine().store.label(run_id, by=owner(), colour=colour)
    except OverfitError as error:
        st.session_state[keys.FAILED] = f"The run was not started: {error}"
        return
    st.session_state[keys.LESSON_RUNS] = known | {lesson_address.place(): made}
