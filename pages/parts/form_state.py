"""From a spec to the form's widgets and back.

The settings live in ``st.session_state`` under the keys of ``session_keys``. ``fill`` writes them
from a spec, before the widgets are drawn; ``settings`` reads them as ``RunSpec.load`` takes them,
valid or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from overfit_core.batches import SOURCES
from overfit_core.fields import FormField, argument_field, fields_of, source_field
from overfit_core.limits import LIMITS
from overfit_core.models.layers import LAYERS
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.schedules import SCHEDULES
from overfit_core.spec import (
    MAX_GROUP,
    PROBES,
    BatchSpec,
    HeadSpec,
    OptimizerSpec,
    RunSpec,
    TrainingSpec,
)
from pages.parts import late_clicks
from pages.parts import session_keys as keys

Table = Mapping[str, Any]
Root = tuple[str | int, ...]
"""The beginning of a path in the session: settings of the same kind lie under several."""
OPTIMIZER: Root = ("optimizer",)

BATCH = {
    name: field
    for name, field in fields_of(BatchSpec).items()
    if name in ("samples", "seed", "scaling", "label_noise", "contradictions", "held_out")
}
HEAD = fields_of(HeadSpec)
LEARNING_RATE = fields_of(OptimizerSpec)["learning_rate"]
TRAINING = fields_of(TrainingSpec)


def source_settings(source: str) -> dict[str, FormField]:
    """Return the settings that a source has and others refuse."""
    found = SOURCES[source].settings if source in SOURCES else {}
    return {name: source_field(name, setting) for name, setting in found.items()}


def arguments(optimizer: str) -> dict[str, FormField]:
    """Return the arguments of an optimizer."""
    found = OPTIMIZERS[optimizer].arguments if optimizer in OPTIMIZERS else ()
    return {argument.name: argument_field(argument) for argument in found}


def fill(data: object, beside: object = ()) -> None:
    """Write settings into the form; what is missing or has no sense gets its default.

    Args:
        data: Settings as in a spec. They may come from an address: ranges are not judged here,
            a value out of range is shown and named beside its widget.
        beside: Settings of the optimizers that train beside the spec's own.
    """
    for key in [str(key) for key in st.session_state]:
        if key.startswith(keys.PREFIX):
            del st.session_state[key]
    spec = _table(data)
    _put(("name",), _text(spec.get("name")))
    _fill_batch(_table(spec.get("batch")))
    _fill_model(_table(spec.get("model")))
    _fill_optimizer(_table(spec.get("optimizer")), OPTIMIZER)
    _fill_training(_table(spec.get("training")))
    st.session_state[keys.BESIDE_IDS] = []
    for optimizer in (beside if isinstance(beside, list | tuple) else ())[: MAX_GROUP - 1]:
        add_optimizer(_table(optimizer))
    late_clicks.keep()


def settings() -> dict[str, Any]:
    """Return what the form says now, as ``RunSpec.load`` takes it."""
    source = _get(("batch", "source"))
    taken = {name: _given(field, ("batch", name)) for name, field in BATCH.items()}
    taken |= {n: _given(f, ("batch", source, n)) for n, f in source_settings(source).items()}
    return {
        "name": _get(("name",)),
        "batch": {"source": source, **taken},
        "model": {
            "layers": [_layer(layer_id) for layer_id in st.session_state[keys.LAYER_IDS]],
            "head": {name: _given(field, ("head", name)) for name, field in HEAD.items()},
            "loss": _get(("model", "loss")),
        },
        "optimizer": _optimizer(OPTIMIZER),
        "training": {n: _given(f, ("training", n)) for n, f in TRAINING.items()}
        | {"probes": list(_get(("training", "probes")))},
    }


def beside() -> list[dict[str, Any]]:
    """Return the settings of the optimizers that train beside the spec's own, as in a spec."""
    return [_optimizer(beside_root(row_id)) for row_id in st.session_state[keys.BESIDE_IDS]]


def beside_root(row_id: int) -> Root:
    """Return where the settings of one of these optimizers are."""
    return ("beside", row_id)


def add_optimizer(values: Table) -> None:
    """Put an optimizer beside the others; what is left out has Keras's default."""
    row_id = st.session_state.get(keys.BESIDE_MADE, 0) + 1
    st.session_state[keys.BESIDE_MADE] = row_id
    _fill_optimizer(values, beside_root(row_id))
    st.session_state[keys.BESIDE_IDS] = [*st.session_state[keys.BESIDE_IDS], row_id]


def copy_optimizer(root: Root) -> None:
    """Put a second optimizer with the same settings beside the others."""
    add_optimizer(_optimizer(root))


def remove_optimizer(row_id: int) -> None:
    """Take an optimizer away."""
    kept = [other for other in st.session_state[keys.BESIDE_IDS] if other != row_id]
    st.session_state[keys.BESIDE_IDS] = kept


