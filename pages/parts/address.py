"""What the address of the page holds, and how it follows what is shown.

``?run=ID`` is the run, ``?spec=CODE`` the settings where they are not the run's, ``?preset=ID``
what they started from, ``?draft=CODE`` settings that are not right yet. So a reload and a sent
address show the same page again. Everything that an address says is checked like everything typed.
"""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from overfit_core import link
from overfit_core.errors import OverfitError, SpecError, UnknownRunError
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.run_controls import pace_name
from pages.parts.settings_form import Draft

FIRST_PRESET = "article-2"
LONGEST_ID = 64


def open_address() -> None:
    """Fill settings and run from the address, once in a session."""
    if st.session_state.get(keys.OPENED):
        return
    st.session_state.setdefault(keys.RUNS, [])
    notices: list[str] = []
    named = st.query_params.get("preset")
    preset = PRESETS[named if named in PRESETS else FIRST_PRESET]
    settings = _settings_of_address(notices)
    if (run_spec := _open_run(notices)) is not None and settings is None:
        settings = run_spec
    settings = settings or preset.spec
    form_state.fill(settings if isinstance(settings, dict) else settings.model_dump(mode="json"))
    if named not in PRESETS and isinstance(settings, RunSpec):
        st.session_state[keys.PRESET] = _same_as(settings)
    else:
        st.session_state[keys.PRESET] = preset.id
    st.session_state[keys.NOTICE] = notices
    st.session_state[keys.OPENED] = True


def show_notices() -> None:
    """Say what of the address could not be used."""
    for notice in st.session_state.get(keys.NOTICE, ()):
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def write_address(draft: Draft) -> None:
    """Let the address say what is shown, so that a reload loses nothing."""
    wanted: dict[str, str] = {}
    preset_id, run_id = st.session_state[keys.PRESET], st.session_state.get(keys.RUN)
    base = PRESETS[preset_id].spec if preset_id in PRESETS else None
    if preset_id in PRESETS and preset_id != FIRST_PRESET:
        wanted["preset"] = preset_id
    if run_id:
        wanted["run"] = run_id
        base = _spec_of(run_id)
    if draft.spec is None:
        wanted["draft"] = link.encode(draft.data)
    elif draft.spec != base:
        wanted["spec"] = draft.spec.link_code()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _open_run(notices: list[str]) -> RunSpec | None:
    """Show the run of the address, and return its settings."""
    run_id = st.query_params.get("run", "")[:LONGEST_ID]
    if not run_id:
        return None
    try:
        record = engine().store.run(run_id)
        spec = record.spec
    except UnknownRunError:
        notices.append(
            f"There is no run {run_id!r} here: the address was cut off, or the run was made on "
            "another machine. Press Train to make one."
        )
        return None
    except SpecError:
        notices.append("This run was made by another version, whose settings cannot be read here.")
        return None
    st.session_state[keys.RUN] = record.id
    st.session_state[keys.RUNS] = [record.id]
    st.session_state[keys.PACE] = pace_name(record.pace)
    return spec


def _settings_of_address(notices: list[str]) -> RunSpec | dict[str, Any] | None:
    """Return checked settings, or a draft as it was typed, or None where there are none."""
    code, draft = st.query_params.get("spec"), st.query_params.get("draft")
    try:
        if code:
            return RunSpec.from_link_code(code)
        return link.decode(draft) if draft else None
    except OverfitError as error:
        notices.append(
            f"The settings in this address cannot be used: {error} The page shows others instead."
        )
        return None


def _same_as(spec: RunSpec) -> str | None:
    """Return the preset with these very settings."""
    return next((preset.id for preset in PRESETS.values() if preset.spec.hash == spec.hash), None)


def _spec_of(run_id: str) -> RunSpec | None:
    try:
        return engine().store.run(run_id).spec
    except (UnknownRunError, SpecError):
        return None
