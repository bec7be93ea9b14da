"""What can be read off a Keras layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.layer_changes import RATES, REGULARIZERS
from overfit_core.training.probes.activations import activation

if TYPE_CHECKING:
    import keras

LAYER_ACTIVATIONS = {"Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu"}


@dataclass(frozen=True)
class LayerFacts:
    """One layer of the model.

    Attributes:
        name: Its name.
        kind: Its class.
        units: Units or filters; None where it has none.
        activation: Name of its activation; empty for none, ``linear`` included.
        weights: Trainable numbers that it holds.
        frozen: Whether it holds weights that are kept from training.
        initializer: Class of its kernel's initialiser; empty where it has none.
        penalised: Whether a regulariser is on its weights or outputs.
        rate: The largest share that it drops, or the standard deviation of the noise it adds.
        recurrent: Class of the initialiser from state to state; empty where it has none.
    """

    name: str
    kind: str
    units: int | None
    activation: str
    weights: int
    frozen: bool
    initializer: str
    penalised: bool
    rate: float
    recurrent: str = ""


def flat(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers in order, those of models inside the model as well."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from flat(layer)
        else:
            yield layer


def core_of(layer: keras.Layer) -> keras.Layer:
    """Return what a wrapper wraps: one of the two that ``Bidirectional`` has; else the layer."""
    return getattr(layer, "layer", getattr(layer, "forward_layer", layer))


def layer_facts(layer: keras.Layer) -> LayerFacts:
    """Read a layer; of a wrapper, what it wraps."""
    core = core_of(layer)
    name = _activation(core)
    units = getattr(core, "units", None) or getattr(core, "filters", None)
    return LayerFacts(
        name=layer.name,
        kind=type(core).__name__,
        units=int(units) if units else None,
        activation="" if name == "linear" else name,
        weights=int(sum(np.prod(v.shape) for v in layer.trainable_weights)),
        frozen=not layer.trainable and bool(layer.weights),
        initializer=_class_name(getattr(core, "kernel_initializer", None)),
        penalised=any(_setting(core, kind) is not None for kind in REGULARIZERS),
        rate=max(_number(_setting(core, kind)) for kind in RATES),
        recurrent=_class_name(getattr(core, "recurrent_initializer", None)),
    )


def _activation(layer: keras.Layer) -> str:
    """Return the name of an activation, which may be a layer: in another one, or by itself."""
    given = getattr(layer, "activation", None)
    one = layer if given is None or hasattr(given, "__name__") else given
    kind = type(one).__name__
    if kind == "ReLU" and getattr(one, "negative_slope", None):
        return "leaky_relu"
    name = "" if one is given else activation(layer)
    return name or LAYER_ACTIVATIONS.get(kind, kind.lower() if one is given else "")


def _setting(layer: keras.Layer, name: str) -> Any:  # noqa: ANN401
    """Return a setting by its name in the configuration; some layers hide it behind a line."""
    return getattr(layer, name, getattr(layer, f"_{name}", None))


def _number(value: Any) -> float:  # noqa: ANN401
    return float(value) if isinstance(value, int | float) else 0.0


def _class_name(value: Any) -> str:  # noqa: ANN401
    return "" if value is None else type(value).__name__
