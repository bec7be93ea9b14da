"""Changes of a program, each applied to a copy of everything that a run is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from overfit_core.diagnosis.batch_changes import (
    keep_samples,
    label_like_first,
    relabel,
    scale_inputs,
    scale_targets,
)
from overfit_core.diagnosis.copying import CopyError, config_of, unlinked
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.graph_facts import UNKNOWN, Output, outputs_of
from overfit_core.diagnosis.heads import Heads
from overfit_core.diagnosis.layer_changes import (
    Ends,
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
from overfit_core.diagnosis.optimizing import with_rate
from overfit_core.diagnosis.padding import Padding, padding_of
from overfit_core.diagnosis.scaling import token_inputs
from overfit_core.training.types import AnyArray, Arrays, BoolArray

__all__ = ["APPLY", "Setup", "layers_of", "setup_of"]

if TYPE_CHECKING:
    import keras


Apply = Callable[["Setup", Any], "Setup"]


@dataclass(frozen=True)
class Setup:
    """What a run is made of; copied, never changed.

    Attributes:
        config: The model's configuration; None for a model that cannot say how it is made.
        optimizer: The optimizer, serialised.
        loss: As it was given to ``compile``.
        x: Inputs as the model takes them.
        y: Labels; of several outputs, nested as they are.
        epochs: How long it trains.
        own_weights: Whether the model's own initial weights still fit it.
        edited: Whether the configuration is another one than the model's own.
        loss_weights: As they were given to ``compile``.
        ends: How each output comes about.
        tokens: Names of the inputs that hold token ids; see ``scaling.token_inputs``.
        padding: What padded steps of the inputs hold, by name; see ``padding.padding_of``.
        masks: By output: which steps of its labels count, shape ``(samples, steps)``; None where
            all do.
        heads: The outputs, where there are several; None for a single array.
        place: Which output is changed.
    """

    config: dict[str, Any] | None
    optimizer: dict[str, Any]
    loss: Any
    x: Arrays
    y: Arrays
    epochs: int
    own_weights: bool = True
    edited: bool = False
    loss_weights: Any = None
    ends: tuple[Output, ...] = (Output(None, UNKNOWN),)
    tokens: frozenset[str] = frozenset()
    padding: Padding = field(default_factory=dict)
    masks: tuple[BoolArray | None, ...] = (None,)
    heads: Heads | None = None
    place: int = 0

    @property
    def parts(self) -> list[tuple[AnyArray, Any]]:
        """Labels and loss of each output."""
        import keras

        if self.heads is None:
            return [(self.y, self.loss)]
        losses = self.heads.each(self.loss)
        return list(zip(keras.tree.flatten(self.y), losses, strict=True))

    @property
    def layers(self) -> Ends:
        """The layers that make the outputs."""
        end = self.ends[self.place]
        return Ends(tuple(one.name for one in self.ends), end.name, end.behind)

    def changed(self, *changes: Change) -> Setup:
        """Return a copy with changes applied, one after the other.

        Raises:
            ValueError: If there is no such thing in this model.
            CopyError: If the model cannot be copied, so that it cannot be changed.
        """
        setup = self
        for change in changes:
            apply = APPLY[change.setting]
            if change.of_output and setup.heads is not None:
                setup = setup._changed_at(change.output, setup.heads, apply, change.value)
            else:
                setup = apply(setup, change.value)
        return setup

    def _changed_at(self, output: str, heads: Heads, apply: Apply, value: Any) -> Setup:  # noqa: ANN401
        """Apply a change to one of several outputs, as if there were no other."""
        place, parts = heads.names.index(output), self.parts
        before = replace(self, place=place, y=parts[place][0], loss=parts[place][1])
        after = apply(before, value)
        y, loss, weights = self.y, self.loss, self.loss_weights
        parts[place] = (after.y, after.loss)
        if after.y is not before.y:
            y = heads.packed([one for one, _ in parts])
        if after.loss is not before.loss:
            loss = heads.packed([one for _, one in parts])
            weights = None if weights is None else heads.packed(heads.each(weights))
        return replace(after, place=0, y=y, loss=loss, loss_weights=weights)


def _with_config(
    change: Callable[[dict[str, Any], Any, Ends], None], *, keeps_weights: bool = True
) -> Apply:
    def apply(setup: Setup, value: Any) -> Setup:  # noqa: ANN401
        if setup.config is None:
            raise CopyError("The model cannot say how it is made, so no copy of it can be changed.")
        config = unlinked(setup.config)
        change(config, value, setup.layers)
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


def _several_labels(setup: Setup, _value: None) -> Setup:
    return replace(APPLY["output.activation"](setup, "sigmoid"), loss="binary_crossentropy")


APPLY: Mapping[str, Apply] = MappingProxyType(
    {
        "inputs": scale_inputs,
        "targets": scale_targets,
        "samples": keep_samples,
        "labels": relabel,
        "labels.like_first": label_like_first,
        "epochs": lambda setup, value: replace(setup, epochs=value),
        "loss": lambda setup, value: replace(setup, loss=value),
        "optimizer": _set_optimizer,
        "optimizer.learning_rate": _set_rate_of_learning,
        "output.classes": _one_unit_per_class,
        "output.several_labels": _several_labels,
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


def setup_of(model: keras.Model, x: Arrays, y: Arrays, epochs: int) -> Setup:
    """Return what a run of a model on a batch is made of."""
    import keras

    try:
        optimizer = keras.optimizers.serialize(model.optimizer)
    except Exception:  # an optimizer of the caller's own; a trial will say why
        optimizer = {}
    outputs = len(getattr(model, "outputs", None) or [0])
    return Setup(
        config_of(model),
        optimizer,
        model.loss,
        x,
        y,
        epochs,
        loss_weights=model._compile_config.config.get("loss_weights"),
        ends=tuple(outputs_of(model, outputs)),
        tokens=token_inputs(model),
        padding=padding_of(model),
    )
