"""What can be read off a Keras model before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis import graph_facts
from overfit_core.diagnosis.heads import Heads
from overfit_core.diagnosis.layer_changes import CORES
from overfit_core.diagnosis.layer_facts import LayerFacts, flat, layer_facts
from overfit_core.diagnosis.masks import mask_of
from overfit_core.diagnosis.optimizing import as_written, has_schedule
from overfit_core.diagnosis.padding import Padding, padding_of
from overfit_core.diagnosis.scaling import token_inputs
from overfit_core.errors import ModelError
from overfit_core.training.twins import inner_of
from overfit_core.training.types import Arrays, BoolArray

if TYPE_CHECKING:
    import keras

__all__ = ["LayerFacts", "LossSettings", "ModelFacts", "loss_name", "read_model", "read_outputs"]


@dataclass(frozen=True)
class LossSettings:
    """How a loss is set, as far as its smallest value depends on it.

    Attributes:
        label_smoothing: Share of each label that is spread over all classes, 0 to 1.
        reduction: ``sum`` adds the samples' losses up; anything else takes their mean.
    """

    label_smoothing: float = 0.0
    reduction: str = "sum_over_batch_size"


@dataclass(frozen=True)
class ModelFacts:
    """The model, read.

    Attributes:
        layers: From the input to the output.
        output: The layer that makes the output's numbers.
        output_activation: What they go through; ``linear`` for nothing, ``unknown`` where no
            graph tells it.
        output_shape: Without the samples, as it is for this batch.
        loss: Keras's name of the loss.
        loss_label: What it is called in code: ``loss``, or ``loss['price']`` of several outputs.
        from_logits: Whether the loss takes logits.
        optimizer: Class name of what takes the steps.
        learning_rate: Where it starts.
        kernels: Standard deviation of each layer's kernel at the start, by layer.
        trainable: How many numbers are trained.
        scheduled: Whether the learning rate follows a schedule.
        tokens: Names of the inputs that hold token ids; see ``scaling.token_inputs``.
        padding: What padded steps of the inputs hold, by name; see ``padding.padding_of``.
        loss_settings: How the loss is set.
        mask: Which steps of this batch the output counts, shape ``(samples, steps)``; None where
            it counts all.
        ends: Names of the layers that make the outputs: of several, of all.
        transparent: Whether ``layers`` are all that it does: there is a graph of Keras's own
            layers, and of operations that are linear.
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
    scheduled: bool = False
    tokens: frozenset[str] = frozenset()
    padding: Padding = field(default_factory=dict)
    loss_settings: LossSettings = LossSettings()
    transparent: bool = True
    ends: frozenset[str] = frozenset()
    loss_label: str = "loss"
    mask: BoolArray | None = field(default=None, repr=False, compare=False)

    @property
    def hidden(self) -> tuple[LayerFacts, ...]:
        """The layers with a kernel that come before the output."""
        return tuple(
            one
            for one in self.layers
            if one.kind in CORES and one is not self.output and one.name not in self.ends
        )

    @property
    def units(self) -> int:
        """Length of the output's last axis."""
        return self.output_shape[-1] if self.output_shape else 1

    def layer(self, name: str) -> LayerFacts:
        """Return the layer of this name."""
        return next(one for one in self.layers if one.name == name)


def read_model(model: keras.Model, x: Arrays) -> ModelFacts:
    """Read a model with one output; see ``read_outputs``."""
    return read_outputs(model, x)[1][0]


