"""Layers that keep the shape: dropout, normalisation, and an activation on its own."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Activation as ActivationName
from overfit_core.models.layers.base import BaseLayer, BuildContext, KerasTensor, Shape
from overfit_core.models.layers.weights import Trainable


class _KeepsShape(BaseLayer):
    keeps_shape: ClassVar[bool] = True

    def output_shape(self, shape: Shape) -> Shape:
        """The input's shape."""
        return shape


class Dropout(_KeepsShape):
    """Sets a random share of its inputs to 0 in training (Srivastava et al. 2014).

    What is kept is divided by (1 - rate), so that the sum stays the same on average. In inference
    nothing changes.
    """

    label: ClassVar[str] = "Dropout"
    meaning: ClassVar[str] = "Sets a random share of the inputs to 0 while training."

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(0.5, ge=0.0, lt=1.0, description="Share of the inputs that is set to 0.")

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Dropout with a seed of its own."""
        import keras

        seed = context.seed_for("dropout")
        return keras.layers.Dropout(self.rate, seed=seed, name=context.name, dtype=context.dtype)(
            inputs
        )


class _Normalization(_KeepsShape):
    epsilon: float = Field(
        1e-3, gt=0.0, le=1.0, description="Added to the variance before the root is taken."
    )
    center: bool = Field(True, description="Whether a trained offset is added.")
    scale: bool = Field(True, description="Whether the result is multiplied by a trained factor.")
    trainable: Trainable = True

    def parameter_count(self, shape: Shape) -> int:
        """Factor and offset for each channel."""
        return (self.center + self.scale) * shape[-1]

    def untrained_count(self, shape: Shape) -> int:
        """All weights of a layer that is frozen, none of another."""
        return 0 if self.trainable else self.parameter_count(shape)

    def flops(self, shape: Shape) -> int:
        """Mean, variance, and the change of every number."""
        return 10 * prod(shape)


class BatchNormalization(_Normalization):
    """Mean 0 and variance 1 for each channel over the batch (Ioffe & Szegedy 2015).

    In inference the moving mean and variance stand in for those of the batch. A frozen layer is in
    inference in training too, as in Keras: it keeps the mean 0 and the variance 1 that it starts
    with.
    """

    label: ClassVar[str] = "Batch normalisation"
    meaning: ClassVar[str] = "Mean 0 and variance 1 for each channel, over the batch."

    kind: Literal["batch_normalization"] = "batch_normalization"
    momentum: float = Field(
        0.99,
        ge=0.0,
        lt=1.0,
        description="Share of the old moving mean and variance kept at each step.",
    )
    trainable: Trainable = Field(
        True,
        description="Whether training changes its weights; frozen, it takes the moving mean and "
        "variance in training too.",
    )

    def parameter_count(self, shape: Shape) -> int:
        """Factor, offset, moving mean and moving variance for each channel."""
        return super().parameter_count(shape) + 2 * shape[-1]

    def untrained_count(self, shape: Shape) -> int:
        """Moving mean and moving variance for each channel; all weights of a frozen layer."""
        return 2 * shape[-1] if self.trainable else self.parameter_count(shape)

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.BatchNormalization."""
        import keras

        layer = keras.layers.BatchNormalization(
            momentum=self.momentum,
            epsilon=self.epsilon,
            center=self.center,
            scale=self.scale,
            trainable=self.trainable,
            name=context.name,
            dtype=context.dtype,
        )
        return layer(inputs)


class LayerNormalization(_Normalization):
    """Mean 0 and variance 1 over the channels of each sample and position (Ba et al. 2016)."""

    label: ClassVar[str] = "Layer normalisation"
    meaning: ClassVar[str] = "Mean 0 and variance 1 over the channels of each sample."

    kind: Literal["layer_normalization"] = "layer_normalization"

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.LayerNormalization."""
        import keras

        layer = keras.layers.LayerNormalization(
            epsilon=self.epsilon,
            center=self.center,
            scale=self.scale,
            trainable=self.trainable,
            name=context.name,
            dtype=context.dtype,
        )
        return layer(inputs)


class Activation(_KeepsShape):
    """An activation as a layer of its own."""

    label: ClassVar[str] = "Activation"
    meaning: ClassVar[str] = "An activation on its own."

    kind: Literal["activation"] = "activation"
    activation: ActivationName = Field("relu", description="What is applied to each number.")

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Activation."""
        import keras

        return keras.layers.Activation(self.activation, name=context.name, dtype=context.dtype)(
            inputs
        )
