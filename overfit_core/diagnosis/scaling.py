"""Standardised arrays, the code that says the same, and the inputs that are never scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras


ALL = "*"
"""Stands for every input among the names of those that hold token ids."""


def standardised(values: AnyArray) -> AnyArray:
    """Return an array with mean 0 and standard deviation 1 per column; constants become 0.

    A column is a feature of a table, a channel of images or sequences.
    """
    values = np.asarray(values)
    axes = _axes(values.ndim)
    # Not by the standard deviation, which rounding makes larger than 0.
    varies = values.max(axes) > values.min(axes)
    mean, std = values.mean(axes, dtype=float), values.std(axes, dtype=float)
    scaled = (values - mean) / np.where(varies, std, 1.0)
    dtype = values.dtype if values.dtype.kind == "f" else np.dtype("float32")
    return np.asarray(scaled, dtype)


def standardising(name: str, ndim: int) -> str:
    """Return what ``standardised`` does to an array of so many axes, as an expression."""
    axes = _axes(ndim)
    over = str(axes[0]) if len(axes) == 1 else str(axes)
    return (
        f"({name} - {name}.mean({over}, float)) / "
        f"np.where(np.ptp({name}, {over}) > 0, {name}.std({over}, float), 1)"
    )


def standardising_inputs(shapes: dict[str, int], tokens: frozenset[str]) -> str:
    """Return how all inputs but token ids are standardised, as one line.

    Args:
        shapes: Number of axes by the inputs' names: ``x``, or ``x[0]`` of a list, or the name of a
            part of a dict.
        tokens: Names of inputs that hold token ids.
    """
    if list(shapes) == ["x"]:
        return f"x = {standardising('x', shapes['x'])}"
    scaled = {name: ndim for name, ndim in shapes.items() if not is_token(name, tokens)}
    if all(name.startswith("x[") for name in shapes):
        parts = (standardising(n, d) if n in scaled else n for n, d in shapes.items())
        return f"x = [{', '.join(parts)}]"
    parts = (f"{n!r}: {standardising(f'x[{n!r}]', d)}" for n, d in scaled.items())
    return f"x = x | {{{', '.join(parts)}}}"


def without_tokens(x: Arrays, tokens: frozenset[str]) -> Arrays:
    """Return inputs standardised, all but token ids.

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
    made = [part if is_token(n, tokens) else standardised(part) for n, part in parts.items()]
    if isinstance(x, dict):
        return dict(zip(x, made, strict=True))
    return type(x)(made) if isinstance(x, list | tuple) else made[0]


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
