"""What the Compare page shows: read from its address once, kept by widgets, written back."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import streamlit as st

from overfit_core.charts.score_table import memorised_target
from overfit_core.comparison.view import (
    DEFAULT_TARGET,
    CompareView,
    Target,
    checked_target,
    from_query,
    gone_notice,
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
    """Where the address asks for nothing else, look at loss and score, and at who memorises.

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


def _set_target(target: Target | None) -> None:
    st.session_state[keys.compare("kind")] = target.kind if target else None
    st.session_state[keys.compare("target")] = target.value if target else DEFAULT_TARGET.value


def say_notices(asked: list[str], records: list[RunRecord]) -> None:
    """Say what of the address could not be used.

    Args:
        asked: Its runs.
        records: Those that are there.
    """
    notices = list(st.session_state[keys.COMPARE_NOTICES])
    if gone := gone_notice(asked, [record.id for record in records]):
        notices.append(gone)
    for notice in notices:
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def read_view() -> CompareView:
    """Return what the widgets say."""
    given: dict[str, Any] = {name: st.session_state[keys.compare(name)] for name in FIELDS}
    view = CompareView(
        **{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()},
        target=_target(),
    )
    return view.with_runs(st.session_state[keys.COMPARED])


def write_view(view: CompareView) -> None:
    """Let the address say what is shown."""
    wanted = view.to_query()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _target() -> Target | None:
    kind, value = st.session_state[keys.compare("kind")], st.session_state[keys.compare("target")]
    if kind is None:
        return None
    try:
        return checked_target(kind, value)
    except (ValueError, TypeError):
        return None
