"""The settings of a race: what is fitted, who races, how finely each is tuned, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.comparison.measures import measure_of
from overfit_core.racing.plan import MAX_OPTIMIZERS
from overfit_core.racing.setup import MAX_TASKS
from pages.parts import session_keys as keys
from pages.parts.form_fields import Problems, field_widget
from pages.parts.race_state import KINDS, NUMBERS, choose_kind, entrants, task_names

if TYPE_CHECKING:
    from pages.parts.race_state import RaceDraft

LABELS = {
    "rates": "Learning rates each",
    "lowest": "From",
    "highest": "To",
    "seeds": "Seeds",
    "epochs": "Epochs of a run",
}


def race_form(draft: RaceDraft) -> None:
    """Draw the settings.

    Args:
        draft: What they say.
    """
    problems = Problems(draft.problems)
    with st.container(gap="small", key="race-form"):
        _tasks(problems)
        _optimizers(problems)
        _numbers(("rates", "lowest", "highest"), problems)
        _numbers(("seeds", "epochs"), problems)
        _target(problems)
        st.toggle(
            "Keras's default learning rates as well",
            key=keys.race("defaults"),
            persist_state="session",
            help="Shows what tuning is worth: defaults beside equally tuned.",
        )
    # Of a task with so many epochs: it has no field here.
    for problem in problems.under("training"):
        problems.show_one(problem)


def _tasks(problems: Problems) -> None:
    names = task_names()
    key = keys.race("tasks")
    st.session_state[key] = [task for task in st.session_state[key] if task in names]
    st.multiselect(
        "What is fitted",
        list(names),
        format_func=lambda task: names.get(task, task),
        key=key,
        max_selections=MAX_TASKS,
        placeholder="Choose a batch and a network",
        persist_state="session",
        help="Batch, network and precision of a preset, or of the Train page. Several make a race "
        "for each, and a performance profile over all of them.",
    )
    problems.show("tasks")


def _optimizers(problems: Problems) -> None:
    known, key = entrants(), keys.race("optimizers")
    st.session_state[key] = [name for name in st.session_state[key] if name in known]
    st.multiselect(
        "Optimizers",
        list(known),
        key=key,
        max_selections=MAX_OPTIMIZERS,
        placeholder="Choose who races",
        persist_state="session",
        help="Each is given the same learning rates, and for each seed the same initial weights.",
    )
    problems.show("optimizers")


def _numbers(names: tuple[str, ...], problems: Problems) -> None:
    with st.container(horizontal=True, gap="small"):
        for name in names:
            with st.container(width="stretch", gap="xsmall", key=f"cell-race-{name}"):
                empty = "As the task has it" if name == "epochs" else None
                field_widget(NUMBERS[name], keys.race(name), label=LABELS[name], empty=empty)
                problems.show(name)


def _target(problems: Problems) -> None:
    kind = st.session_state[keys.race("kind")]
    unit = ", %" if kind and measure_of(kind).share else ""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(
            "Target",
            list(KINDS),
            format_func=lambda kind: KINDS[kind],
            key=keys.race("kind"),
            on_change=choose_kind,
            placeholder=KINDS[None],
            persist_state="session",
            help="Memorised: every sample right, or an R² of 0.99. A loss is reached from above.",
        )
        st.number_input(
            f"Value of the target{unit}",
            key=keys.race("value"),
            format="%g",
            persist_state="session",
            disabled=kind is None,
        )
    problems.show("target")
