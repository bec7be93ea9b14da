"""Recurrent layers: one state, carried from step to step of a sequence."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from overfit_core.models.catalogue import Activation, Initializer
from overfit_core.models.layers.base import SEQUENCE, BuildContext, KerasTensor, Shape
from overfit_core.models.layers.weights import WeightedLayer, build_initializer


class Recurrent(WeightedLayer):
    """What SimpleRNN, LSTM and GRU share: (steps, channels) -> (units,) or (steps, units)."""

    only_sequences: ClassVar[bool] = True
    gates: ClassVar[int]
    biases: ClassVar[int]
    keras_class: ClassVar[str]

    units: int = Field(16, ge=1, le=1024, description="Size of the state, and of the output.")
    activation: Activation = Field("tanh", description="What is applied to the state.")
    recurrent_initializer: Initializer = Field(
        "orthogonal", description="What the initial weights from state to state are drawn from."
    )
    return_sequences: bool | None = Field(
        None,
        description="Whether the state of every step is passed on, or only the last. Empty: every "
        "step if the next layer that changes the shape takes nothing but sequences, else the last.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        """(steps, channels) -> (steps, units) if `return_sequences` is true, else (units,)."""
        self.require_rank(shape, SEQUENCE)
        return (shape[0], self.units) if self.return_sequences else (self.units,)

    def parameter_count(self, shape: Shape) -> int:
        """For each gate: kernels (channels, units) and (units, units), bias (units,)."""
        bias = self.biases if self.use_bias else 0
        return self.units * (self.gates * (shape[-1] + self.units) + bias)

    def flops(self, shape: Shape) -> int:
        """Both kernels of every gate, and the activations, at each step."""
        steps, channels = shape
        return steps * self.units * self.gates * (2 * (channels + self.units) + 10)

    def keras_arguments(self) -> dict[str, Any]:
        """Arguments of the gated kinds beyond those that all share."""
        return {}

    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """One Keras recurrent layer."""
        import keras

        layer = getattr(keras.layers, self.keras_class)(
            self.units,
            activation=self.activation,
            recurrent_initializer=build_initializer(
                self.recurrent_initializer, context.seed_for("recurrent")
            ),
            return_sequences=bool(self.return_sequences),
            seed=context.seed_for("dropout"),
            **self.keras_arguments(),
            **self.kernel_arguments(context),
            **context.extra.get(self.kind, {}),
        )
        return layer(inputs)


class SimpleRNN(Recurrent):
    """``state = activation(x @ kernel + state @ recurrent_kernel + bias)`` (Elman 1990)."""

    label: ClassVar[str] = "SimpleRNN"
    meaning: ClassVar[str] = "A state carried from step to step; forgets long stretches."
    gates: ClassVar[int] = 1
    biases: ClassVar[int] = 1
    keras_class: ClassVar[str] = "SimpleRNN"

    kind: Literal["simple_rnn"] = "simple_rnn"


class _Gated(Recurrent):
    recurrent_activation: Activation = Field(
        "sigmoid", description="What opens and shuts the gates."
    )

    def keras_arguments(self) -> dict[str, Any]:
        """The activation of the gates."""
        return {"recurrent_activation": self.recurrent_activation}


class LSTM(_Gated):
    """Long short-term memory (Hochreiter & Schmidhuber 1997): three gates round a cell."""

    label: ClassVar[str] = "LSTM"
    meaning: ClassVar[str] = (
        "A state with gates that keep, forget and show; remembers long stretches."
    )
    gates: ClassVar[int] = 4
    biases: ClassVar[int] = 4
    keras_class: ClassVar[str] = "LSTM"

    kind: Literal["lstm"] = "lstm"


class GRU(_Gated):
    """Gated recurrent unit (Cho et al. 2014) with Keras' ``reset_after``: two biases per gate."""

    label: ClassVar[str] = "GRU"
    meaning: ClassVar[str] = "Like an LSTM with two gates and fewer weights."
    gates: ClassVar[int] = 3
    biases: ClassVar[int] = 6
    keras_class: ClassVar[str] = "GRU"

    kind: Literal["gru"] = "gru"
