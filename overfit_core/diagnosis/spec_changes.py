"""Changes of a spec: what `changes.APPLY` does to a Keras program, done to settings.

A fix that a check of a spec has found becomes an ordinary run with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from overfit_core.batches import SOURCES
from overfit_core.diagnosis.spec_batch import contradicts_itself
from overfit_core.errors import SpecError
from overfit_core.models.catalogue import INITIALIZERS
from overfit_core.models.layers import Attention
from overfit_core.models.shapes import trace_shapes
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.spec import BatchSpec, ModelSpec, RunSpec

if TYPE_CHECKING:
    from overfit_core.diagnosis.facts import Change

Data = dict[str, Any]
"""A spec as data, which is changed in place."""

CONSTANT = ("zeros", "ones")
"""Initialisers that draw nothing."""
RECURRENT = "orthogonal"
"""How kernels from state to state are drawn where nobody says it."""


def with_changes(spec: RunSpec, changes: Sequence[Change]) -> RunSpec:
    """Return a spec with changes applied, one after the other.

    The weights start where the spec's training seed draws them; a check's trial with new
    initialisers drew others. Samples that repeated others get inputs of their own again, where the
    trial gave them the labels of those.

    Args:
        spec: The spec; stays as it is.
        changes: What to change, such as those of a `Fix`.

    Raises:
        ValueError: If a spec has no such setting, or the changed one is no valid spec.
    """
    data = spec.model_dump(mode="json")
    for change in changes:
        if change.setting not in APPLY_TO_SPEC:
            raise ValueError(
                f"The change {change.setting!r} ({change.text}) cannot be made here: a spec has no "
                "such setting. Make it in a Keras program."
            )
        APPLY_TO_SPEC[change.setting](data, change.value)
    try:
        return RunSpec.load(data)
    except SpecError as error:
        raise ValueError(str(error)) from None


def applicable(spec: RunSpec, changes: Sequence[Change]) -> bool:
    """Tell whether a spec can be changed so."""
    try:
        with_changes(spec, changes)
    except ValueError:
        return False
    return True


def _layers_with(data: Data, *names: str) -> Iterator[tuple[Data, str]]:
    """Yield each layer together with each of the settings that it has."""
    for layer in data["model"]["layers"]:
        yield from ((layer, name) for name in names if name in layer)


def _set(*path: str) -> Callable[[Data, Any], None]:
    def apply(data: Data, value: Any) -> None:  # noqa: ANN401
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = value

    return apply


def _scale_inputs(data: Data, _value: str) -> None:
    data["batch"]["scaling"] = "standard"


def _set_optimizer(data: Data, value: str) -> None:
    """Take another optimizer as Keras makes it from its name, in capitals or not."""
    names = {name.lower(): name for name in OPTIMIZERS}
    data["optimizer"] = {"name": names.get(value.lower(), value)}


def _set_rate_of_learning(data: Data, value: float) -> None:
    data["optimizer"] |= {"learning_rate": value, "schedule": {"kind": "constant"}}


def _one_unit_per_class(data: Data, value: int) -> None:
    data["model"]["head"] |= {"units": value, "activation": "softmax"}
    data["model"]["loss"] = "sparse_categorical_crossentropy"


def _several_labels(data: Data, _value: None) -> None:
    data["model"]["head"]["activation"] = "sigmoid"
    data["model"]["loss"] = "binary_crossentropy"


def _set_activation(data: Data, value: Mapping[str, str]) -> None:
    """Give hidden layers with one activation another one; activation layers stay, as in Keras."""
    for layer, name in _layers_with(data, "activation"):
        if layer["kind"] != "activation" and layer[name] == value["from"]:
            layer[name] = value["to"]


def _set_initializer(data: Data, value: str) -> None:
    """Draw every kernel in one way, the head's too, with biases of zero.

    Kernels from state to state are left as they are, unless all their numbers are the same.
    """
    initializer = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).lower()
    if initializer not in INITIALIZERS:
        raise ValueError(f"A spec has no initialiser called {value!r}.")
    values = {
        "kernel_initializer": initializer,
        "kernel_stddev": None,
        "initial_bias": 0.0,
    }
    for layer, name in _layers_with(data, *values):
        layer[name] = values[name]
    for layer, name in _layers_with(data, "recurrent_initializer"):
        if layer[name] in CONSTANT:
            layer[name] = RECURRENT
    data["model"]["head"]["kernel_initializer"] = initializer


def _set_rate(data: Data, value: float) -> None:
    recurrent = [layer["kind"] for layer, _ in _layers_with(data, "recurrent_initializer")]
    if value and recurrent:
        raise ValueError(f"A layer {recurrent[0]} of a spec has no dropout; it cannot be {value}.")
    for layer, name in _layers_with(data, "rate", "dropout"):
        layer[name] = value


def _set_regularizers(data: Data, value: None) -> None:
    if value is not None:
        raise ValueError("Penalties of a spec's layers can be left out, not exchanged for another.")
    for layer, name in _layers_with(data, "l1", "l2"):
        layer[name] = 0.0


def _widen(data: Data, times: int) -> None:
    """Multiply units and filters of the hidden layers; attention heads keep their size."""
    layers = ModelSpec.model_validate(data["model"]).layers
    batch = BatchSpec.model_validate(data["batch"])
    shapes = trace_shapes(layers, SOURCES[batch.source].shape(batch).inputs)
    for place, (layer, shape) in enumerate(zip(layers, shapes, strict=False)):
        if isinstance(layer, Attention):
            key_dim, hidden = layer.sizes(shape[-1])
            sizes = {"key_dim": key_dim, "feed_forward_units": hidden * times}
            data["model"]["layers"][place] |= sizes
    for setting, name in _layers_with(data, "units", "filters"):
        setting[name] *= times


def _set_momentum(data: Data, value: float) -> None:
    for layer, name in _layers_with(data, "momentum"):
        layer[name] = value


def _set_trainable(data: Data, value: bool) -> None:
    for layer, name in _layers_with(data, "trainable"):
        layer[name] = value
    data["model"]["head"]["trainable"] = value


def _let_none_repeat(data: Data, groups: Sequence[Sequence[int]]) -> None:
    """Take the contradictions away that the settings ask for, if there are no others."""
    batch = BatchSpec.model_validate(data["batch"])
    if not batch.contradictions or contradicts_itself(batch, groups, data["training"]["dtype"]):
        raise ValueError(
            "Labels of a spec cannot be set: the source or label noise gives equal samples "
            "different labels. Take another sample seed, or less label noise."
        )
    data["batch"]["contradictions"] = 0


APPLY_TO_SPEC: Mapping[str, Callable[[Data, Any], None]] = MappingProxyType(
    {
        "inputs": _scale_inputs,
        "epochs": _set("training", "epochs"),
        "loss": _set("model", "loss"),
        "optimizer": _set_optimizer,
        "optimizer.learning_rate": _set_rate_of_learning,
        "output.classes": _one_unit_per_class,
        "output.several_labels": _several_labels,
        "output.activation": _set("model", "head", "activation"),
        "output.units": _set("model", "head", "units"),
        "labels.like_first": _let_none_repeat,
        "layers.activation": _set_activation,
        "layers.kernel_initializer": _set_initializer,
        "layers.trainable": _set_trainable,
        "layers.rate": _set_rate,
        "layers.regularizer": _set_regularizers,
        "layers.times": _widen,
        "batch_normalization.momentum": _set_momentum,
    }
)
"""What a change can set in a spec."""
