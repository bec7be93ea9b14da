"""One widget per setting, with what is wrong named beneath it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from overfit_core.errors import Problem
from overfit_core.fields import FormField, message_of
from pages.parts import session_keys as keys

Path = tuple[str | int, ...]


class Problems:
    """What is wrong with the settings, by place.

    Args:
        problems: All of it.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Hold the problems."""
        self.all = tuple(problems)

    def under(self, *path: str | int) -> list[Problem]:
        """Return the problems at this place and below it."""
        return [problem for problem in self.all if problem.path[: len(path)] == path]

    def show(self, *path: str | int) -> None:
        """Name the problems of this place and below it, here."""
        for problem in self.under(*path):
            self.show_one(problem)

    def show_one(self, problem: Problem) -> None:
        """Name one problem, here."""
        say_wrong(message_of(problem))


def say_wrong(message: str) -> None:
    """Show what is wrong, in words that may hold what a person typed."""
    st.html(f'<p class="wrong"><span aria-hidden="true">▲</span> {html.escape(message)}</p>')


def field_widget(
    field: FormField,
    key: str,
    *,
    label: str | None = None,
    empty: str | None = None,
    hidden_label: bool = False,
) -> None:
    """Draw the widget of a setting; its value is in the session under ``key``.

    Args:
        field: What is set.
        key: Where its value is.
        label: In place of the field's own.
        empty: What an empty field means.
        hidden_label: Whether the label is there for screen readers only.
    """
    st.session_state.setdefault(key, field.default_shown)
    name = label or field.label
    common = {
        "key": key,
        "help": None if hidden_label else field.help or None,
        "label_visibility": "collapsed" if hidden_label else "visible",
        "persist_state": "session",
    }
    empty = empty or field.default_text or None
    if field.kind == "switch":
        st.checkbox(name, **common)
    elif field.kind == "choice":
        options = ([None] if field.optional else []) + list(field.choices)
        st.selectbox(name, options, format_func=_named(empty), **common)
    elif field.kind in ("text", "numbers"):
        st.text_input(name, placeholder=empty, **common)
    elif field.kind == "whole":
        # What may be left empty has a button that clears it.
        value = None if field.optional else 0
        st.number_input(name, value=value, step=1, placeholder=empty, **common)
    else:
        value = None if field.optional else 0.0
        st.number_input(
            name, value=value, step=field.step, format="%g", placeholder=empty, **common
        )


def field_grid(
    fields: dict[str, FormField],
    path: Path,
    problems: Problems,
    problem_path: Path,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Draw fields side by side as far as there is room, each with its problems beneath.

    Args:
        fields: By name.
        path: Where their values are in the session.
        problems: What is wrong.
        problem_path: Where they are in the spec.
        labels: In place of the fields' own.
    """
    with st.container(horizontal=True, gap="small"):
        for name, field in fields.items():
            with st.container(
                width="stretch", gap="xsmall", key=f"cell-{keys.setting(*path, name)}"
            ):
                field_widget(field, keys.setting(*path, name), label=(labels or {}).get(name))
                problems.show(*problem_path, name)


def _named(empty: str | None) -> Callable[[object], str]:
    def named(value: object) -> str:
        if value is None:
            return empty or "Automatic"
        if isinstance(value, bool):
            return "Yes" if value else "No"
        return str(value)

    return named
