"""Euclidean norms per layer: of the gradient, of the weights, and of the relative update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overfit_core.training.probes.base import Step
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras


class _Norm:
    """A norm over all trainable weights of each layer that has some."""

    name: str
    watched: tuple[str, ...] = ()

    def __init__(self, model: keras.Model) -> None:
        """Take every layer that has trainable weights."""
        self.layers = tuple(weights_by_layer(model))

    @property
    def columns(self) -> tuple[str, ...]:
        """One column for each layer with trainable weights."""
        return tuple(f"{self.name}/{layer}" for layer in self.layers)


class GradientNorm(_Norm):
    """‖∂loss/∂w‖ of each layer, before clipping."""

    name = "gradient_norm"

    def measure(self, step: Step) -> Tensor:
        """Return the norms, in units of loss per unit of weight."""
        return step.gradient_norms


class WeightNorm(_Norm):
    """‖w‖ of each layer, before the epoch's update."""

    name = "weight_norm"

    def measure(self, step: Step) -> Tensor:
        """Return the norms, in units of weight."""
        return step.weight_norms


class UpdateRatio(_Norm):
    """‖Δw‖ / ‖w‖ of each layer: how far one update moves it. Around 1e-3 is usual."""

    name = "update_ratio"

    def measure(self, step: Step) -> Tensor:
        """Return the ratios, without unit; 0 for weights that are all zero and stay so."""
        import tensorflow as tf

        return tf.math.divide_no_nan(step.update_norms, step.weight_norms)


def weights_by_layer(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """Return the trainable weights under the name of the outermost layer that holds them.

    Those that a model of the caller's own holds itself come last, under its name.
    """
    seen: set[int] = set()
    found: dict[str, list[keras.Variable]] = {}
    for layer in model.layers:
        own = [v for v in layer.trainable_variables if id(v) not in seen]
        seen.update(id(v) for v in own)
        if own:
            found[layer.name] = own
    own = [v for v in model.trainable_variables if id(v) not in seen]
    return found | ({model.name: own} if own else {})
