"""Changes of a program, each applied to a copy of everything that a run is made of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.facts import Change
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras

_CORES = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU")
_OUTPUTS_OF = {"Softmax", "ReLU", "LeakyReLU", "Activation"}


@dataclass(frozen=True)
class Setup:
    """What a run is made of; copied, never changed.

    Attributes:
        config: The model's configuration; None for a model that cannot say how it is made.
        optimizer: The optimizer, serialised.
        loss: As it was given to ``compile``.
        x: Inputs as the model takes them.
        y: Labels.
        epochs: How long it trains.
        own_weights: Whether the model's own initial weights still fit it.
    """

    config: dict[str, Any] | None
    optimizer: dict[str, Any]
    loss: Any
    x: Arrays
    y: AnyArray
    epochs: int
    own_weights: bool = True

    def changed(self, *changes: Change) -> Setup:
        """Return a copy with changes applied, one after the other.

        Raises:
            ValueError: If one cannot be applied to this model.
        """
        setup = self
        for change in changes:
            setup = APPLY[change.setting](setup, change.value)
        return setup


def _with_config(
    change: Callable[[dict[str, Any], Any], None], *, keeps_weights: bool = True
) -> Any:  # noqa: ANN401
    def apply(setup: Setup, value: Any) -> Setup:  # noqa: ANN401
        if setup.config is None:
            raise ValueError("The model cannot say how it is made, so no copy can be changed.")
        config = copy.deepcopy(setup.config)
        change(config, value)
        return replace(setup, config=config, own_weights=setup.own_weights and keeps_weights)

    return apply


def layers_of(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the layers of a model's configuration, those inside wrappers and models as well."""
    for layer in config.get("layers", ()):
        settings = layer.get("config") or {}
        if "layers" in settings:
            yield from layers_of(settings)
        else:
            yield layer
            if isinstance(inner := settings.get("layer"), dict):
                yield inner


