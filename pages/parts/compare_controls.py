"""What is drawn of the runs that are compared, over what, beside which target and baseline."""

from __future__ import annotations

import streamlit as st

from overfit_core.charts.score_table import common_columns
from overfit_core.comparison.differences import short_names
from overfit_core.comparison.measures import measure_of
from overfit_core.comparison.run import ComparedRun
from overfit_core.comparison.view import MAX_COLUMNS
from pages.parts import session_keys as keys
from pages.parts.compare_view import KINDS

AXES = {"epoch": "Epochs", "seconds": "Seconds"}


def compare_controls(runs: list[ComparedRun]) -> None:
    """Draw the controls.

    Args:
        runs: What is compared.
    """
    names = short_names(runs)
    recorded = common_columns(runs)
    chosen = st.session_state[keys.compare("columns")]
    st.session_state[keys.compare("columns")] = [c for c in chosen if c in recorded] or ["loss"]
    for name in ("baseline", "hidden"):
        _forget(name, names)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="view"):
        st.multiselect(
            "Measures",
            recorded or ["loss"],
            format_func=lambda column: measure_of(column).label,
            key=keys.compare("columns"),
            max_selections=MAX_COLUMNS,
            persist_state="session",
            width=300,
        )
        st.segmented_control(
            "Over",
            list(AXES),
            format_func=AXES.__getitem__,
            key=keys.compare("x"),
            required=True,
            persist_state="session",
            help="Seconds of training, compiling left out.",
        )
        st.selectbox(
            "Target",
            [None, *KINDS],
            format_func=lambda kind: KINDS.get(kind, "No target"),
            key=keys.compare("kind"),
            persist_state="session",
            width=130,
            help="What counts as reached. A loss is reached from above, a score from below.",
        )
        st.number_input(
            "Value of the target",
            key=keys.compare("target"),
            format="%g",
            persist_state="session",
            disabled=st.session_state[keys.compare("kind")] is None,
            width=150,
            help="Accuracy and R² from 0 to 1.",
        )
        st.selectbox(
            "Baseline",
            [None, *names],
            format_func=lambda run_id: names.get(run_id, "None"),
            key=keys.compare("baseline"),
            placeholder="None",
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
            placeholder="None",
            persist_state="session",
            width=200,
        )


def _forget(name: str, known: dict[str, str]) -> None:
    """Take away what is not among the runs any more."""
    key = keys.compare(name)
    value = st.session_state[key]
    if isinstance(value, list):
        st.session_state[key] = [run_id for run_id in value if run_id in known]
    elif value not in known:
        st.session_state[key] = None
