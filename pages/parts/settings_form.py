"""The settings at the left: a preset first, then batch, model, optimizer and training."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

import streamlit as st

from overfit_core.errors import Problem
from overfit_core.presets import PRESETS, Preset
from overfit_core.spec import RunSpec, load_together
from pages.parts import form_state, late_clicks
from pages.parts import session_keys as keys
from pages.parts.batch_tab import batch_tab
from pages.parts.form_fields import Problems
from pages.parts.model_tab import model_tab
from pages.parts.optimizer_tab import optimizer_tab
from pages.parts.training_tab import training_tab
from pages.parts.warnings import show_warnings

TABS = {
    "batch": ("Batch", batch_tab),
    "model": ("Model", model_tab),
    "optimizer": ("Optimizer", optimizer_tab),
    "training": ("Training", training_tab),
}
"""Part of a spec to its tab."""


class Draft(NamedTuple):
    """What the form says now.

    Attributes:
        data: The settings as they were typed.
        beside: The optimizers that train beside, as they were typed.
        specs: The runs that these are, checked, the spec's own first; empty where something is
            wrong.
        problems: What is wrong; that of the other optimizers lies under ``("beside", place)``.
    """

    data: dict[str, Any]
    beside: list[dict[str, Any]]
    specs: tuple[RunSpec, ...]
    problems: tuple[Problem, ...]

    @property
    def spec(self) -> RunSpec | None:
        """The first of the runs; None where something is wrong."""
        return self.specs[0] if self.specs else None


def read_draft() -> Draft:
    """Return what the form says, checked."""
    late_clicks.catch_up()
    data, beside = form_state.settings(), form_state.beside()
    specs, problems = load_together(data, beside)
    return Draft(data, beside, specs, problems)


def settings_form(draft: Draft) -> None:
    """Draw the settings.

    Args:
        draft: What they say.
    """
    hidden = st.session_state[keys.HIDDEN]
    if "preset" not in hidden:
        _preset(draft)
    if draft.spec is not None:
        show_warnings(draft.spec)
    _tabs(Problems(draft.problems), hidden)
    # Last: a browser that has it has every field above it.
    late_clicks.form_version()


def _tabs(problems: Problems, hidden: Container[str]) -> None:
    shown = {part: tab for part, tab in TABS.items() if part not in hidden}
    if not shown:
        return
    _mark_wrong_tabs(problems, list(shown))
    tabs = st.tabs([name for name, _ in shown.values()], key="settings-tabs")
    for tab, (_, draw) in zip(tabs, shown.values(), strict=True):
        with tab:
            draw(problems)


def place_of(problem: Problem) -> str:
    """Return where a problem is, as the form calls it: ``Model, layer 2``."""
    part = str(problem.path[0]) if problem.path else ""
    tab = TABS[part][0] if part in TABS else "Settings"
    if problem.path[:2] == ("model", "layers") and len(problem.path) > 2:
        return f"{tab}, layer {int(problem.path[2]) + 1}"
    if part == "beside":
        return f"Optimizer {int(problem.path[1]) + 2}"
    return tab


def _mark_wrong_tabs(problems: Problems, parts: list[str]) -> None:
    """Put a sign on each tab in which something is wrong.

    It is not put into the label: a tab with another label is another tab, and the first one of all
    would be opened. Who does not see it reads the same beside the button Train.
    """
    found = {str(problem.path[0]) for problem in problems.all if problem.path}
    found |= {"optimizer"} if "beside" in found else set()
    wrong = [place for place, part in enumerate(parts, start=1) if part in found]
    tab = ".st-key-settings-tabs [role=tab]:nth-of-type"
    rules = "".join(f'{tab}({place})::after {{content: "\\00a0▲" / ""}}' for place in wrong)
    st.html(f"<style>{tab}(n)::after {{color: var(--wrong)}} {rules}</style>")


def _preset(draft: Draft) -> None:
    with st.container(key="preset-box", gap="xsmall"):
        st.selectbox(
            "Preset",
            list(PRESETS),
            format_func=lambda preset_id: PRESETS[preset_id].title,
            index=None,
            key=keys.PRESET,
            placeholder="Your own settings: choose a preset to replace them",
            on_change=_take_preset,
            persist_state="session",
        )
        preset = PRESETS.get(st.session_state[keys.PRESET])
        if preset is None:
            return
        st.caption(preset.look_for)
        changed = _changed(draft, preset)
        said = f"Changed: {', '.join(changed)}." if changed else "Nothing changed."
        # Always there: where a line comes in above, the browser scrolls, and an open list closes.
        with st.container(horizontal=True, vertical_alignment="center", key="changed-hint"):
            st.caption(said)
            st.button(
                "Reset to the preset",
                key="reset",
                type="tertiary",
                on_click=_take_preset,
                disabled=not changed,
            )


def _changed(draft: Draft, preset: Preset) -> list[str]:
    """Return the parts in which the settings are not those of the preset."""
    if draft.spec is None:
        wrong = {problem.path[0] for problem in draft.problems if problem.path}
        return [name.lower() for part, (name, _) in TABS.items() if part in wrong] or ["settings"]
    changed = [
        name.lower()
        for part, (name, _) in TABS.items()
        if getattr(draft.spec, part) != getattr(preset.spec, part)
    ]
    if tuple(spec.optimizer for spec in draft.specs[1:]) != preset.beside:
        changed.append("the optimizers beside it")
    return changed


def _take_preset() -> None:
    """Fill every field from the chosen preset; without one, leave the settings as they are."""
    preset = PRESETS.get(st.session_state[keys.PRESET])
    if preset is not None:
        form_state.fill_from(preset.spec, preset.beside)