def _output_layer(config: Mapping[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any]
    for layer in reversed(list(layers_of(config))):
        if layer["class_name"] in _CORES:
            return layer
    raise ValueError("The model has no layer that makes its output's numbers.")


def _set_output_activation(config: dict[str, Any], value: str) -> None:
    output = _output_layer(config)
    output["config"]["activation"] = value
    layers = list(layers_of(config))
    for layer in layers[layers.index(output) + 1 :]:
        if layer["class_name"] in _OUTPUTS_OF:
            name = layer["config"].get("name")
            layer["class_name"], layer["config"] = (
                "Activation",
                {"name": name, "activation": "linear"},
            )


def _set_output_units(config: dict[str, Any], value: int) -> None:
    settings = _output_layer(config)["config"]
    settings["filters" if "filters" in settings else "units"] = value


def _set_activation(config: dict[str, Any], value: Mapping[str, str]) -> None:
    """Give hidden layers with one activation another one."""
    output = _output_layer(config)
    for layer in layers_of(config):
        settings = layer["config"]
        if layer is output:
            continue
        if layer["class_name"] in _CORES and settings.get("activation") == value["from"]:
            settings["activation"] = value["to"]
        elif layer["class_name"] == "ReLU" and value["from"] == "relu":
            layer["class_name"] = "Activation"
            layer["config"] = {"name": settings.get("name"), "activation": value["to"]}


def _set_initializer(config: dict[str, Any], value: str) -> None:
    for layer in layers_of(config):
        for name in ("kernel_initializer", "recurrent_initializer", "bias_initializer"):
            if name in layer["config"]:
                which = "Zeros" if name.startswith("bias") else value
                layer["config"][name] = {"class_name": which, "config": {}}


def _set_trainable(config: dict[str, Any], value: bool) -> None:
    for layer in (*config.get("layers", ()), *layers_of(config)):
        if "trainable" in (layer.get("config") or {}):
            layer["config"]["trainable"] = value


def _set_rate(config: dict[str, Any], value: float) -> None:
    for layer in layers_of(config):
        for name in ("rate", "dropout", "recurrent_dropout", "stddev"):
            if isinstance(layer["config"].get(name), int | float):
                layer["config"][name] = value


def _set_regularizers(config: dict[str, Any], value: None) -> None:
    for layer in layers_of(config):
        for name in [name for name in layer["config"] if name.endswith("_regularizer")]:
            layer["config"][name] = value


def _widen(config: dict[str, Any], times: int) -> None:
    output = _output_layer(config)
    for layer in layers_of(config):
        if layer is not output and layer["class_name"] in _CORES:
            size = "filters" if "filters" in layer["config"] else "units"
            layer["config"][size] *= times


def _set_momentum(config: dict[str, Any], value: float) -> None:
    for layer in layers_of(config):
        if layer["class_name"] == "BatchNormalization":
            layer["config"]["momentum"] = value


def _set_rate_of_learning(setup: Setup, value: float) -> Setup:
    optimizer = copy.deepcopy(setup.optimizer)
    optimizer["config"]["learning_rate"] = value
    return replace(setup, optimizer=optimizer)


def _set_optimizer(setup: Setup, value: str) -> Setup:
    import keras

    return replace(setup, optimizer=keras.optimizers.serialize(keras.optimizers.get(value)))


def standardised(values: AnyArray) -> AnyArray:
    """Return an array with mean 0 and standard deviation 1 per column; constants become 0."""
    values = np.asarray(values)
    axes = tuple(range(values.ndim - 1)) if values.ndim > 1 else (0,)
    mean, std = values.mean(axes, dtype=float), values.std(axes, dtype=float)
    scaled = (values - mean) / np.where(std > 0, std, 1.0)
    dtype = values.dtype if values.dtype.kind == "f" else np.dtype("float32")
    return np.asarray(scaled, dtype)


def _scale_inputs(setup: Setup, _value: str) -> Setup:
    import keras

    return replace(setup, x=keras.tree.map_structure(standardised, setup.x))


def _relabel(setup: Setup, value: str) -> Setup:
    y = np.asarray(setup.y)
    if value == "one_hot":
        numbers = y.reshape(y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape).astype(
            int
        )
        return replace(setup, y=np.eye(int(numbers.max()) + 1, dtype="float32")[numbers])
    if value == "from_zero":
        return replace(setup, y=(y - y.min()).astype(y.dtype))
    if value == "column":
        return replace(setup, y=y.reshape(len(y), -1))
    raise ValueError(f"There is no way of labelling called {value!r}.")


def _keep_samples(setup: Setup, places: list[int]) -> Setup:
    import keras

    x = keras.tree.map_structure(lambda part: np.asarray(part)[places], setup.x)
    return replace(setup, x=x, y=np.asarray(setup.y)[places])


def _label_like_first(setup: Setup, groups: list[list[int]]) -> Setup:
    y = np.array(setup.y)
    for first, *others in groups:
        y[others] = y[first]
    return replace(setup, y=y)


Apply = Callable[[Setup, Any], Setup]
APPLY: Mapping[str, Apply] = MappingProxyType(
    {
        "inputs": _scale_inputs,
        "targets": lambda setup, _: replace(setup, y=standardised(setup.y)),
        "samples": _keep_samples,
        "labels": _relabel,
        "labels.like_first": _label_like_first,
        "epochs": lambda setup, value: replace(setup, epochs=value),
        "loss": lambda setup, value: replace(setup, loss=value),
        "optimizer": _set_optimizer,
        "optimizer.learning_rate": _set_rate_of_learning,
        "output.activation": _with_config(_set_output_activation),
        "output.units": _with_config(_set_output_units, keeps_weights=False),
        "layers.activation": _with_config(_set_activation),
        "layers.kernel_initializer": _with_config(_set_initializer, keeps_weights=False),
        "layers.trainable": _with_config(_set_trainable),
        "layers.rate": _with_config(_set_rate),
        "layers.regularizer": _with_config(_set_regularizers),
        "layers.times": _with_config(_widen, keeps_weights=False),
        "batch_normalization.momentum": _with_config(_set_momentum),
    }
)
"""What a change can set."""


def setup_of(model: keras.Model, x: Arrays, y: AnyArray, epochs: int) -> Setup:
    """Return what a run of a model on a batch is made of."""
    import keras

    try:
        config = _without_shapes(copy.deepcopy(model.get_config()))
    except (NotImplementedError, TypeError, ValueError):
        config = None
    if config is not None and "layers" not in config:
        config = None
    optimizer = keras.optimizers.serialize(model.optimizer)
    return Setup(config, optimizer, model.loss, x, y, epochs)


def _without_shapes(value: Any) -> Any:  # noqa: ANN401
    """Leave out what a layer was built with: a change may give it another shape."""
    if isinstance(value, dict):
        return {k: _without_shapes(v) for k, v in value.items() if k != "build_config"}
    if isinstance(value, list | tuple):
        return type(value)(_without_shapes(v) for v in value)
    return value
