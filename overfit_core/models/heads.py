"""The head and the loss of a model: what follows from the task, and what was asked for instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overfit_core.errors import ShapeError
from overfit_core.models.catalogue import Initializer
from overfit_core.models.layers.base import FLAT, RANK_NAMES, WAYS_OUT
from overfit_core.models.losses import (
    DEFAULT_ACTIVATION,
    DEFAULT_LOSS,
    TargetForm,
    target_form,
)

if TYPE_CHECKING:
    from overfit_core.batches import BatchShape
    from overfit_core.models.layers import Shape
    from overfit_core.spec import ModelSpec

HEAD = "head"
"""Name of the head in a model and in its summary."""

HINGES = ("hinge", "squared_hinge")
POSITIVE = ("sigmoid", "hard_sigmoid", "softmax", "relu", "relu6", "softplus", "exponential")
"""Activations that never give less than 0, so that 0 cannot part a yes from a no."""


@dataclass(frozen=True)
class Head:
    """The last layer and the loss, with nothing left open.

    Attributes:
        units: number of outputs.
        activation: Keras' name.
        kernel_initializer: name in `INITIALIZERS`.
        loss: Keras' name.
        target: how y is handed to the loss.
    """

    units: int
    activation: str
    kernel_initializer: Initializer
    loss: str
    target: TargetForm

    @property
    def threshold(self) -> float:
        """Output above which the answer to a yes-no question is yes.

        0 where a hinge loss pulls the output to -1 and 1, else 0.5, halfway between the labels.
        """
        hinged = self.loss in HINGES and self.activation not in POSITIVE
        return 0.0 if hinged else 0.5


def head_of(model: ModelSpec, batch: BatchShape) -> Head:
    """Head and loss of `model`: as the task asks, wherever the model leaves them open."""
    units = model.head.units or batch.outputs
    loss = model.loss or DEFAULT_LOSS[batch.task]
    return Head(
        units=units,
        activation=model.head.activation or DEFAULT_ACTIVATION[batch.task],
        kernel_initializer=model.head.kernel_initializer or "glorot_uniform",
        loss=loss,
        target=target_form(loss, units, batch),
    )


def head_shape(model: ModelSpec, batch: BatchShape, shape: Shape) -> Shape:
    """What leaves the head, (units,), when `shape` enters it.

    Raises:
        ShapeError: `shape` is not flat.
    """
    if len(shape) != FLAT:
        raise ShapeError(
            f"the head takes {RANK_NAMES[FLAT]}, but gets {shape}; {WAYS_OUT[FLAT, len(shape)]}",
            layer=HEAD,
            shape=shape,
        )
    return (head_of(model, batch).units,)
