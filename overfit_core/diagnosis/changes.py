"""Changes of a program, each applied to a copy of everything that a run is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.copying import CopyError, config_of, unlinked
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.layer_changes import (
    layers_of,
    set_activation,
    set_initializer,
    set_momentum,
    set_output_activation,
    set_output_units,
    set_rate,
    set_regularizers,
    set_trainable,
    widen,
)
from overfit_core.diagnosis.model_facts import output_of
from overfit_core.diagnosis.optimizing import with_rate
from overfit_core.diagnosis.scaling import standardised, token_inputs, without_tokens
from overfit_core.training.types import AnyArray, Arrays

__all__ = ["APPLY", "Setup", "layers_of", "setup_of"]

MOST_NUMBERS = 50_000_000
"""Labels are not written as one-hot rows where these would hold more."""

if TYPE_CHECKING:
    import keras


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
        edited: Whether the configuration is another one than the model's own.
        loss_weights: As they were given to ``compile``.
        output: Name of the layer that makes the output's numbers; None where there is none.
        tokens: Names of the inputs that hold token ids; see ``scaling.token_inputs``.
    """

    config: dict[str, Any] | None
    optimizer: dict[str, Any]
    loss: Any
    x: Arrays
    y: AnyArray
    epochs: int
    own_weights: bool = True
    edited: bool = False
    loss_weights: Any = None
    output: str | None = None
    tokens: frozenset[str] = frozenset()

    def changed(self, *changes: Change) -> Setup:
        """Return a copy with changes applied, one after the other.

        Raises:
            ValueError: If there is no such thing in this model.
            CopyError: If the model cannot be copied, so that it cannot be changed.
        """
        setup = self
        for change in changes:
            setup = APPLY[change.setting](setup, change.value)
        return setup


Apply = Callable[[Setup, Any], Setup]


def _with_config(
    change: Callable[[dict[str, Any], Any, str | None], None], *, keeps_weights: bool = True
) -> Apply:
    def apply(setup: Setup, value: Any) -> Setup:  # noqa: ANN401
        if setup.config is None:
            raise CopyError("The model cannot say how it is made, so no copy of it can be changed.")
        config = unlinked(setup.config)
        change(config, value, setup.output)
        own_weights = setup.own_weights and keeps_weights
        return replace(setup, config=config, own_weights=own_weights, edited=True)

    return apply


def _set_rate_of_learning(setup: Setup, value: float) -> Setup:
    return replace(setup, optimizer=with_rate(setup.optimizer, value))


def _set_optimizer(setup: Setup, value: str) -> Setup:
    import keras

    taken = keras.optimizers.serialize(keras.optimizers.get(value))
    if "inner_optimizer" in setup.optimizer["config"]:
        config = setup.optimizer["config"] | {"inner_optimizer": taken}
        taken = setup.optimizer | {"config": config}
    return replace(setup, optimizer=taken)


def _one_unit_per_class(setup: Setup, value: int) -> Setup:
    setup = APPLY["output.units"](setup, value)
    setup = APPLY["output.activation"](setup, "softmax")
    return replace(setup, loss="sparse_categorical_crossentropy")


def _scale_inputs(setup: Setup, _value: str) -> Setup:
    return replace(setup, x=without_tokens(setup.x, setup.tokens))


def _relabel(setup: Setup, value: str) -> Setup:
    y = np.asarray(setup.y)
    if value == "one_hot":
        numbers = y.reshape(y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape).astype(
            int
        )
        shape = (*numbers.shape, int(numbers.max()) + 1)
        if math.prod(shape) > MOST_NUMBERS:
            raise ValueError(
                f"As one-hot rows the labels would be {math.prod(shape):,} numbers; "
                f"the limit is {MOST_NUMBERS:,}."
            )
        rows = np.zeros(shape, "float32")
        np.put_along_axis(rows, numbers[..., None], 1.0, axis=-1)
        return replace(setup, y=rows)
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
        "output.classes": _one_unit_per_class,
        "output.activation": _with_config(set_output_activation),
        "output.units": _with_config(set_output_units, keeps_weights=False),
        "layers.activation": _with_config(set_activation),
        "layers.kernel_initializer": _with_config(set_initializer, keeps_weights=False),
        "layers.trainable": _with_config(set_trainable),
        "layers.rate": _with_config(set_rate),
        "layers.regularizer": _with_config(set_regularizers),
        "layers.times": _with_config(widen, keeps_weights=False),
        "batch_normalization.momentum": _with_config(set_momentum),
    }
)
"""What a change can set."""


def setup_of(model: keras.Model, x: Arrays, y: AnyArray, epochs: int) -> Setup:
    """Return what a run of a model on a batch is made of."""
    import keras

    try:
        optimizer = keras.optimizers.serialize(model.optimizer)
    except Exception:  # an optimizer of the caller's own; a trial will say why
        optimizer = {}
    return Setup(
        config_of(model),
        optimizer,
        model.loss,
        x,
        y,
        epochs,
        loss_weights=model._compile_config.config.get("loss_weights"),
        output=output_of(model),
        tokens=token_inputs(model),
    )
