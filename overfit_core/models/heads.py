"""The head and the loss of a model: what follows from the task, and what was asked for instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overfit_core.errors import Problem, ShapeError, shown
from overfit_core.models.layers.base import FLAT, RANK_NAMES, WAYS_OUT
from overfit_core.models.losses import (
    DEFAULT_ACTIVATION,
    DEFAULT_LOSS,
    LOSSES,
    TargetForm,
    loss_problem,
    target_form,
)
from overfit_core.models.shapes import trace_shapes

if TYPE_CHECKING:
    from overfit_core.batches import BatchShape
    from overfit_core.models.layers import Shape
    from overfit_core.spec import ModelSpec

HEAD = "head"
"""Name of the head in a model and in its summary."""


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
    kernel_initializer: str
    loss: str
    target: TargetForm


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


def model_problems(model: ModelSpec, batch: BatchShape) -> list[Problem]:
    """Everything that keeps `model` from training on `batch`; paths start at the run's spec.

    Only what Keras would refuse is a problem: a loss that makes no sense may be tried.
    """
    problems = []
    try:
        shape = trace_shapes(model.layers, batch.inputs)[-1]
        head_shape(model, batch, shape)
    except ShapeError as error:
        path = ("model", HEAD) if error.layer_index is None else error.problems[0].path
        problems.append(Problem(path, error.message, error.shape))
    head = head_of(model, batch)
    if head.loss not in LOSSES:
        message = f"there is no loss {shown(head.loss)}; choose one of {', '.join(LOSSES)}"
        problems.append(Problem(("model", "loss"), message, head.loss))
    elif reason := loss_problem(head.loss, head.units, batch):
        problems.append(Problem(("model", "loss"), reason, head.loss))
    return problems
