"""Settings that all layers with a kernel share, and their Keras counterparts."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from overfit_core.models.catalogue import Initializer
from overfit_core.models.layers.base import BaseLayer, BuildContext, KerasObject, Shape
from overfit_core.spec_hash import LATER

Trainable = Annotated[
    bool, Field(strict=True, description="Whether training changes its weights."), LATER
]


class WeightedLayer(BaseLayer):
    """A layer with a kernel: how it starts and how it is held small."""

    kernel_initializer: Initializer = Field(
        "glorot_uniform", description="What the initial kernel is drawn from."
    )
    kernel_stddev: float | None = Field(
        None,
        gt=0.0,
        le=100.0,
        description="Standard deviation of random_normal or truncated_normal; empty: 0.05.",
    )
    l1: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        description="L1 penalty: this times the sum of |kernel| joins the loss.",
    )
    l2: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        description="L2 penalty: this times the sum of kernel^2 joins the loss.",
    )
    use_bias: bool = Field(True, description="Whether a trained bias is added.")
    trainable: Trainable = True

    @model_validator(mode="after")
    def _stddev_needs_a_normal(self) -> Self:
        if self.kernel_stddev is not None and self.kernel_initializer not in _WITH_STDDEV:
            raise ValueError(
                f"kernel_stddev is {self.kernel_stddev}, but {self.kernel_initializer} has no "
                "standard deviation of its own; leave it empty or choose "
                f"{' or '.join(_WITH_STDDEV)}"
            )
        return self

    def untrained_count(self, shape: Shape) -> int:
        """All weights of a layer that is frozen, none of another."""
        return 0 if self.trainable else self.parameter_count(shape)

    def kernel_arguments(self, context: BuildContext) -> dict[str, Any]:
        """Keras arguments for kernel, penalty, bias, dtype, and whether it is trained."""
        return {
            "name": context.name,
            "trainable": self.trainable,
            "dtype": context.dtype,
            "use_bias": self.use_bias,
            "kernel_initializer": self.initializer(context, "kernel"),
            "kernel_regularizer": self.regularizer(),
        }

    def initializer(self, context: BuildContext, part: str) -> KerasObject:
        """The seeded Keras initialiser for `part` of this layer."""
        return build_initializer(
            self.kernel_initializer, context.seed_for(part), self.kernel_stddev
        )

    def regularizer(self) -> KerasObject:
        """The Keras penalty, or None where both strengths are 0."""
        import keras

        if self.l1 and self.l2:
            return keras.regularizers.L1L2(l1=self.l1, l2=self.l2)
        if self.l1:
            return keras.regularizers.L1(self.l1)
        return keras.regularizers.L2(self.l2) if self.l2 else None


_WITH_STDDEV = ("random_normal", "truncated_normal")
_CONSTANT = ("zeros", "ones")


def build_initializer(name: Initializer, seed: int, stddev: float | None = None) -> KerasObject:
    """The Keras initialiser of this name; the same seed draws the same numbers."""
    import keras

    config: dict[str, Any] = {} if name in _CONSTANT else {"seed": seed}
    if stddev is not None:
        config["stddev"] = stddev
    class_name = "".join(part.capitalize() for part in name.split("_"))
    return keras.initializers.get({"class_name": class_name, "config": config})
