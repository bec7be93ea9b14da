"""One pass through a Keras model inside a trace, with weights given as tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overfit_core.training.types import Arrays, Tensor

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Pass:
    """What one pass gave; all tensors are symbolic.

    Attributes:
        prediction: The model's output.
        loss: Total loss with penalties, a scalar.
        metrics: Compiled metrics by name, scalars.
        others: The non-trainable variables after the pass (moving statistics, seeds).
        outputs: Output of each layer by name, as far as they were asked for.
    """

    prediction: Arrays
    loss: Tensor
    metrics: dict[str, Tensor]
    others: list[Tensor]
    outputs: dict[str, Tensor]


def forward(
    model: keras.Model,
    weights: Sequence[Tensor],
    others: Sequence[Tensor],
    data: tuple[Arrays, Arrays, Arrays],
    *,
    training: bool,
    watch: Sequence[str] = (),
) -> Pass:
    """Run the model, its loss and its metrics as Keras's own train and test steps do.

    Args:
        model: A compiled model; its variables are not touched.
        weights: Values for ``model.trainable_variables``.
        others: Values for ``model.non_trainable_variables``.
        data: ``(x, y, sample weight or None)``.
        training: Training or inference mode.
        watch: Names of layers whose output is wanted.
    """
    from keras.src.backend import StatelessScope

    variables = [*model.trainable_variables, *model.non_trainable_variables]
    values = [*weights, *others]
    x, y, sample_weight = data
    mode = {"training": training} if model._call_has_training_arg else {}
    mapping = list(zip(variables, values, strict=True))
    with StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
        # First: layers, and a loss with several outputs, keep metrics of their own on the way.
        for metric in model.metrics:
            metric.reset_state()
        with _watched(model, watch) as outputs:
            prediction = model(x, **mode)
        loss = model.compute_loss(x, y, prediction, sample_weight, training=training)
        metrics = model.compute_metrics(x, y, prediction, sample_weight=sample_weight)
    after = [scope.get_current_value(v) for v in model.non_trainable_variables]
    metrics = {name: value for name, value in metrics.items() if name != "loss"}
    return Pass(prediction, loss, metrics, after, outputs)


@contextmanager
def _watched(model: keras.Model, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Note what the named layers give while the model is called."""
    outputs: dict[str, Tensor] = {}
    layers = [model.get_layer(name) for name in names]

    def noting(layer: keras.Layer) -> Callable[..., Arrays]:
        call = layer.call

        def noted(*args: Arrays, **kwargs: Arrays) -> Arrays:
            outputs[layer.name] = call(*args, **kwargs)
            return outputs[layer.name]

        return noted

    for layer in layers:
        object.__setattr__(layer, "call", noting(layer))
    try:
        yield outputs
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