def read_outputs(model: keras.Model, x: Arrays) -> tuple[Heads | None, list[ModelFacts]]:
    """Read a built, compiled model once for each of its outputs; it is not changed.

    Args:
        model: The model.
        x: Inputs, which its output is shown by: the length of a sequence stands nowhere else.

    Returns:
        The outputs, None where the model returns a single array; and the facts of each.

    Raises:
        Exception: What Keras raises, if the model neither takes the inputs nor says its shape.
        ModelError: If its losses are not those of its outputs.
    """
    import keras

    shown = _shown(model, x)
    heads = None if isinstance(shown, _Shown) else Heads.of(model, shown)
    losses = [_only(model.loss)] if heads is None else heads.each(model.loss)
    made = graph_facts.outputs_of(model, len(losses))
    layers = tuple(layer_facts(layer) for layer in flat(model))
    whole = ModelFacts(
        layers=layers,
        output=None,
        output_activation=graph_facts.UNKNOWN,
        output_shape=(),
        loss="",
        from_logits=False,
        optimizer=type(inner_of(model.optimizer)).__name__,
        learning_rate=as_written(float(np.asarray(model.optimizer.learning_rate))),
        kernels=dict(_kernels(model)),
        trainable=int(sum(np.prod(v.shape) for v in model.trainable_variables)),
        scheduled=has_schedule(model.optimizer),
        tokens=token_inputs(model),
        padding=padding_of(model),
        transparent=graph_facts.is_transparent(model),
        ends=frozenset(one.name for one in made if one.name is not None),
    )
    return heads, [
        replace(
            whole,
            output=next((layer for layer in layers if layer.name == one.name), None),
            output_activation=one.activation,
            output_shape=its.shape,
            loss=loss_name(loss),
            loss_label="loss" if heads is None else f"loss{heads.called(model.loss, place)}",
            from_logits=_from_logits(loss),
            loss_settings=_loss_settings(loss),
            mask=its.mask,
        )
        for place, (one, its, loss) in enumerate(
            zip(made, keras.tree.flatten(shown), losses, strict=True)
        )
    ]


def why_unread(error: Exception) -> str:
    """Return an error of reading as one text: our own as it is, another one's with its kind."""
    if isinstance(error, ModelError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"The model cannot be read: {type(error).__name__}: {' '.join(lines[:3])}"


@dataclass(frozen=True)
class _Shown:
    """The shape of an output, without the samples, and which steps of it count."""

    shape: tuple[int, ...]
    mask: BoolArray | None


def _shown(model: keras.Model, x: Arrays) -> Any:  # noqa: ANN401  # nested as the outputs are
    """Look at a real output, or at the declared shape where the model cannot take ``x``."""
    import keras

    mode = {"training": False} if model._call_has_training_arg else {}
    weights = model.trainable_variables, model.non_trainable_variables
    try:
        # Stateless: not even a recurrent layer that remembers is changed.
        outputs, _ = model.stateless_call(*weights, x, **mode)
    except Exception:
        # What is wrong, the training run will say.
        declared = getattr(model, "output_shape", None)
        if declared is None:
            raise
        return keras.tree.map_shape_structure(_declared, declared)
    return keras.tree.map_structure(
        lambda output: _Shown(tuple(int(n) for n in output.shape[1:]), mask_of(output)), outputs
    )


def _declared(shape: tuple[int | None, ...]) -> _Shown:
    return _Shown(tuple(int(n or 1) for n in shape[1:]), None)


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


def _only(loss: Any) -> Any:  # noqa: ANN401
    """Return the loss of the one output, which may be given by its name or in a list."""
    if isinstance(loss, dict) and len(loss) == 1:
        return next(iter(loss.values()))
    return loss[0] if isinstance(loss, list | tuple) and len(loss) == 1 else loss


def _from_logits(loss: Any) -> bool:  # noqa: ANN401
    return bool(_loss_setting(loss, "from_logits", False))


def _loss_settings(loss: Any) -> LossSettings:  # noqa: ANN401
    reduction = getattr(loss, "reduction", None) or LossSettings.reduction
    return LossSettings(float(_loss_setting(loss, "label_smoothing", 0.0) or 0.0), str(reduction))


def _loss_setting(loss: Any, name: str, default: Any) -> Any:  # noqa: ANN401
    settings = getattr(loss, "_fn_kwargs", {}) or {}
    return getattr(loss, name, settings.get(name, default))


def _kernels(model: keras.Model) -> Iterator[tuple[str, float]]:
    for layer in flat(model):
        kernel = getattr(getattr(layer, "layer", layer), "kernel", None)
        if kernel is not None:
            yield layer.name, float(np.std(np.asarray(kernel)))
