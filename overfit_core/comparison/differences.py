"""Settings side by side, where they differ, in words that a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from overfit_core.batches import SOURCES
from overfit_core.charts.numbers import number
from overfit_core.charts.status import run_title
from overfit_core.comparison.run import ComparedRun
from overfit_core.fields import label_of
from overfit_core.models.layers import LAYERS, BaseLayer, Dense
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.spec import RunSpec

Path = tuple[str, ...]

EMPTY = {"model.loss": "as the task asks", "model.head.units": "as the task asks"}
"""What an empty setting means where it is not the source's default."""
LABELS: dict[Path, str] = {
    ("batch", "held_out"): "Held-out samples",
    ("batch", "seed"): "Batch seed",
    ("model", "head", "units"): "Units of the head",
    ("model", "head", "activation"): "Activation of the head",
    ("model", "head", "kernel_initializer"): "Kernel initializer of the head",
    ("model", "head", "trainable"): "Trainable head",
    ("optimizer", "name"): "Optimizer",
}
"""What a setting is called where its own name does not say which one is meant."""
NOT_TAKEN = "–"
NO_RUN = "None"
"""What stands in a list of runs for none of them."""
PARTS = {"batch": "Batch", "model": "Model", "optimizer": "Optimizer", "training": "Training"}
NAME_PARTS = 3
"""Most differing settings that the short name of a run spells out."""


@dataclass(frozen=True)
class Difference:
    """One setting that is not the same in all runs.

    Attributes:
        path: Where it stands in a spec, such as ``("optimizer", "learning_rate")``.
        part: The part of the spec, as a page calls it.
        label: The setting, as a form calls it.
        values: One text per run, in the order of the runs; equal where the settings are.
    """

    path: Path
    part: str
    label: str
    values: tuple[str, ...]


def differences(specs: Sequence[RunSpec]) -> list[Difference]:
    """Return the settings in which these specs differ, in the order of a spec.

    Names are no settings. Arguments of an optimizer are listed where one of the specs sets them;
    a spec whose optimizer does not take one has a dash.
    """
    arguments = list(dict.fromkeys(name for spec in specs for name in spec.optimizer.arguments))
    tables = [dict(_settings(spec, arguments)) for spec in specs]
    found = []
    for path in tables[0] if tables else ():
        raw = [table[path] for table in tables]
        if any(value != raw[0] for value in raw):
            label = LABELS.get(path) or label_of(path[-1])
            found.append(Difference(path, PARTS[path[0]], label, _texts(path, raw)))
    return found


def short_names(runs: Sequence[ComparedRun]) -> dict[str, str]:
    """Return a name per run that tells it from the others: ``Adam 0.001, seed 2``.

    A run that a person named keeps its name. Names of equal settings are numbered.
    """
    skipped = {("optimizer", "name"), ("optimizer", "learning_rate")}
    rows = [row for row in differences([run.spec for run in runs]) if row.path not in skipped]
    names = [
        run.title if _is_named(run) else _short_name(run.spec, place, rows)
        for place, run in enumerate(runs)
    ]
    return dict(zip((run.id for run in runs), told_apart(names, taken=[NO_RUN]), strict=True))


