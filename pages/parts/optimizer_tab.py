"""The optimizer with all its arguments, and how its learning rate changes."""

from __future__ import annotations

import streamlit as st

from overfit_core.charts.numbers import number
from overfit_core.fields import fields_of
from overfit_core.optimizers import COMMON, OPTIMIZERS, WEIGHT_DECAY
from overfit_core.schedules import SCHEDULES
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.form_fields import Problems, field_grid, field_widget

NAME_KEY = keys.setting("optimizer", "name")
RATE_KEY = keys.setting("optimizer", "learning_rate")
SCHEDULE_KEY = keys.setting("optimizer", "schedule", "kind")
SHARED = {argument.name for argument in (*COMMON, WEIGHT_DECAY)}
"""Arguments that every optimizer has."""


def optimizer_tab(problems: Problems) -> None:
    """Draw optimizer, learning rate, schedule and arguments."""
    st.selectbox(
        "Optimizer",
        list(OPTIMIZERS),
        format_func=lambda name: OPTIMIZERS[name].label,
        key=NAME_KEY,
        persist_state="session",
    )
    optimizer = OPTIMIZERS[st.session_state[NAME_KEY]]
    st.caption(optimizer.meaning)
    problems.show("optimizer", "name")
    field_widget(
        form_state.LEARNING_RATE,
        RATE_KEY,
        empty=f"{number(optimizer.learning_rate)}, Keras's default for {optimizer.label}",
    )
    problems.show("optimizer", "learning_rate")
    _schedule(problems)
    fields = form_state.arguments(optimizer.name)
    own = {name: field for name, field in fields.items() if name not in SHARED}
    shared = {name: field for name, field in fields.items() if name in SHARED}
    path, problem_path = ("optimizer", "arguments", optimizer.name), ("optimizer", "arguments")
    field_grid(own, path, problems, problem_path)
    wrong = any(problem.path[-1] in SHARED for problem in problems.under(*problem_path))
    with st.expander("Weight decay, clipping, averaging", key="shared-arguments", expanded=wrong):
        field_grid(shared, path, problems, problem_path)


def _schedule(problems: Problems) -> None:
    st.selectbox(
        "Schedule of the learning rate",
        list(SCHEDULES),
        format_func=lambda kind: SCHEDULES[kind].label,
        key=SCHEDULE_KEY,
        persist_state="session",
    )
    kind = st.session_state[SCHEDULE_KEY]
    if kind == "constant":
        return
    schedule = SCHEDULES[kind]
    st.caption(f"Learning rate × `{schedule.formula}`, t = steps so far")
    field_grid(fields_of(schedule), ("schedule", kind), problems, ("optimizer", "schedule"))
