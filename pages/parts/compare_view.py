"""What the Compare page shows: read from its address once, kept by widgets, written back."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import streamlit as st

from overfit_core.charts.score_table import memorised_target
from overfit_core.comparison.target import DEFAULT_TARGET, USUAL, Target, typed_target
from overfit_core.comparison.view import (
    CompareView,
    from_query,
    gone_notice,
    unreadable_notice,
)
from pages.parts import session_keys as keys

if TYPE_CHECKING:
    from overfit_core.comparison.run import ComparedRun
    from overfit_core.store import RunRecord

KINDS = {"loss": "Loss", "accuracy": "Accuracy", "r2": "R²"}
FIELDS = ("columns", "log_x", "log_y", "x", "seeds_together", "baseline", "hidden")


def open_view() -> None:
    """Fill the widgets from the address, once."""
    if st.session_state.get(keys.COMPARED) is not None:
        return
    query = st.query_params.to_dict()
    view, notices = from_query(query)
    st.session_state[keys.COMPARED] = list(view.runs)
    st.session_state[keys.COMPARE_NOTICES] = notices
    for name in FIELDS:
        value = getattr(view, name)
        st.session_state[keys.compare(name)] = list(value) if isinstance(value, tuple) else value
    _set_target(view.target)
    st.session_state[keys.compare("unset")] = [name for name in ("y", "t") if name not in query]


def is_to_choose(runs: list[ComparedRun]) -> bool:
    """Tell whether it can be chosen now what is usual: once there is a first epoch."""
    return bool(st.session_state[keys.compare("unset")]) and any(run.lines for run in runs)


def choose_what_is_usual(runs: list[ComparedRun]) -> None:
    """Where nobody asks for anything else, look at loss and score, and at who memorises.

    Args:
        runs: The first ones that the page shows.
    """
    if not is_to_choose(runs):
        return
    unset = st.session_state[keys.compare("unset")]
    usual = memorised_target(runs)
    if "y" in unset:
        st.session_state[keys.compare("columns")] = ["loss", usual.kind]
    if "t" in unset:
        _set_target(usual)
    st.session_state[keys.compare("unset")] = []


def chosen(name: str) -> None:
    """Keep what a person has chosen: it is not chosen for them any more.

    Args:
        name: As in the address: ``y`` for the measures, ``t`` for the target.
    """
    unset = st.session_state[keys.compare("unset")]
    st.session_state[keys.compare("unset")] = [other for other in unset if other != name]


def choose_kind() -> None:
    """Begin a target of another kind with its usual value: 1.0 of one is nothing of the other."""
    chosen("t")
    if kind := st.session_state[keys.compare("kind")]:
        _set_target(Target(kind, USUAL[kind]))


def _set_target(target: Target | None) -> None:
    st.session_state[keys.compare("kind")] = target.kind if target else None
    typed = (target or DEFAULT_TARGET).typed
    st.session_state[keys.compare("target")] = typed


def wrong_target() -> str | None:
    """Return what is wrong with the target; None if nothing is."""
    try:
        _target()
    except ValueError as error:
        return str(error)
    return None


def say_notices(asked: list[str], records: list[RunRecord]) -> None:
    """Say what of the address could not be used.

    Args:
        asked: Its runs.
        records: Those that are there.
    """
    notices = list(st.session_state[keys.COMPARE_NOTICES])
    gone = gone_notice(asked, [record.id for record in records])
    notices += [notice for notice in (gone, unreadable_notice(records)) if notice]
    for notice in notices:
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def read_view() -> CompareView:
    """Return what the widgets say; a target that cannot be is none."""
    given: dict[str, Any] = {name: st.session_state[keys.compare(name)] for name in FIELDS}
    view = CompareView(
        **{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()},
        target=None if wrong_target() else _target(),
    )
    return view.with_runs(st.session_state[keys.COMPARED])


def write_view(view: CompareView) -> None:
    """Let the address say what is shown, but neither what is wrong nor what nobody has chosen."""
    unset = st.session_state[keys.compare("unset")]
    wanted = view.to_query([*unset, "t"] if wrong_target() else unset)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _target() -> Target | None:
    kind, typed = st.session_state[keys.compare("kind")], st.session_state[keys.compare("target")]
    return typed_target(kind, typed) if kind else None
