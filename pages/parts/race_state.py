"""From a race's setup to the widgets of its form and back.

What the form says lies under the keys of ``session_keys.race``, as ``RaceSetup.load`` takes it once
it was read by ``settings``: valid or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from overfit_core.charts.status import task_title
from overfit_core.comparison.target import USUAL, Target, untyped
from overfit_core.errors import Problem, SpecError
from overfit_core.fields import fields_of, is_number
from overfit_core.presets import PRESETS
from overfit_core.racing.plan import MAX_OPTIMIZERS, RacePlan
from overfit_core.racing.setup import ENTRANTS, MAX_TASKS, RaceSetup, by_name
from overfit_core.racing.words import left_out
from overfit_core.spec import OptimizerSpec, RunSpec
from pages.parts import session_keys as keys
from pages.parts.settings_form import read_draft

NUMBERS = {
    name: field
    for name, field in fields_of(RaceSetup).items()
    if name in ("lowest", "highest", "rates", "seeds", "epochs")
}
TRAIN_PAGE = "train-page"
"""The choice of the settings that the Train page has now."""
KINDS = {None: "Memorised", "loss": "Loss", "accuracy": "Accuracy", "r2": "R²"}
"""What counts as reached; None is what memorised means for each task."""


class RaceDraft(NamedTuple):
    """What the form says now.

    Attributes:
        data: As it was typed, ready for a link.
        setup: The same, checked; None where something is wrong.
        plans: The race of each task; none where something is wrong.
        problems: What is wrong.
    """

    data: dict[str, Any]
    setup: RaceSetup | None
    plans: tuple[RacePlan, ...]
    problems: tuple[Problem, ...]


def read_race() -> RaceDraft:
    """Return what the form says, checked."""
    data = settings()
    try:
        setup = RaceSetup.load(data)
        return RaceDraft(data, setup, setup.plans(), ())
    except SpecError as error:
        return RaceDraft(data, None, (), error.problems)


def fill(data: object) -> list[str]:
    """Write a setup into the form; what is missing or has no sense gets its default.

    Args:
        data: As ``RaceSetup.load`` takes it. It may come from an address: ranges are not judged
            here, a value out of range is shown and named beside its widget.

    Returns:
        What of it had to be left out, in sentences.
    """
    table: Mapping[str, Any] = data if isinstance(data, dict) else {}
    usual = RaceSetup().model_dump(mode="json")
    st.session_state[keys.RACE_OWN] = {}
    asked = _list(table.get("tasks"), usual["tasks"])
    tasks = [_task_choice(task) for task in asked[:MAX_TASKS]]
    _put("tasks", [task for task in tasks if task is not None])
    racing = _list(table.get("optimizers"), usual["optimizers"])
    named = [_entrant(one) for one in racing[:MAX_OPTIMIZERS]]
    linked = by_name(one for one in named if one is not None)
    _put("linked", {name: one.model_dump(mode="json") for name, one in linked.items()})
    _put("optimizers", list(linked))
    for name, field in NUMBERS.items():
        _put(name, field.shown(table[name]) if name in table else field.default_shown)
    _put("defaults", table.get("defaults") is not False)
    _fill_target(table.get("target"))
    kept = {"task": (_get("tasks"), asked), "optimizer": (list(linked), racing)}
    return [
        left_out(what, len(found), len(given))
        for what, (found, given) in kept.items()
        if len(found) < len(given)
    ]


def settings() -> dict[str, Any]:
    """Return what the form says now, as ``RaceSetup.load`` takes it."""
    known_tasks, known_entrants = tasks(), entrants()
    chosen = [known_tasks[one] for one in _get("tasks") if one in known_tasks]
    named = [known_entrants[one] for one in _get("optimizers") if one in known_entrants]
    return {
        "tasks": [one if isinstance(one, str) else one.changed_settings() for one in chosen],
        "optimizers": [one.model_dump(mode="json", exclude_defaults=True) for one in named],
        **{name: field.given(_get(name)) for name, field in NUMBERS.items()},
        "target": _target(),
        "defaults": _get("defaults"),
    }


def tasks() -> dict[str, str | RunSpec]:
    """Return what can be chosen to be fitted: presets, settings from a link, the Train page's."""
    found: dict[str, str | RunSpec] = {name: name for name in PRESETS}
    for name, code in st.session_state[keys.RACE_OWN].items():
        found[name] = RunSpec.from_link_code(code)
    if keys.LAYER_IDS in st.session_state and (spec := read_draft().spec) is not None:
        found[TRAIN_PAGE] = spec
    return found


def task_names() -> dict[str, str]:
    """Return what each of these choices is called."""
    return {name: _task_name(name, task) for name, task in tasks().items()}


def entrants() -> dict[str, OptimizerSpec]:
    """Return who can race, by name: all of Keras's, those of the Train page, and of a link."""
    found = by_name(ENTRANTS.values())
    if keys.LAYER_IDS in st.session_state:
        found |= by_name(spec.optimizer for spec in read_draft().specs)
    linked = _get("linked").items()
    return found | {name: OptimizerSpec.model_validate(one) for name, one in linked}


def choose_kind() -> None:
    """Begin a target of another kind with its usual value: 1.0 of one is nothing of the other."""
    if kind := _get("kind"):
        _put("value", Target(kind, USUAL[kind]).typed)


def _task_name(name: str, task: str | RunSpec) -> str:
    if isinstance(task, str):
        return PRESETS[task].title
    said = task.name or task_title(task)
    return f"From the Train page: {said}" if name == TRAIN_PAGE else said


def _task_choice(task: object) -> str | None:
    """Return the choice that a task of a setup is; settings of a link become a choice."""
    if isinstance(task, str):
        return task if task in PRESETS else None
    try:
        spec = RunSpec.load(task) if isinstance(task, dict) else None
    except SpecError:
        return None
    if spec is None:
        return None
    name = f"own-{len(st.session_state[keys.RACE_OWN]) + 1}"
    st.session_state[keys.RACE_OWN] |= {name: spec.link_code()}
    return name


def _entrant(one: object) -> OptimizerSpec | None:
    try:
        return OptimizerSpec.model_validate(one)
    except (SpecError, ValueError):
        return None


def _fill_target(target: object) -> None:
    table: Mapping[str, Any] = target if isinstance(target, dict) else {}
    kind, value = table.get("kind"), table.get("value")
    known = next((name for name in USUAL if name == kind), None)
    if known is None or not is_number(value):
        _put("kind", None)
        _put("value", USUAL["loss"])
        return
    _put("kind", known)
    _put("value", Target(known, float(value)).typed)


def _target() -> dict[str, Any] | None:
    kind = _get("kind")
    return None if kind is None else {"kind": kind, "value": untyped(kind, _get("value"))}


def _list(value: object, usual: list[Any]) -> list[Any]:
    return value if isinstance(value, list) else usual


def _get(name: str) -> Any:  # noqa: ANN401
    return st.session_state[keys.race(name)]


def _put(name: str, value: object) -> None:
    st.session_state[keys.race(name)] = value
