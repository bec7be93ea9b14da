"""Changes of a model's configuration, and the names under which layers keep what is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CORES = frozenset(
    {"Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU", "EinsumDense"}
)
"""Layers with a kernel that make numbers of their own: hidden layers, and outputs."""
RATES = ("rate", "dropout", "recurrent_dropout", "stddev")
"""Settings that say how much a layer leaves out or adds at random."""
REGULARIZERS = tuple(
    f"{of}_regularizer"
    for of in (
        "kernel", "recurrent", "bias", "activity", "embeddings", "depthwise", "pointwise",
        "gamma", "beta", "alpha",
    )
)  # fmt: skip
"""Settings that put a penalty on weights or outputs."""
CONSTANT = frozenset({"Zeros", "Ones", "Constant"})
"""Initialisers that draw nothing."""
RECURRENT = "Orthogonal"
"""How Keras draws the kernels from state to state."""

_OUTPUTS_OF = frozenset({"Softmax", "ReLU", "LeakyReLU", "Activation"})

Config = dict[str, Any]


class Ends(NamedTuple):
    """The layers that make a model's outputs.

    Attributes:
        every: Their names; None for an output that no single layer makes.
        changed: The one whose output is changed.
        behind: Names of the layers behind that one; None for all that stand behind it.
    """

    every: tuple[str | None, ...]
    changed: str | None
    behind: frozenset[str] | None = None


def layers_of(config: Mapping[str, Any]) -> Iterator[Config]:
    """Yield the layers of a model's configuration, those inside wrappers and models as well."""
    for layer in config.get("layers", ()):
        settings = layer.get("config") or {}
        if "layers" in settings:
            yield from layers_of(settings)
            continue
        yield layer
        for name in ("layer", "backward_layer"):
            if isinstance(inner := settings.get(name), dict):
                yield inner


def set_output_activation(config: Config, value: str, ends: Ends) -> None:
    """Give the output another activation, and take away those behind it."""
    found = _output_layer(config, ends.changed)
    found["config"]["activation"] = value
    behind = False
    for layer in layers_of(config):
        own = ends.behind is None or layer["config"].get("name") in ends.behind
        if behind and own and layer["class_name"] in _OUTPUTS_OF:
            _become_activation(layer, "linear")
        behind = behind or layer is found


def set_output_units(config: Config, value: int, ends: Ends) -> None:
    """Give the output another number of units or filters."""
    found = _output_layer(config, ends.changed)
    found["config"][_size(found)] = value


def set_activation(config: Config, value: Mapping[str, str], ends: Ends) -> None:
    """Give hidden layers with one activation another one."""
    for layer in _hidden(config, ends):
        if layer["class_name"] == "ReLU" and value["from"] == "relu":
            _become_activation(layer, value["to"])
        elif layer["class_name"] in CORES and layer["config"].get("activation") == value["from"]:
            layer["config"]["activation"] = value["to"]


def set_initializer(config: Config, value: str, _ends: Ends) -> None:
    """Draw kernels in another way, with biases of zero.

    Kernels from state to state are left as they are, unless all their numbers are the same.
    """
    for layer in layers_of(config):
        settings = layer["config"]
        if "kernel_initializer" in settings:
            settings["kernel_initializer"] = _initializer(value)
        if "bias_initializer" in settings:
            settings["bias_initializer"] = _initializer("Zeros")
        recurrent = settings.get("recurrent_initializer")
        if isinstance(recurrent, dict) and recurrent.get("class_name") in CONSTANT:
            settings["recurrent_initializer"] = _initializer(RECURRENT)


def set_trainable(config: Config, value: bool, _ends: Ends) -> None:
    """Let all layers be trained, or none."""
    for layer in (*config.get("layers", ()), *layers_of(config)):
        if "trainable" in (layer.get("config") or {}):
            layer["config"]["trainable"] = value


def set_rate(config: Config, value: float, _ends: Ends) -> None:
    """Set how much every layer leaves out or adds at random."""
    for layer in layers_of(config):
        for name in RATES:
            if isinstance(layer["config"].get(name), int | float):
                layer["config"][name] = value


def set_regularizers(config: Config, value: None, _ends: Ends) -> None:
    """Set every penalty on weights and outputs."""
    for layer in layers_of(config):
        for name in REGULARIZERS:
            if name in layer["config"]:
                layer["config"][name] = value
        if layer["class_name"] == "ActivityRegularization":
            layer["config"] |= {"l1": 0.0, "l2": 0.0}


def widen(config: Config, times: int, ends: Ends) -> None:
    """Multiply units and filters of the hidden layers."""
    for layer in _hidden(config, ends):
        if layer["class_name"] in CORES and {"units", "filters"} & set(layer["config"]):
            layer["config"][_size(layer)] *= times


def set_momentum(config: Config, value: float, _ends: Ends) -> None:
    """Set how slowly the averages of batch normalisation follow."""
    for layer in layers_of(config):
        if layer["class_name"] == "BatchNormalization":
            layer["config"]["momentum"] = value


def _output_layer(config: Config, output: str | None) -> Config:
    """Return the layer that makes the output's numbers, by its name."""
    for layer in reversed(list(layers_of(config))):
        if output is not None and layer["config"].get("name") == output:
            inner = layer["config"].get("layer")
            return inner if isinstance(inner, dict) else layer
    raise ValueError("The model has no layer that makes its output's numbers.")


def _hidden(config: Config, ends: Ends) -> list[Config]:
    last = [_output_layer(config, output) for output in ends.every]
    return [layer for layer in layers_of(config) if not any(layer is one for one in last)]


def _size(layer: Config) -> str:
    """Return the setting that says how many numbers a layer makes."""
    for name in ("filters", "units"):
        if name in layer["config"]:
            return name
    raise ValueError(f"A layer {layer['class_name']} has no number of units.")


def _become_activation(layer: Config, activation: str) -> None:
    name = layer["config"].get("name")
    layer["class_name"] = "Activation"
    layer["config"] = {"name": name, "activation": activation}


def _initializer(name: str) -> Config:
    return {"class_name": name, "config": {}}
