"""Settings as a form sees them: what each takes, its default, its range, its meaning.

Specs, layers, schedules, optimizer arguments and the settings of a batch source are described in
different ways. A form needs to know the same of all of them, so here they become one kind of thing.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from overfit_core.batches import Setting
from overfit_core.charts.numbers import number
from overfit_core.errors import Problem
from overfit_core.optimizers import Argument

Kind = Literal["whole", "number", "switch", "choice", "text", "numbers"]

LARGEST = 2**53 - 1
"""Largest whole number that a browser holds exactly."""
LONGEST_TEXT = 2_000

LABELS = {
    "l1": "L1 penalty",
    "l2": "L2 penalty",
    "key_dim": "Size of a head",
    "kernel_stddev": "Initial deviation",
    "use_bias": "Bias",
    "use_ema": "Average the weights (EMA)",
    "ema_momentum": "EMA momentum",
    "ema_overwrite_frequency": "EMA overwrite frequency, epochs",
    "clipnorm": "Clip norm, per variable",
    "global_clipnorm": "Clip norm, all together",
    "clipvalue": "Clip value",
    "beta_1": "Beta 1",
    "beta_2": "Beta 2",
}
"""Names on a form where the setting's own name does not read well."""


def label_of(name: str) -> str:
    """Return the name of a setting as a form shows it."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def message_of(problem: Problem) -> str:
    """Return what is wrong, with the setting called as the form calls it."""
    name = next((part for part in reversed(problem.path) if isinstance(part, str)), "")
    message = problem.message
    if name and message.startswith(f"{name} "):
        return label_of(name) + message.removeprefix(name)
    return message[:1].upper() + message[1:]


@dataclass(frozen=True)
class FormField:
    """One setting of a form.

    Attributes:
        name: As it stands in a spec.
        kind: ``whole`` and ``number`` are numbers, ``numbers`` is a list of them as text.
        default: What it is when nobody touched it.
        meaning: One line for the person who sets it.
        minimum: Smallest value taken, None where there is no bound.
        maximum: Largest value taken, None where there is no bound.
        optional: Whether it may be left empty (None).
        choices: Values to choose from, for ``choice``.
        default_text: What an empty field means, where that is known.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str = ""
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    choices: tuple[str | bool, ...] = field(default=())
    default_text: str = ""

    @property
    def label(self) -> str:
        """Return the name as a form shows it."""
        return label_of(self.name)

    @property
    def help(self) -> str:
        """Return meaning, range and Keras's or the source's own name in two short sentences."""
        bounds = (self.minimum, self.maximum)
        if None in bounds or self.kind not in ("whole", "number"):
            return self.meaning
        return f"{self.meaning} From {_bound(self.minimum)} to {_bound(self.maximum)}."

    @property
    def step(self) -> float:
        """Return by how much one press of an arrow changes a ``number``.

        A share close to 1, such as a memory of 0.999, moves by what it is short of 1.
        """
        if not isinstance(self.default, int | float) or self.default <= 0:
            return 0.001 if self.name == "learning_rate" else 0.01
        near_one = self.maximum is not None and self.maximum <= 1 and 0.5 < self.default < 1
        size = 1 - self.default if near_one else self.default
        return float(10.0 ** math.floor(math.log10(size) + 1e-9))

    def shown(self, value: object) -> Any:  # noqa: ANN401 - what a widget of this kind takes
        """Return what a widget shows for a value of a spec, the default where it cannot.

        Ranges are not judged here: a value out of range is shown and named as a problem.
        """
        if value is None:
            return None if self.optional else self.default_shown
        if self.kind == "switch":
            return value if isinstance(value, bool) else self.default_shown
        if self.kind == "choice":
            return value if value in self.choices else self.default_shown
        if self.kind == "text":
            return value[:LONGEST_TEXT] if isinstance(value, str) else self.default_shown
        if self.kind == "numbers":
            return _written(value) if isinstance(value, list | tuple | str) else self.default_shown
        return self._number(value)

    @property
    def default_shown(self) -> Any:  # noqa: ANN401 - what a widget of this kind takes
        """Return what a widget shows at first."""
        return _written(self.default) if self.kind == "numbers" else self.default

    def given(self, value: object) -> object:
        """Return what a widget's value means in a spec."""
        if self.kind == "numbers" and isinstance(value, str):
            return _read_numbers(value)
        if self.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if self.kind == "text" and self.optional and value == "":
            return None
        return value

    def _number(self, value: object) -> int | float | None:
        if not is_number(value):
            default: int | float | None = self.default
            return default
        if self.kind == "number":
            return float(value)
        return int(value) if value == int(value) else self.default


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether a value is a number that a browser's field can hold."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    # In this order: a whole number may be too long to become a float.
    return usable and abs(value) <= LARGEST and math.isfinite(value)  # type: ignore[arg-type]


