"""The optimizer with all its arguments, its schedule, and the optimizers that train beside it."""

from __future__ import annotations

import streamlit as st

from overfit_core.charts.numbers import number
from overfit_core.fields import fields_of
from overfit_core.optimizers import COMMON, OPTIMIZERS, WEIGHT_DECAY
from overfit_core.schedules import SCHEDULES
from overfit_core.spec import MAX_GROUP
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.form_fields import Path, Problems, field_grid, field_widget

SHARED = {argument.name for argument in (*COMMON, WEIGHT_DECAY)}
"""Arguments that every optimizer has."""
MORE_WIDTH = 370
"""In pixels, or as wide as a phone."""


def optimizer_tab(problems: Problems) -> None:
    """Draw optimizer, learning rate, schedule and arguments, and the optimizers beside it."""
    root = form_state.OPTIMIZER
    _name(root, "Optimizer")
    optimizer = OPTIMIZERS[st.session_state[keys.setting(*root, "name")]]
    st.caption(optimizer.meaning)
    problems.show("optimizer", "name")
    _learning_rate(root)
    problems.show("optimizer", "learning_rate")
    _schedule(root, "Schedule of the learning rate")
    _schedule_settings(root, problems, ("optimizer",))
    _arguments(root, problems, ("optimizer",))
    _beside(problems)


def _name(root: Path, label: str, *, in_table: bool = False) -> None:
    st.selectbox(
        label,
        list(OPTIMIZERS),
        format_func=lambda name: OPTIMIZERS[name].label,
        key=keys.setting(*root, "name"),
        persist_state="session",
        label_visibility="collapsed" if in_table else "visible",
    )


def _learning_rate(root: Path, label: str | None = None) -> None:
    optimizer = OPTIMIZERS[st.session_state[keys.setting(*root, "name")]]
    default = number(optimizer.learning_rate)
    field_widget(
        form_state.LEARNING_RATE,
        keys.setting(*root, "learning_rate"),
        label=label,
        empty=default if label else f"{default}, Keras's default for {optimizer.label}",
        hidden_label=label is not None,
    )


def _schedule(root: Path, label: str, *, in_table: bool = False) -> None:
    st.selectbox(
        label,
        list(SCHEDULES),
        format_func=lambda kind: SCHEDULES[kind].label,
        key=keys.setting(*root, "schedule", "kind"),
        persist_state="session",
        label_visibility="collapsed" if in_table else "visible",
    )


def _schedule_settings(root: Path, problems: Problems, problem_path: Path) -> None:
    kind = st.session_state[keys.setting(*root, "schedule", "kind")]
    if kind == "constant":
        return
    schedule = SCHEDULES[kind]
    st.caption(f"Learning rate × `{schedule.formula}`, t = steps so far")
    path = (*root, "schedule", kind)
    field_grid(fields_of(schedule), path, problems, (*problem_path, "schedule"))


def _arguments(root: Path, problems: Problems, problem_path: Path) -> None:
    name = st.session_state[keys.setting(*root, "name")]
    fields = form_state.arguments(name)
    own = {name: field for name, field in fields.items() if name not in SHARED}
    shared = {name: field for name, field in fields.items() if name in SHARED}
    path, wrong_path = (*root, "arguments", name), (*problem_path, "arguments")
    field_grid(own, path, problems, wrong_path)
    wrong = any(problem.path[-1] in SHARED for problem in problems.under(*wrong_path))
    key = "-".join(("shared-arguments", *map(str, root[1:])))
    with st.expander("Weight decay, clipping, averaging", key=key, expanded=wrong):
        field_grid(shared, path, problems, wrong_path)


def _beside(problems: Problems) -> None:
    """Draw the table of the optimizers that train beside this one."""
    row_ids = st.session_state[keys.BESIDE_IDS]
    with st.container(gap="xsmall", key="beside"):
        st.subheader("Train beside it", anchor=False)
        st.caption(
            "From the same initial weights, on the same batch, epoch by epoch in step with it."
        )
        if row_ids:
            st.html(
                '<div class="layer-head" aria-hidden="true"><span>Optimizer</span>'
                "<span>Learning rate</span><span>Schedule</span><span></span></div>"
            )
        for place, row_id in enumerate(row_ids):
            _row(place, row_id, len(row_ids), problems)
            problems.show("beside", place)
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
            full = len(row_ids) >= MAX_GROUP - 1
            st.selectbox(
                "Add an optimizer",
                list(OPTIMIZERS),
                format_func=lambda name: OPTIMIZERS[name].label,
                index=None,
                key=keys.ADD_OPTIMIZER,
                placeholder="Add an optimizer …" if not full else f"{MAX_GROUP} is the most",
                label_visibility="collapsed",
                on_change=_add,
                disabled=full,
            )
            st.button(
                "Copy the one above",
                key="copy-optimizer",
                icon=":material/content_copy:",
                on_click=form_state.copy_optimizer,
                args=(form_state.OPTIMIZER,),
                disabled=full,
                help="To compare, for example, two learning rates of it.",
            )


def _row(place: int, row_id: int, rows: int, problems: Problems) -> None:
    root, called = form_state.beside_root(row_id), f"optimizer {place + 2}"
    with st.container(
        horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center",
        key=f"layer-row-beside-{row_id}",
    ):  # fmt: skip
        _name(root, f"Name of {called}", in_table=True)
        with st.container(key=f"layer-size-beside-{row_id}", width="stretch"):
            _learning_rate(root, f"Learning rate of {called}")
        _schedule(root, f"Schedule of {called}", in_table=True)
        with st.popover(
            f"More of {called}", icon=":material/more_vert:", key=f"layer-more-beside-{row_id}"
        ):
            with st.container(width=MORE_WIDTH):
                _actions(root, row_id, rows)
                st.caption(OPTIMIZERS[st.session_state[keys.setting(*root, "name")]].meaning)
                _schedule_settings(root, problems, ("beside", place))
                _arguments(root, problems, ("beside", place))


def _actions(root: Path, row_id: int, rows: int) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Copy", key=f"copy-beside-{row_id}", icon=":material/content_copy:",
            disabled=rows >= MAX_GROUP - 1, on_click=form_state.copy_optimizer, args=(root,),
        )  # fmt: skip
        st.button(
            "Remove", key=f"remove-beside-{row_id}", icon=":material/delete:",
            on_click=form_state.remove_optimizer, args=(row_id,),
        )  # fmt: skip


def _add() -> None:
    name = st.session_state[keys.ADD_OPTIMIZER]
    if name:
        form_state.add_optimizer({"name": name})
    st.session_state[keys.ADD_OPTIMIZER] = None
