"""Attention: a residual encoder block of the Transformer."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Activation
from overfit_core.models.layers.base import SEQUENCE, BuildContext, KerasObject, KerasTensor, Shape
from overfit_core.models.layers.weights import WeightedLayer


class Attention(WeightedLayer):
    """A pre-norm Transformer encoder block: (steps, channels) -> (steps, channels).

    ``h = x + MultiHeadAttention(norm(x))``, then ``h + Dense(activation(Dense(norm(h))))``.
    The block of Vaswani et al. 2017 (arXiv:1706.03762, section 3.1) with the normalisation moved
    before each part (Xiong et al. 2020, arXiv:2002.04745, figure 1b), which trains without a
    warm-up. There is no positional encoding: the block cannot tell the order of the steps, so put
    a conv1d before it where order matters. Penalties and initialiser apply to all its kernels;
    frozen, all its weights are.
    """

    label: ClassVar[str] = "Attention block"
    meaning: ClassVar[str] = (
        "Every step looks at every other, then a small dense net; both residual."
    )
    only_sequences: ClassVar[bool] = True

    kind: Literal["attention"] = "attention"
    heads: int = Field(2, ge=1, le=32, description="Number of attention heads.")
    key_dim: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Size of each head's query, key and value; empty: channels / heads.",
    )
    feed_forward_units: int | None = Field(
        None, ge=1, le=4096, description="Hidden units of the dense part; empty: 4 x channels."
    )
    activation: Activation = Field("relu", description="Activation of the hidden dense units.")
    dropout: float = Field(
        0.0, ge=0.0, lt=1.0, description="Share of attention weights set to 0 while training."
    )

    def sizes(self, channels: int) -> tuple[int, int]:
        """(size of a head, hidden units of the dense part), with what was left empty filled in."""
        return (
            self.key_dim or max(1, channels // self.heads),
            self.feed_forward_units or 4 * channels,
        )

    def output_shape(self, shape: Shape) -> Shape:
        """The input's shape: both parts are added to what they get."""
        self.require_rank(shape, SEQUENCE)
        return shape

    def parameter_count(self, shape: Shape) -> int:
        """Query, key, value and output kernels, two dense kernels, two normalisations."""
        channels, bias = shape[-1], int(self.use_bias)
        key_dim, hidden = self.sizes(channels)
        inner = self.heads * key_dim
        attention = 3 * (channels + bias) * inner + (inner + bias) * channels
        dense = (channels + bias) * hidden + (hidden + bias) * channels
        return attention + dense + 4 * channels

    def flops(self, shape: Shape) -> int:
        """All kernels at each step, and the two products of steps with steps."""
        steps, channels = shape
        key_dim, _ = self.sizes(channels)
        return 2 * steps * self.parameter_count(shape) + 4 * steps * steps * self.heads * key_dim

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """The block as one nested Keras model, so that it has one name and one row in a summary."""
        import keras

        block_inputs = keras.Input(inputs.shape[1:], dtype=context.dtype, name="steps")
        key_dim, hidden = self.sizes(inputs.shape[-1])
        normed = self._norm("norm_1", context)(block_inputs)
        attended = keras.layers.MultiHeadAttention(
            self.heads,
            key_dim,
            dropout=self.dropout,
            seed=context.seed_for("dropout"),
            **self._part("attention", context),
        )(normed, normed)
        attended = keras.layers.Add(name="add_1", dtype=context.dtype)([block_inputs, attended])
        normed = self._norm("norm_2", context)(attended)
        dense = keras.layers.Dense(
            hidden, activation=self.activation, **self._part("feed_forward_1", context)
        )(normed)
        dense = keras.layers.Dense(inputs.shape[-1], **self._part("feed_forward_2", context))(dense)
        outputs = keras.layers.Add(name="add_2", dtype=context.dtype)([attended, dense])
        block = keras.Model(block_inputs, outputs, name=context.name)
        block.trainable = self.trainable
        return block(inputs)

    def _norm(self, name: str, context: BuildContext) -> KerasObject:
        import keras

        return keras.layers.LayerNormalization(name=name, dtype=context.dtype)

    def _part(self, name: str, context: BuildContext) -> dict[str, Any]:
        return {
            "name": name,
            "dtype": context.dtype,
            "use_bias": self.use_bias,
            "kernel_initializer": self.initializer(context, name),
            "kernel_regularizer": self.regularizer(),
        }
