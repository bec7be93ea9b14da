"""What the address of the page holds, and how it follows what is shown.

``?run=ID`` is the run, ``with=ID,ID`` those that are drawn with it, ``?spec=CODE`` the settings
where they are not the run's, ``beside=CODE`` the optimizers that train beside, ``?preset=ID`` what
they started from, ``?draft=CODE`` settings that are not right yet. So a reload and a sent address
show the same page again. ``hide=batch,model`` hides settings, for a teacher who sends the link.
Everything that an address says is checked like everything typed.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import streamlit as st

from overfit_core import link
from overfit_core.errors import OverfitError, SpecError, UnknownRunError
from overfit_core.presets import PRESETS
from overfit_core.spec import MAX_GROUP, RunSpec
from pages.parts import form_state, share
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.run_controls import pace_name
from pages.parts.settings_form import Draft, read_draft

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

FIRST_PRESET = "article-2"
LONGEST_ID = 64


def open_address() -> None:
    """Fill settings and run from the address, once in a session and when a run is opened.

    What a person typed before a run is opened stays in the form: "Take this run's settings" is
    beside the run.
    """
    if st.session_state.get(keys.OPENED):
        return
    st.session_state.setdefault(keys.RUNS, [])
    st.session_state.setdefault(keys.TOGETHER, [])
    notices: list[str] = []
    fresh = keys.LAYER_IDS not in st.session_state
    typed = not fresh and _is_typed(read_draft())
    settings, beside = _settings_of_address(notices), _beside_of_address(notices)
    runs = _open_runs(notices)
    asked = bool(runs) or st.query_params.get("preset") in PRESETS
    if fresh or (asked and not typed):
        _fill_form(settings, beside, runs)
    elif asked and not runs:
        notices.append("Your own settings were kept. Choose the preset to replace them.")
    if fresh:
        st.session_state[keys.HIDDEN] = [
            part for part in st.query_params.get("hide", "").split(",") if part in share.HIDEABLE
        ]
    st.session_state[keys.NOTICE] = notices
    st.session_state[keys.OPENED] = True


def _is_typed(draft: Draft) -> bool:
    """Tell whether the form holds settings that neither its preset nor the shown run has."""
    preset = PRESETS.get(st.session_state[keys.PRESET])
    run_id = st.session_state.get(keys.RUN)
    group = tuple(run.spec for run in _in_order(_group_of(run_id))) if run_id else ()
    alone = [(spec,) for spec in group]
    known = [preset.specs if preset else (), group, *alone]
    return not draft.specs or draft.specs not in known


def _fill_form(
    settings: RunSpec | dict[str, Any] | None, beside: list[Any] | None, runs: list[RunRecord]
) -> None:
    """Fill the form; what the address leaves out is as it is in the run, or in the preset.

    Args:
        settings: Those of the address.
        beside: The optimizers of the address.
        runs: The run of the address, and those that were started with it.
    """
    named = st.query_params.get("preset") or (runs[0].preset if runs else None)
    preset = PRESETS[named if named in PRESETS else FIRST_PRESET]
    base = [run.spec for run in runs] or preset.specs
    if settings is None:
        settings = base[0]
    if beside is None:
        beside = [spec.optimizer.model_dump(mode="json") for spec in base[1:]]
    form_state.fill(settings if isinstance(settings, dict) else _plain(settings), beside)
    if named not in PRESETS and isinstance(settings, RunSpec):
        st.session_state[keys.PRESET] = _same_as(settings, beside)
    else:
        st.session_state[keys.PRESET] = preset.id


def show_notices() -> None:
    """Say what of the address could not be used."""
    for notice in st.session_state.get(keys.NOTICE, ()):
        st.html(f'<p class="notice" role="alert">{html.escape(notice)}</p>')


def write_address(draft: Draft) -> None:
    """Let the address say what is shown, so that a reload loses nothing."""
    wanted: dict[str, str] = {}
    preset_id, run_id = st.session_state[keys.PRESET], st.session_state.get(keys.RUN)
    base = PRESETS[preset_id].specs if preset_id in PRESETS else ()
    if preset_id in PRESETS and preset_id != FIRST_PRESET:
        wanted["preset"] = preset_id
    if run_id and (group := _group_of(run_id)):
        wanted["run"] = run_id
        base = tuple(run.spec for run in group)
        together = st.session_state[keys.TOGETHER]
        if run_id in together and together != [run.id for run in _in_order(group)]:
            wanted["with"] = ",".join(together)
    if not draft.specs:
        wanted["draft"] = link.encode(draft.data)
    elif not base or draft.specs[0] != base[0]:
        wanted["spec"] = draft.specs[0].link_code()
    same = [spec.optimizer for spec in draft.specs[1:]] == [spec.optimizer for spec in base[1:]]
    if not same if draft.specs else (draft.beside or base[1:]):
        wanted["beside"] = link.encode({"optimizers": draft.beside})
    if st.session_state[keys.HIDDEN]:
        wanted["hide"] = ",".join(st.session_state[keys.HIDDEN])
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _open_runs(notices: list[str]) -> list[RunRecord]:
    """Show the runs of the address; returns the first, and those that were started with it."""
    run_id = st.query_params.get("run", "")[:LONGEST_ID]
    if not run_id:
        return []
    group = _group_of(run_id)
    if not group:
        notices.append(_gone(run_id))
        return []
    st.session_state[keys.RUN] = group[0].id
    named = st.query_params.get("with", "").split(",")[:MAX_GROUP]
    others = engine().store.runs_of([other[:LONGEST_ID] for other in named if other])
    shown = [run.id for run in others]
    if group[0].id not in shown:
        shown = [run.id for run in _in_order(group)]
    st.session_state[keys.TOGETHER] = shown
    earlier = [other for other in st.session_state[keys.RUNS] if other not in shown]
    st.session_state[keys.RUNS] = [*earlier, *shown]
    st.session_state[keys.PACE] = pace_name(group[0].pace)
    return group


def _gone(run_id: str) -> str:
    try:
        engine().store.run(run_id)
    except UnknownRunError:
        return (
            f"There is no run {run_id!r} here: the address was cut off, the run was deleted, or it "
            "was made on another machine. Press Train to make one."
        )
    return "This run was made by another version, whose settings cannot be read here."


def _group_of(run_id: str) -> list[RunRecord]:
    """Return a run and, behind it, those started with it; none if it cannot be read."""
    store = engine().store
    try:
        record = store.run(run_id)
        group = store.group(record.group_id) if record.group_id else []
        found = [record, *(other for other in group if other.id != record.id)]
        return found if all(run.spec for run in found) else []
    except (UnknownRunError, SpecError):
        return []


def _in_order(group: list[RunRecord]) -> list[RunRecord]:
    return sorted(group, key=lambda run: run.place)


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


def _beside_of_address(notices: list[str]) -> list[Any] | None:
    """Return the optimizers that train beside, as they were typed; None where there are none."""
    code = st.query_params.get("beside")
    if not code:
        return None
    try:
        found = link.decode(code).get("optimizers")
        return found if isinstance(found, list) else []
    except OverfitError as error:
        notices.append(f"The optimizers in this address cannot be used: {error}")
        return None


def _same_as(spec: RunSpec, beside: list[Any]) -> str | None:
    """Return the preset with these very settings."""
    for preset in PRESETS.values():
        others = [other.model_dump(mode="json") for other in preset.beside]
        if preset.spec.hash == spec.hash and others == beside:
            return preset.id
    return None


def _plain(spec: RunSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json")
