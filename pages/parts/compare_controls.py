"""What is drawn of the runs that are compared, over what, beside which target and baseline."""

from __future__ import annotations

import streamlit as st

from overfit_core.charts.score_table import common_columns
from overfit_core.comparison.differences import NO_RUN, short_names
from overfit_core.comparison.measures import measure_of
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.scoreboard import TIMED
from overfit_core.comparison.view import MAX_COLUMNS
from pages.parts import session_keys as keys
from pages.parts.compare_view import KINDS, choose_kind, chosen, wrong_target
from pages.parts.form_fields import say_wrong

AXES = {"epoch": "Epochs", "seconds": "Seconds"}


def compare_controls(runs: list[ComparedRun]) -> None:
    """Draw the controls.

    Args:
        runs: What is compared.
    """
    with st.container(horizontal=True, gap="small", key="view"):
        _measures(runs)
        st.segmented_control(
            "Over",
            list(AXES),
            format_func=AXES.__getitem__,
            key=keys.compare("x"),
            required=True,
            persist_state="session",
            help=f"Seconds of training, {TIMED}.",
        )
        _target_fields()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="view-runs"):
        _runs_and_switches(short_names(runs))


def _measures(runs: list[ComparedRun]) -> None:
    """Draw the choice of measures: what was recorded, and what a link asks of runs that begin."""
    key, recorded = keys.compare("columns"), common_columns(runs)
    wanted = st.session_state[key]
    if all(run.lines or run.ended for run in runs):
        wanted = [column for column in wanted if column in recorded]
    st.session_state[key] = wanted or ["loss"]
    st.multiselect(
        "Measures",
        list(dict.fromkeys([*recorded, *st.session_state[key]])),
        format_func=lambda column: measure_of(column).label,
        key=key,
        on_change=chosen,
        args=("y",),
        max_selections=MAX_COLUMNS,
        persist_state="session",
        width=300,
    )


def _target_fields() -> None:
    kind = st.session_state[keys.compare("kind")]
    unit = ", %" if kind and measure_of(kind).share else ""
    with st.container(width=300, gap="xsmall", key="target"):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            st.selectbox(
                "Target",
                [None, *KINDS],
                format_func=lambda kind: KINDS.get(kind, "No target"),
                key=keys.compare("kind"),
                on_change=choose_kind,
                persist_state="session",
                width=130,
                help="What counts as reached. A loss is reached from above, a score from below.",
            )
            st.number_input(
                f"Value of the target{unit}",
                key=keys.compare("target"),
                on_change=chosen,
                args=("t",),
                format="%g",
                persist_state="session",
                disabled=kind is None,
                width=150,
                help="Accuracy in per cent, R² of at most 1.",
            )
        if wrong := wrong_target():
            say_wrong(wrong)


def _runs_and_switches(names: dict[str, str]) -> None:
    """Draw what concerns single runs, by their names, and the switches."""
    for name in ("baseline", "hidden"):
        _forget(name, names)
    st.selectbox(
        "Baseline",
        [None, *names],
        format_func=lambda run_id: names.get(run_id, NO_RUN),
        key=keys.compare("baseline"),
        placeholder=NO_RUN,
        persist_state="session",
        width=200,
        help="The others' scores are shown as multiples of its.",
    )
    for name, label, meaning in (
        ("log_x", "Log x", "Logarithmic epochs or seconds."),
        ("log_y", "Log y", "Logarithmic values; accuracy and R² stay linear."),
        ("seeds_together", "Seeds together", "Median and quartiles of runs that differ in "
         "their seed only."),
    ):  # fmt: skip
        st.toggle(label, key=keys.compare(name), help=meaning, persist_state="session")
    st.multiselect(
        "Hide",
        list(names),
        format_func=names.__getitem__,
        key=keys.compare("hidden"),
        placeholder=NO_RUN,
        persist_state="session",
        width=200,
        help="Hidden runs are not drawn and not listed; they count in medians and shares.",
    )


def _forget(name: str, known: dict[str, str]) -> None:
    """Take away what is not among the runs any more."""
    key = keys.compare(name)
    value = st.session_state[key]
    if isinstance(value, list):
        st.session_state[key] = [run_id for run_id in value if run_id in known]
    elif value not in known:
        st.session_state[key] = None