def told_apart(titles: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Return the titles with a number behind each that is not the only one: no two are equal.

    Args:
        titles: As people and settings have them.
        taken: Names of other things in the same place, which none of them may have.
    """
    often, used = Counter([*titles, *taken]), {*titles, *taken}
    result = []
    for title in titles:
        name, number = title, 0
        while often[title] > 1 and name in used:
            number += 1
            name = f"{title} ({number})"
        used.add(name)
        result.append(name)
    return result


def group_names(groups: Mapping[str, Sequence[ComparedRun]]) -> dict[str, str]:
    """Return a name per group of seeds that tells it from the others."""
    first = {group: members[0] for group, members in groups.items()}
    alike = []
    for group, run in first.items():
        training = run.spec.training.model_copy(update={"seed": 0})
        spec = run.spec.model_copy(update={"training": training, "name": None})
        title = run.title if _is_named(run) else run_title(spec)
        alike.append(replace(run, id=group, spec=spec, title=title))
    return short_names(alike)


def style_name(spec: RunSpec) -> str:
    """Return what colour and dash say: ``Adam 0.001``."""
    return f"{spec.optimizer.name} {number(spec.optimizer.base_learning_rate)}"


def _is_named(run: ComparedRun) -> bool:
    return run.spec.name is not None or run.title != run_title(run.spec)


def _short_name(spec: RunSpec, place: int, rows: Sequence[Difference]) -> str:
    # What a person looks for first stands last in a spec: seed, epochs, then the model.
    parts = [f"{row.label[:1].lower()}{row.label[1:]} {row.values[place]}" for row in rows]
    return ", ".join([style_name(spec), *reversed(parts[-NAME_PARTS:])])


def _settings(spec: RunSpec, arguments: Sequence[str]) -> Iterator[tuple[Path, Any]]:
    """Yield every setting but the name, flat; the order is that of a form."""
    for name in type(spec.batch).model_fields:
        yield ("batch", name), getattr(spec.batch, name)
    yield ("model", "layers"), spec.model.layers
    for name in type(spec.model.head).model_fields:
        yield ("model", "head", name), getattr(spec.model.head, name)
    yield ("model", "loss"), spec.model.loss
    yield ("optimizer", "name"), spec.optimizer.name
    yield ("optimizer", "learning_rate"), spec.optimizer.base_learning_rate
    yield ("optimizer", "schedule"), spec.optimizer.schedule
    taken = OPTIMIZERS[spec.optimizer.name].by_name
    for name in arguments:
        default = taken[name].default if name in taken else NOT_TAKEN
        yield ("optimizer", "arguments", name), spec.optimizer.arguments.get(name, default)
    for name in type(spec.training).model_fields:
        yield ("training", name), getattr(spec.training, name)


def _texts(path: Path, values: Sequence[Any]) -> tuple[str, ...]:
    """Return the values in words, in as many words as tell them apart."""
    for full in (False, True):
        texts = [_text(path, value, full) for value in values]
        if len(set(texts)) == len({repr(value) for value in values}):
            break
    return tuple(texts)


def _text(path: Path, value: Any, full: bool) -> str:  # noqa: ANN401 - a setting is anything
    match value:
        case None:
            return EMPTY.get(".".join(path), "default" if path[0] != "optimizer" else "off")
        case bool():
            return "yes" if value else "no"
        case int():
            # A seed is a name, not an amount.
            return str(value) if path[-1] == "seed" else f"{value:,}"
        case float():
            return number(value, 17 if full else 4)
        case str():
            return SOURCES[value].label if path == ("batch", "source") else value.replace("_", " ")
        case BaseModel():
            return _with_settings(value, getattr(value, "label", ""), full=True)
    if path == ("model", "layers"):
        return _layers(value, full)
    return ", ".join(str(item).replace("_", " ") for item in value) or "none"


def _layers(layers: Sequence[BaseLayer], full: bool) -> str:
    """Return ``64-32-16, relu`` for dense layers alike, and every layer by name for others."""
    if not layers:
        return "no hidden layer"
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    if not full and len(dense) == len(layers) and len({layer.activation for layer in dense}) == 1:
        return f"{'-'.join(str(layer.units) for layer in dense)}, {dense[0].activation}"
    return ", ".join(_with_settings(layer, LAYERS[layer.kind].label, full) for layer in layers)


def _with_settings(part: BaseModel, label: str, full: bool) -> str:
    """Return ``Dense 64 relu`` or, in full, everything that is not its default."""
    if isinstance(part, Dense):
        label = f"{label} {part.units} {part.activation}"
    changed = {
        name: getattr(part, name)
        for name, info in type(part).model_fields.items()
        if name != "kind" and getattr(part, name) != info.default
    }
    if isinstance(part, Dense):
        changed = {n: v for n, v in changed.items() if n not in ("units", "activation")}
    if not changed or not full:
        return label
    said = ", ".join(f"{label_of(n).lower()} {_text((n,), v, True)}" for n, v in changed.items())
    return f"{label} ({said})"