@cache
def fields_of(model: type[BaseModel]) -> dict[str, FormField]:
    """Return the settings of a part of a spec, a layer or a schedule by name, ``kind`` left out.

    Settings that are specs of their own, such as the layers of a model, are left out too.
    """
    fields = {}
    for name, info in model.model_fields.items():
        found = None if name == "kind" else _field(name, info)
        if found is not None:
            fields[name] = found
    return fields


def argument_field(argument: Argument) -> FormField:
    """Return an argument of an optimizer."""
    kinds: dict[str, Kind] = {"float": "number", "int": "whole", "bool": "switch", "names": "text"}
    return FormField(
        argument.name,
        kinds[argument.type],
        argument.default,
        argument.meaning,
        argument.minimum,
        argument.maximum,
        argument.optional,
        default_text="off" if argument.default is None else "",
    )


def source_field(name: str, setting: Setting) -> FormField:
    """Return a setting that only some sources of batches have; empty means its default."""
    kind: Kind = "whole" if isinstance(setting.default, int) else "number"
    return FormField(
        name,
        kind,
        None,
        setting.meaning,
        setting.minimum,
        setting.maximum,
        optional=True,
        default_text=number(setting.default),
    )


def _field(name: str, info: FieldInfo) -> FormField | None:
    kind, optional, choices = _kind(info.annotation)
    if kind is None:
        return None
    bounds: dict[str, float] = {}
    for rule in [*info.metadata, *_rules(info.annotation)]:
        for key in ("ge", "gt", "le", "lt"):
            if (bound := getattr(rule, key, None)) is not None:
                bounds[key[0]] = bound
    return FormField(
        name,
        kind,
        info.default,
        info.description or "",
        bounds.get("g"),
        bounds.get("l"),
        optional,
        choices,
    )


def _kind(annotation: Any) -> tuple[Kind | None, bool, tuple[str | bool, ...]]:  # noqa: ANN401
    """Return kind, whether None is taken, and the choices of an annotated type."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not types.NoneType]
        kind, _, choices = _kind(inner[0]) if len(inner) == 1 else (None, False, ())
        if kind == "switch":  # yes, no, or left to the net: three things to choose from
            return "choice", True, (True, False)
        return kind, True, choices
    if get_origin(annotation) is Literal:
        return "choice", False, get_args(annotation)
    if get_origin(annotation) is tuple:
        inner_kind = _kind(get_args(annotation)[0])[0]
        return ("numbers" if inner_kind in ("whole", "number") else None), False, ()
    plain: Mapping[Any, Kind] = {int: "whole", float: "number", bool: "switch", str: "text"}
    return plain.get(annotation), False, ()


def _rules(annotation: Any) -> list[Any]:  # noqa: ANN401
    """Return what an annotated type says of its range, inside a union too."""
    rules: list[Any] = []
    if get_origin(annotation) is Annotated:
        inner, *found = get_args(annotation)
        for rule in found:
            rules += [rule, *getattr(rule, "metadata", ())]
        rules += _rules(inner)
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            rules += _rules(part)
    return rules


def _bound(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value, 9)


def _written(values: object) -> str:
    if isinstance(values, str):
        return values[:LONGEST_TEXT]
    if not isinstance(values, list | tuple):
        return ""
    return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)[:LONGEST_TEXT]


def _read_numbers(text: str) -> list[int | float | str]:
    """Return the numbers of a comma-separated text; what is none stays text, to be named."""
    return [_read_number(part.strip()) for part in text.split(",") if part.strip()]


def _read_number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
