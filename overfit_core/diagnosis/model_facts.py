"""What can be read off a Keras model before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.training.probes.activations import activation

if TYPE_CHECKING:
    import keras

_LAYER_ACTIVATIONS = {"Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu"}
_SHAPES_ONLY = frozenset({"Flatten", "Reshape", "Permute", "InputLayer", "Dropout"})
_CORES = frozenset(
    {"Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU", "EinsumDense"}
)


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
        rate: Share of outputs that it drops.
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


@dataclass(frozen=True)
class ModelFacts:
    """The model, read.

    Attributes:
        layers: From the input to the output.
        output: The layer that makes the output's numbers.
        output_activation: What they go through; ``linear`` for nothing.
        output_shape: Without the samples.
        loss: Keras's name of the loss.
        from_logits: Whether the loss takes logits.
        optimizer: Class name.
        learning_rate: Where it starts.
        kernels: Standard deviation of each layer's kernel at the start, by layer.
        trainable: How many numbers are trained.
    """

    layers: tuple[LayerFacts, ...]
    output: LayerFacts | None
    output_activation: str
    output_shape: tuple[int, ...]
    loss: str
    from_logits: bool
    optimizer: str
    learning_rate: float
    kernels: dict[str, float]
    trainable: int

    @property
    def hidden(self) -> tuple[LayerFacts, ...]:
        """The layers with a kernel that come before the output."""
        return tuple(one for one in self.layers if one.kind in _CORES and one is not self.output)

    @property
    def units(self) -> int:
        """Length of the output's last axis."""
        return self.output_shape[-1] if self.output_shape else 1

    def layer(self, name: str) -> LayerFacts:
        """Return the layer of this name."""
        return next(one for one in self.layers if one.name == name)


def read_model(model: keras.Model) -> ModelFacts:
    """Read a built, compiled model."""
    layers = tuple(_layer(layer) for layer in _flat(model))
    output, output_activation = _output(layers)
    shape = tuple(int(n or 1) for n in tuple(model.output_shape)[1:])
    return ModelFacts(
        layers=layers,
        output=output,
        output_activation=output_activation,
        output_shape=shape,
        loss=loss_name(model.loss),
        from_logits=_from_logits(model.loss),
        optimizer=type(model.optimizer).__name__,
        learning_rate=float(np.asarray(model.optimizer.learning_rate)),
        kernels=dict(_kernels(model)),
        trainable=int(sum(np.prod(v.shape) for v in model.trainable_variables)),
    )


def _flat(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers in order, those of models inside the model as well."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        else:
            yield layer


def _layer(layer: keras.Layer) -> LayerFacts:
    core = getattr(layer, "layer", layer)
    name = activation(core) or _LAYER_ACTIVATIONS.get(type(core).__name__, "")
    regularisers = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    units = getattr(core, "units", None) or getattr(core, "filters", None)
    return LayerFacts(
        name=layer.name,
        kind=type(core).__name__,
        units=int(units) if units else None,
        activation="" if name == "linear" else name,
        weights=int(sum(np.prod(v.shape) for v in layer.trainable_weights)),
        frozen=not layer.trainable and bool(layer.weights),
        initializer=type(getattr(core, "kernel_initializer", None)).__name__.replace(
            "NoneType", ""
        ),
        penalised=any(getattr(core, kind, None) is not None for kind in regularisers),
        rate=float(getattr(core, "rate", 0) or 0) if "ropout" in type(core).__name__ else 0.0,
    )


def _output(layers: tuple[LayerFacts, ...]) -> tuple[LayerFacts | None, str]:
    """Find the last layer with a kernel, and the activation that follows it or is in it."""
    found = ""
    for layer in reversed(layers):
        found = found or layer.activation
        if layer.kind in _CORES:
            return layer, found or "linear"
        if layer.kind not in _SHAPES_ONLY and layer.kind not in ("Activation", *_LAYER_ACTIVATIONS):
            return None, found or "linear"
    return None, found or "linear"


def loss_name(loss: Any) -> str:  # noqa: ANN401  # a string, a function or an object
    """Return Keras's full name of a loss: ``mean_squared_error`` for ``"mse"``; empty for none."""
    import keras

    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return str(loss)
    function = getattr(loss, "fn", loss)
    name = getattr(function, "__name__", "") or type(loss).__name__
    return str(name)


def _from_logits(loss: Any) -> bool:  # noqa: ANN401
    settings = getattr(loss, "_fn_kwargs", {}) or {}
    return bool(getattr(loss, "from_logits", settings.get("from_logits", False)))


def _kernels(model: keras.Model) -> Iterator[tuple[str, float]]:
    for layer in _flat(model):
        kernel = getattr(getattr(layer, "layer", layer), "kernel", None)
        if kernel is not None:
            yield layer.name, float(np.std(np.asarray(kernel)))
