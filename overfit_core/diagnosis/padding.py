"""Steps of the inputs that only fill sequences up: what a ``Masking`` layer looks for.

It leaves a step out of which every number has one value, often 0. A change of the inputs has to
keep those steps as they are, and to look at the others alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from overfit_core.diagnosis.graph_facts import graph_of
from overfit_core.training.types import AnyArray, BoolArray

if TYPE_CHECKING:
    import keras

ALL = "*"
"""Stands for every input, where the graph of a model does not tell which one is meant."""

Padding = Mapping[str, float]
"""What padded steps are filled with, by the name of the input."""


def padding_of(model: keras.Model) -> Padding:
    """Return what padded steps hold, by the names of the inputs that a ``Masking`` looks at.

    The only input is also called ``x``; each is called by its place in a list and by its name.
    """
    graph = graph_of(model)
    inputs = list(getattr(graph, "inputs", None) or ())
    if not inputs:
        first = next(_masking(model), None)
        return {} if first is None else {ALL: float(first.mask_value)}
    found: dict[str, float] = {}
    for tensor, value in _looked_at(graph):
        for place, own in enumerate(inputs):
            if own is tensor:
                found |= dict.fromkeys((f"x[{place}]", own.name), value)
                found |= {"x": value} if len(inputs) == 1 else {}
    return found


def _masking(model: keras.Model) -> Iterator[Any]:
    import keras

    layers = model._flatten_layers(include_self=False)
    return (layer for layer in layers if isinstance(layer, keras.layers.Masking))


def _looked_at(graph: Any) -> Iterator[tuple[Any, float]]:  # noqa: ANN401  # Keras ships no types
    """Yield the tensors that a ``Masking`` is called on, and its value; not those inside models."""
    import keras

    for operation in graph._operations:
        taken = [list(node.input_tensors) for node in operation._inbound_nodes if not node.is_input]
        if isinstance(operation, keras.layers.Masking):
            yield from ((tensor, float(operation.mask_value)) for (tensor,) in taken)
        inner = graph_of(operation) if hasattr(operation, "layers") else None
        if inner is None:
            continue
        for tensor, value in _looked_at(inner):
            places = [place for place, own in enumerate(inner.inputs) if own is tensor]
            yield from ((given[place], value) for given in taken for place in places)


def padding_in(name: str, padding: Padding) -> float | None:
    """Return what padded steps of an input hold; None where it has none."""
    return padding.get(name, padding.get(ALL))


def kept_steps(values: AnyArray, padding: float | None) -> BoolArray | None:
    """Tell which steps are no padding, shape ``values.shape[:-1]``; None where all are kept.

    All are where there is nothing else: of padding alone nothing can be said.
    """
    if padding is None or values.ndim < 2:
        return None
    keep = (values != padding).any(axis=-1)
    return keep if keep.any() and not keep.all() else None
