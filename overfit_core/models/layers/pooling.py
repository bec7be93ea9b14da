"""Pooling: fewer positions, the same channels; and flattening, which keeps every number."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Padding
from overfit_core.models.layers.base import (
    FLAT,
    IMAGE,
    SEQUENCE,
    BaseLayer,
    BuildContext,
    KerasTensor,
    Shape,
)
from overfit_core.models.layers.convolution import window_shape


class _Pooling(BaseLayer):
    rank: ClassVar[int]
    keras_class: ClassVar[str]

    pool_size: int = Field(2, ge=1, le=64, description="Length of the window, along each axis.")
    strides: int | None = Field(
        None, ge=1, le=64, description="How far the window moves; empty: as far as it is long."
    )
    padding: Padding = Field(
        "valid", description="valid: only whole windows; same: windows may reach over the edge."
    )

    def output_shape(self, shape: Shape) -> Shape:
        """The same number of channels at fewer positions."""
        self.require_rank(shape, self.rank)
        return window_shape(
            self,
            shape,
            window=self.pool_size,
            strides=self.strides or self.pool_size,
            padding=self.padding,
            channels=shape[-1],
        )

    def flops(self, shape: Shape) -> int:
        """One operation for each number in each window."""
        return int(prod(self.output_shape(shape)) * self.pool_size ** (len(shape) - 1))

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One Keras pooling layer."""
        import keras

        layer = getattr(keras.layers, self.keras_class)(
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            name=context.name,
            dtype=context.dtype,
        )
        return layer(inputs)


class MaxPooling1D(_Pooling):
    """The largest value of each window over the steps."""

    label: ClassVar[str] = "MaxPooling1D"
    meaning: ClassVar[str] = "Keeps the largest value of each stretch of steps."
    only_sequences: ClassVar[bool] = True
    rank: ClassVar[int] = SEQUENCE
    keras_class: ClassVar[str] = "MaxPooling1D"

    kind: Literal["max_pooling1d"] = "max_pooling1d"


class MaxPooling2D(_Pooling):
    """The largest value of each square window over the pixels."""

    label: ClassVar[str] = "MaxPooling2D"
    meaning: ClassVar[str] = "Keeps the largest value of each square of pixels."
    rank: ClassVar[int] = IMAGE
    keras_class: ClassVar[str] = "MaxPooling2D"

    kind: Literal["max_pooling2d"] = "max_pooling2d"


class AveragePooling1D(_Pooling):
    """The mean of each window over the steps."""

    label: ClassVar[str] = "AveragePooling1D"
    meaning: ClassVar[str] = "Keeps the mean of each stretch of steps."
    only_sequences: ClassVar[bool] = True
    rank: ClassVar[int] = SEQUENCE
    keras_class: ClassVar[str] = "AveragePooling1D"

    kind: Literal["average_pooling1d"] = "average_pooling1d"


class AveragePooling2D(_Pooling):
    """The mean of each square window over the pixels."""

    label: ClassVar[str] = "AveragePooling2D"
    meaning: ClassVar[str] = "Keeps the mean of each square of pixels."
    rank: ClassVar[int] = IMAGE
    keras_class: ClassVar[str] = "AveragePooling2D"

    kind: Literal["average_pooling2d"] = "average_pooling2d"


class _GlobalPooling(BaseLayer):
    keras_class: ClassVar[str]
    only_sequences: ClassVar[bool] = True

    def output_shape(self, shape: Shape) -> Shape:
        """(…, channels) -> (channels,)."""
        if len(shape) == FLAT:
            self.refuse(
                shape,
                "takes a sequence (steps, channels) or an image (height, width, channels), "
                f"but gets {shape}, which is flat already; remove it",
            )
        return (shape[-1],)

    def flops(self, shape: Shape) -> int:
        """One operation for each number that enters."""
        return prod(shape)

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """The Keras layer for the rank of `inputs`."""
        import keras

        suffix = "2D" if len(inputs.shape) - 1 == IMAGE else "1D"
        layer = getattr(keras.layers, self.keras_class + suffix)
        return layer(name=context.name, dtype=context.dtype)(inputs)


class GlobalAveragePooling(_GlobalPooling):
    """The mean of each channel over all steps or pixels."""

    label: ClassVar[str] = "Global average pooling"
    meaning: ClassVar[str] = "Keeps the mean of each channel."
    keras_class: ClassVar[str] = "GlobalAveragePooling"

    kind: Literal["global_average_pooling"] = "global_average_pooling"


class GlobalMaxPooling(_GlobalPooling):
    """The largest value of each channel over all steps or pixels."""

    label: ClassVar[str] = "Global max pooling"
    meaning: ClassVar[str] = "Keeps the largest value of each channel."
    keras_class: ClassVar[str] = "GlobalMaxPooling"

    kind: Literal["global_max_pooling"] = "global_max_pooling"


class Flatten(BaseLayer):
    """All numbers of a sample in one row: (height, width, channels) -> (their product,)."""

    label: ClassVar[str] = "Flatten"
    meaning: ClassVar[str] = "All numbers of a sample in one row."

    kind: Literal["flatten"] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        """(…) -> (product of all axes,)."""
        return (prod(shape),)

    def flops(self, shape: Shape) -> int:
        """Nothing is computed."""
        return 0

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Flatten."""
        import keras

        return keras.layers.Flatten(name=context.name, dtype=context.dtype)(inputs)
