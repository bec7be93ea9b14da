"""Dense: every output is a weighted sum of every input."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Activation
from overfit_core.models.layers.base import IMAGE, BuildContext, KerasTensor, Shape
from overfit_core.models.layers.weights import WeightedLayer


class Dense(WeightedLayer):
    """``activation(x @ kernel + bias)`` over the last axis.

    Input (features,) gives (units,); a sequence (steps, channels) gives (steps, units), each step
    by the same weights, as in Keras. An image is refused: Keras would mix only its channels, which
    is almost never what was meant.
    """

    label: ClassVar[str] = "Dense"
    meaning: ClassVar[str] = "Every unit sees every input."

    kind: Literal["dense"] = "dense"
    units: int = Field(16, ge=1, le=4096, description="Number of outputs.")
    activation: Activation = Field("relu", description="What is applied to each unit's sum.")
    initial_bias: float = Field(
        0.0, ge=-100.0, le=100.0, description="Where every unit's bias starts."
    )

    def output_shape(self, shape: Shape) -> Shape:
        """(…, features) -> (…, units)."""
        if len(shape) >= IMAGE:
            self.refuse(
                shape,
                f"takes a flat shape (features,) or a sequence (steps, channels), but gets "
                f"{shape}; put flatten or global_average_pooling before it (to mix the channels of "
                "each pixel alone, use conv2d with kernel_size 1)",
            )
        return (*shape[:-1], self.units)

    def parameter_count(self, shape: Shape) -> int:
        """Kernel (features, units) and bias (units,)."""
        return (shape[-1] + self.use_bias) * self.units

    def flops(self, shape: Shape) -> int:
        """A multiplication and an addition for each weight, at each step."""
        return 2 * prod(shape) * self.units + 2 * prod(self.output_shape(shape))

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One keras.layers.Dense."""
        import keras

        layer = keras.layers.Dense(
            self.units,
            activation=self.activation,
            bias_initializer=keras.initializers.Constant(self.initial_bias),
            **self.kernel_arguments(context),
        )
        return layer(inputs)
