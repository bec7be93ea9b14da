"""Standardised arrays, the code that says the same, and the inputs that are never scaled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.padding import ALL, Padding, kept_steps, padding_in
from overfit_core.training.types import AnyArray, Arrays, BoolArray

if TYPE_CHECKING:
    import keras

SHIFT = 1e-3
"""Added to scaled inputs of which a step would else become what padding is filled with: the mean of
a single column, for instance, becomes 0."""


def standardised(values: AnyArray, keep: BoolArray | None = None, shift: float = 0.0) -> AnyArray:
    """Return an array with mean 0 and standard deviation 1 per column; constants become 0.

    A column is a feature of a table, a channel of images or sequences.

    Args:
        values: Samples first.
        keep: Which steps count, the first axes of ``values``; the others stay as they are. None
            where all do.
        shift: Added to what was scaled.
    """
    values = np.asarray(values)
    rows = values if keep is None else values[keep]
    axes = _axes(rows.ndim)
    # Not by the standard deviation, which rounding makes larger than 0.
    varies = rows.max(axes) > rows.min(axes)
    mean, std = rows.mean(axes, dtype=float), rows.std(axes, dtype=float)
    scaled = (rows - mean) / np.where(varies, std, 1.0) + shift
    dtype = values.dtype if values.dtype.kind == "f" else np.dtype("float32")
    if keep is None:
        return np.asarray(scaled, dtype)
    made = values.astype(dtype)
    made[keep] = scaled
    return made


def standardising(name: str, ndim: int, steps: str = "", more: int = 1, shift: float = 0.0) -> str:
    """Return what ``standardised`` does to an array of so many axes, as an expression.

    Args:
        name: Of the array.
        ndim: How many axes it has.
        steps: Expression for the steps that count; empty where all do.
        more: How many axes the array has more than those.
        shift: See ``standardised``.
    """
    rows, left = (f"{name}[keep]", more + 1) if steps else (name, ndim)
    axes = _axes(left)
    over = str(axes[0]) if len(axes) == 1 else str(axes)
    scaled = (
        f"({name} - {rows}.mean({over}, float)) / "
        f"np.where(np.ptp({rows}, {over}) > 0, {rows}.std({over}, float), 1)"
    )
    scaled += f" + {shift:g}" if shift else ""
    if not steps:
        return scaled
    return f"np.where((keep := {steps}){'[..., None]' * more}, {scaled}, {name})"


def standardising_inputs(
    x: Mapping[str, AnyArray], tokens: frozenset[str], padding: Padding
) -> str:
    """Return how all inputs but token ids are standardised, as one line.

    Args:
        x: Inputs by name: ``x``, or ``x[0]`` of a list, or the name of a part of a dict.
        tokens: Names of inputs that hold token ids.
        padding: What padded steps hold, which stay as they are.
    """

    def scaled(name: str, code: str) -> str:
        values, filling = np.asarray(x[name]), padding_in(name, padding)
        steps = "" if kept_steps(values, filling) is None else f"({code} != {filling!r}).any(-1)"
        return standardising(code, values.ndim, steps, shift=_shift(values, filling))

    if list(x) == ["x"]:
        return f"x = {scaled('x', 'x')}"
    if all(name.startswith("x[") for name in x):
        parts = (name if is_token(name, tokens) else scaled(name, name) for name in x)
        return f"x = [{', '.join(parts)}]"
    taken = (name for name in x if not is_token(name, tokens))
    entries = (f"{name!r}: {scaled(name, f'x[{name!r}]')}" for name in taken)
    return f"x = x | {{{', '.join(entries)}}}"


def scaled_inputs(x: Arrays, tokens: frozenset[str], padding: Padding) -> Arrays:
    """Return inputs standardised, all but token ids and padded steps.

    Raises:
        ValueError: If there is nothing but token ids.
    """
    if isinstance(x, dict):
        parts = {str(name): part for name, part in x.items()}
    elif isinstance(x, list | tuple):
        parts = {f"x[{place}]": part for place, part in enumerate(x)}
    else:
        parts = {"x": x}
    if all(is_token(name, tokens) for name in parts):
        raise ValueError("The inputs are token ids; they are not scaled.")
    made = [
        part if is_token(name, tokens) else _scaled(np.asarray(part), padding_in(name, padding))
        for name, part in parts.items()
    ]
    if isinstance(x, dict):
        return dict(zip(x, made, strict=True))
    return type(x)(made) if isinstance(x, list | tuple) else made[0]


def _scaled(values: AnyArray, padding: float | None) -> AnyArray:
    return standardised(values, kept_steps(values, padding), _shift(values, padding))


def _shift(values: AnyArray, padding: float | None) -> float:
    """Return what keeps scaled steps from looking like padding: 0 where none does."""
    if padding is None or values.ndim < 2:
        return 0.0
    keep = kept_steps(values, padding)
    rows = standardised(values, keep) if keep is None else standardised(values, keep)[keep]
    return SHIFT if (rows == padding).all(axis=-1).any() else 0.0


def is_token(name: str, tokens: frozenset[str]) -> bool:
    """Tell whether an input holds token ids."""
    return name in tokens or ALL in tokens


def token_inputs(model: keras.Model) -> frozenset[str]:
    """Return the names of the inputs that lead to an ``Embedding``, in every form of a name.

    The only input is also called ``x``; each is called by its place in a list and by its name. Of
    a model that holds an ``Embedding`` and whose graph is not known, they are ``ALL``.
    """
    if not any(_embeds(layer) for layer in model._flatten_layers(include_self=False)):
        return frozenset()
    graph = model._functional if hasattr(model, "_functional") else model
    inputs = list(getattr(graph, "inputs", None) or ())
    if not inputs or not hasattr(graph, "_operations"):
        return frozenset({ALL})
    found = {id(t) for op in graph._operations if _embeds(op) for t in _origins(op, graph)}
    places = [place for place, tensor in enumerate(inputs) if id(tensor) in found]
    names = {f"x[{place}]" for place in places} | {inputs[place].name for place in places}
    return frozenset(names | ({"x"} if len(inputs) == 1 and places else set()))


def _embeds(operation: Any) -> bool:  # noqa: ANN401  # a layer or an operation of Keras
    import keras

    if isinstance(operation, keras.layers.Embedding):
        return True
    inside = getattr(operation, "_flatten_layers", None)
    layers = inside(include_self=False) if inside is not None else ()
    return any(isinstance(layer, keras.layers.Embedding) for layer in layers)


def _origins(operation: Any, graph: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the tensors that an operation's inputs are made from, back to the graph's inputs."""
    waiting: list[Any] = [t for node in operation._inbound_nodes for t in node.input_tensors]
    inside, seen = {id(op) for op in graph._operations}, set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        yield tensor
        maker, node_index, _ = tensor._keras_history
        if id(maker) in inside and maker._inbound_nodes:
            waiting += _inputs_of(maker._inbound_nodes[node_index])


def _inputs_of(node: Any) -> Sequence[Any]:  # noqa: ANN401
    return [] if node.is_input else list(node.input_tensors)


def _axes(ndim: int) -> tuple[int, ...]:
    """Return the axes that are not columns."""
    return tuple(range(max(1, ndim - 1)))
