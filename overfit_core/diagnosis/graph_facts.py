"""What can be read off the graph of a model: which steps lie between its inputs and its output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from overfit_core.diagnosis.layer_changes import CORES
from overfit_core.diagnosis.layer_facts import LAYER_ACTIVATIONS, core_of, flat, layer_facts

if TYPE_CHECKING:
    import keras

UNKNOWN = "unknown"
"""Stands for an output activation that cannot be told."""
SHAPES_ONLY = frozenset(
    {
        "InputLayer", "Flatten", "Reshape", "Permute", "Dropout", "SpatialDropout1D", "Identity",
        "SpatialDropout2D", "SpatialDropout3D", "Squeeze", "ExpandDims", "Transpose", "GetItem",
        "ActivityRegularization",
    }
)  # fmt: skip
"""Layers and operations that leave numbers as they are when a network is used."""
LINEAR = SHAPES_ONLY | frozenset(
    {
        "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
        "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D",
        "SeparableConv2D", "BatchNormalization", "Normalization", "Rescaling", "GaussianNoise",
        "GaussianDropout", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
        "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
        "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D",
        "Cropping3D", "RepeatVector", "UpSampling1D", "Concatenate", "Add", "Subtract", "Average",
        "Activation", "Negative", "Mean", "Sum", "Multiply",
    }
)  # fmt: skip
"""Those that are linear where they have no activation; ``Multiply`` by a constant alone."""


class Output(NamedTuple):
    """How the output comes about.

    Attributes:
        name: The layer that makes its numbers; None where there is none.
        activation: What they go through: ``linear`` for nothing, ``unknown`` where that cannot be
            told.
        behind: Names of the layers that they go through after it; None where that is not known.
    """

    name: str | None
    activation: str
    behind: frozenset[str] | None = None


def graph_of(model: Any) -> Any | None:  # noqa: ANN401  # a model or a function of Keras
    """Return the graph of a model; None for one whose ``call`` is the caller's own."""
    if not type(model).call.__module__.startswith("keras."):
        return None
    graph = getattr(model, "_functional", model)
    return graph if hasattr(graph, "_operations") and getattr(graph, "outputs", None) else None


def is_transparent(model: keras.Model) -> bool:
    """Tell whether all that a model does is done by Keras's own layers, or is linear."""
    graph = graph_of(model)
    if graph is None:
        return False
    return all(_is_known(operation) for operation in graph._operations)


def _is_known(operation: Any) -> bool:  # noqa: ANN401
    if hasattr(operation, "layers"):
        return is_transparent(operation)
    core = core_of(operation)
    if not all(type(one).__module__.startswith("keras.") for one in (operation, core)):
        return False
    return _is_layer(operation) or _is_linear(operation)


def _is_layer(operation: Any) -> bool:  # noqa: ANN401
    import keras

    return isinstance(operation, keras.layers.Layer)


def _is_linear(operation: Any) -> bool:  # noqa: ANN401
    """Tell whether an operation is linear, its activation left aside."""
    kind = type(core_of(operation)).__name__
    if kind == "Multiply" and any(len(n.input_tensors) > 1 for n in operation._inbound_nodes):
        return False
    return kind in LINEAR


def output_of(model: keras.Model, place: int = 0) -> Output:
    """Follow the graph from an output back to the layer that makes its numbers.

    Args:
        model: The model.
        place: Which of its outputs, in the order in which Keras lays them out.
    """
    graph = graph_of(model)
    if graph is None:
        return Output(_last_core(model), UNKNOWN)
    behind: list[str] = []
    found, stretched = "", False
    for operation in _way_back(graph, place):
        if not _is_known(operation):
            return Output(None, UNKNOWN)
        kind = type(core_of(operation)).__name__
        if not found and (given := _activation(operation)):
            found = UNKNOWN if stretched else given
        if kind in CORES:
            return Output(operation.name, found or "linear", frozenset(behind))
        behind += [operation.name, core_of(operation).name]
        if kind not in SHAPES_ONLY and kind not in ("Activation", *LAYER_ACTIVATIONS):
            if not _is_linear(operation) or _inputs(operation) > 1:
                return Output(None, UNKNOWN)
            stretched = True
    return Output(None, found or "linear")


def outputs_of(model: keras.Model, count: int) -> list[Output]:
    """Return how each of so many outputs comes about."""
    if count > 1 and graph_of(model) is None:
        # Nothing tells which of them the last layer makes.
        return [Output(None, UNKNOWN)] * count
    return [output_of(model, place) for place in range(count)]


def _way_back(graph: Any, output: int) -> Iterator[Any]:  # noqa: ANN401
    """Yield the operations from an output back, up to the first that has several inputs."""
    tensor = graph.outputs[output]
    while True:
        operation, place, of = tensor._keras_history
        inner = graph_of(operation) if hasattr(operation, "layers") else None
        if inner is None:
            yield operation
        else:
            yield from _way_back(inner, of)
        inputs = operation._inbound_nodes[place].input_tensors
        if len(inputs) != 1 or inputs[0] is tensor:
            return
        tensor = inputs[0]


def _inputs(operation: Any) -> int:  # noqa: ANN401
    return max((len(node.input_tensors) for node in operation._inbound_nodes), default=0)


def _activation(operation: Any) -> str:  # noqa: ANN401
    """Return the activation in a layer; unknown for a function of the caller's own."""
    if not _is_layer(operation):
        return ""
    function = getattr(core_of(operation), "activation", None)
    module = getattr(function, "__module__", None) or type(function).__module__
    if function is not None and not module.startswith("keras."):
        return UNKNOWN
    return layer_facts(operation).activation


def _last_core(model: keras.Model) -> str | None:
    """Return the last layer with a kernel, if nothing but an activation stands behind it."""
    for layer in reversed(list(flat(model))):
        kind = type(core_of(layer)).__name__
        if kind in CORES:
            return str(layer.name)
        if kind not in SHAPES_ONLY and kind not in ("Activation", *LAYER_ACTIVATIONS):
            return None
    return None
