"""Convolutions over the steps of a sequence or over the pixels of an image."""

from __future__ import annotations

from math import ceil, prod
from typing import Any, ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Activation, CausalPadding, Padding
from overfit_core.models.layers.base import (
    IMAGE,
    SEQUENCE,
    BaseLayer,
    BuildContext,
    KerasTensor,
    Shape,
)
from overfit_core.models.layers.weights import WeightedLayer


def window_shape(
    layer: BaseLayer, shape: Shape, *, window: int, strides: int, padding: str, channels: int
) -> Shape:
    """Shape after a window has slid over all axes of `shape` but the last.

    With "valid" padding an axis of length n becomes floor((n - window) / strides) + 1, with "same"
    and "causal" padding ceil(n / strides) (Keras' rule).

    Raises:
        ShapeError: the window is longer than an axis and nothing is padded.
    """
    *axes, _ = shape
    if padding == "valid" and min(axes) < window:
        layer.refuse(
            shape,
            f"has a window of {window}, longer than the input {shape}; "
            'make the window smaller, set padding to "same", or pool less before it',
        )
    if padding == "valid":
        return (*((n - window) // strides + 1 for n in axes), channels)
    return (*(ceil(n / strides) for n in axes), channels)


class _Convolution(WeightedLayer):
    rank: ClassVar[int]

    filters: int = Field(16, ge=1, le=1024, description="Number of output channels.")
    kernel_size: int = Field(3, ge=1, le=64, description="Length of the window, along each axis.")
    strides: int = Field(1, ge=1, le=64, description="How far the window moves at a time.")
    activation: Activation = Field("relu", description="What is applied to each output.")
    initial_bias: float = Field(
        0.0, ge=-100.0, le=100.0, description="Where every filter's bias starts."
    )

    def output_shape(self, shape: Shape) -> Shape:
        """(steps, channels) -> (steps', filters); (height, width, channels) likewise."""
        self.require_rank(shape, self.rank)
        return window_shape(
            self,
            shape,
            window=self.kernel_size,
            strides=self.strides,
            padding=getattr(self, "padding", "valid"),
            channels=self.filters,
        )

    def parameter_count(self, shape: Shape) -> int:
        """Kernel (window…, channels, filters) and bias (filters,)."""
        window = self.kernel_size ** (len(shape) - 1)
        return int((window * shape[-1] + self.use_bias) * self.filters)

    def flops(self, shape: Shape) -> int:
        """The kernel's multiplications and additions at each position."""
        window = self.kernel_size ** (len(shape) - 1)
        return int(2 * prod(self.output_shape(shape)) * (window * shape[-1] + 1))

    def keras_arguments(self, context: BuildContext) -> dict[str, Any]:
        """Arguments that Conv1D and Conv2D share."""
        import keras

        return {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": self.activation,
            "bias_initializer": keras.initializers.Constant(self.initial_bias),
            **self.kernel_arguments(context),
        }


class Conv1D(_Convolution):
    """A window that slides over the steps of a sequence: (steps, channels) -> (steps', filters)."""

    label: ClassVar[str] = "Conv1D"
    meaning: ClassVar[str] = "A window slides over the steps of a sequence."
    only_sequences: ClassVar[bool] = True
    rank: ClassVar[int] = SEQUENCE

    kind: Literal["conv1d"] = "conv1d"
    padding: CausalPadding = Field(
        "valid",
        description="valid: only whole windows; same: padded with 0 to keep the length; causal: "
        "padded at the beginning only, so that no output sees later steps.",
    )

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Conv1D."""
        import keras

        return keras.layers.Conv1D(padding=self.padding, **self.keras_arguments(context))(inputs)


class Conv2D(_Convolution):
    """A square window over the pixels: (height, width, channels) -> (height', width', filters)."""

    label: ClassVar[str] = "Conv2D"
    meaning: ClassVar[str] = "A square window slides over the pixels of an image."
    rank: ClassVar[int] = IMAGE

    kind: Literal["conv2d"] = "conv2d"
    padding: Padding = Field(
        "valid", description="valid: only whole windows; same: padded with 0 to keep the size."
    )

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Conv2D."""
        import keras

        return keras.layers.Conv2D(padding=self.padding, **self.keras_arguments(context))(inputs)