def add_layer(kind: str, place: int | None = None, values: Table | None = None) -> None:
    """Put a row into the table of layers, at its end unless a place is named."""
    layer_id = st.session_state.get(keys.LAYERS_MADE, 0) + 1
    st.session_state[keys.LAYERS_MADE] = layer_id
    st.session_state[keys.layer_setting(layer_id, "kind")] = kind
    given = values or {}
    for name, field in fields_of(LAYERS[kind]).items():
        shown = field.shown(given[name]) if name in given else field.default_shown
        st.session_state[keys.layer_setting(layer_id, name)] = shown
    ids = list(st.session_state[keys.LAYER_IDS])
    ids.insert(len(ids) if place is None else place, layer_id)
    st.session_state[keys.LAYER_IDS] = ids


def remove_layer(layer_id: int) -> None:
    """Take a row out of the table of layers."""
    st.session_state[keys.LAYER_IDS] = [
        other for other in st.session_state[keys.LAYER_IDS] if other != layer_id
    ]


def copy_layer(layer_id: int) -> None:
    """Put a second row like this one behind it."""
    layer = _layer(layer_id)
    add_layer(layer["kind"], st.session_state[keys.LAYER_IDS].index(layer_id) + 1, layer)


def move_layer(layer_id: int, by: int) -> None:
    """Move a row towards the input (by -1) or the head (by 1)."""
    ids = list(st.session_state[keys.LAYER_IDS])
    place = ids.index(layer_id)
    ids.remove(layer_id)
    ids.insert(max(0, place + by), layer_id)
    st.session_state[keys.LAYER_IDS] = ids


def fill_from(spec: RunSpec, beside: Iterable[OptimizerSpec] = ()) -> None:
    """Write a spec into the form, and the optimizers that train beside its own."""
    fill(spec.model_dump(mode="json"), [other.model_dump(mode="json") for other in beside])


def _fill_batch(batch: Table) -> None:
    source = batch.get("source")
    source = source if isinstance(source, str) and source in SOURCES else BatchSpec().source
    _put(("batch", "source"), source)
    _fill(BATCH, batch, "batch")
    _fill(source_settings(source), batch, "batch", source)


def _fill_model(model: Table) -> None:
    st.session_state[keys.LAYER_IDS] = []
    layers = model.get("layers")
    if not isinstance(layers, list):
        layers = RunSpec().model_dump(mode="json")["model"]["layers"]
    for layer in map(_table, layers[: LIMITS.layers]):
        kind = layer.get("kind")
        if isinstance(kind, str) and kind in LAYERS:
            add_layer(kind, values=layer)
    _fill(HEAD, _table(model.get("head")), "head")
    _put(("model", "loss"), _text(model.get("loss")) or None)


def _fill_optimizer(optimizer: Table, root: Root) -> None:
    name = optimizer.get("name")
    name = name if isinstance(name, str) and name in OPTIMIZERS else OptimizerSpec().name
    _put((*root, "name"), name)
    _fill({"learning_rate": LEARNING_RATE}, optimizer, *root)
    _fill(arguments(name), _table(optimizer.get("arguments")), *root, "arguments", name)
    schedule = _table(optimizer.get("schedule"))
    kind = schedule.get("kind")
    kind = kind if isinstance(kind, str) and kind in SCHEDULES else "constant"
    _put((*root, "schedule", "kind"), kind)
    _fill(fields_of(SCHEDULES[kind]), schedule, *root, "schedule", kind)


def _fill_training(training: Table) -> None:
    _fill(TRAINING, training, "training")
    probes = training.get("probes")
    wanted = probes if isinstance(probes, list) else TrainingSpec().probes
    _put(("training", "probes"), [probe for probe in PROBES if probe in wanted])


def _fill(fields: Mapping[str, FormField], values: Table, *path: str | int) -> None:
    for name, field in fields.items():
        shown = field.shown(values[name]) if name in values else field.default_shown
        _put((*path, name), shown)


def _optimizer(root: Root) -> dict[str, Any]:
    name, kind = _get((*root, "name")), _get((*root, "schedule", "kind"))
    changed = {
        argument: value
        for argument, field in arguments(name).items()
        if (value := _given(field, (*root, "arguments", name, argument))) != field.default
    }
    schedule = {
        setting: _given(field, (*root, "schedule", kind, setting))
        for setting, field in fields_of(SCHEDULES[kind]).items()
    }
    return {
        "name": name,
        "learning_rate": _given(LEARNING_RATE, (*root, "learning_rate")),
        "arguments": changed,
        "schedule": {"kind": kind, **schedule},
    }


def _layer(layer_id: int) -> dict[str, Any]:
    kind = st.session_state[keys.layer_setting(layer_id, "kind")]
    fields = fields_of(LAYERS[kind])
    return {"kind": kind} | {n: _given(f, ("layer", layer_id, n)) for n, f in fields.items()}


def _given(field: FormField, path: tuple[str | int, ...]) -> object:
    return field.given(st.session_state.get(keys.setting(*path), field.default_shown))


def _get(path: Root) -> Any:  # noqa: ANN401
    return st.session_state[keys.setting(*path)]


def _put(path: Root, value: object) -> None:
    st.session_state[keys.setting(*path)] = value


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[: LIMITS.name_length] if isinstance(value, str) else ""
