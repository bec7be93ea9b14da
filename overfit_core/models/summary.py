"""How large a model is, worked out from its settings. No Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overfit_core.batches import SOURCES
from overfit_core.models.heads import HEAD, head_of, head_shape
from overfit_core.models.layers import Dense
from overfit_core.models.shapes import layer_names, resolved, trace_shapes

if TYPE_CHECKING:
    from overfit_core.models.layers import Shape
    from overfit_core.spec import RunSpec

BACKWARD = 3
"""Forward and backward pass take about three times the forward pass alone."""


@dataclass(frozen=True)
class LayerRow:
    """One layer of a summary.

    Attributes:
        name: as in the Keras model: "dense_1", …, "head".
        kind: kind of layer; "head" for the head.
        output_shape: what leaves it, without the samples.
        parameters: number of weights, trained or not.
    """

    name: str
    kind: str
    output_shape: Shape
    parameters: int


@dataclass(frozen=True)
class ModelSummary:
    """Sizes of a model on its batch.

    Attributes:
        layers: one row for each layer, the head last.
        parameters: number of weights, trained or not.
        trainable_parameters: number of weights that training changes.
        flops_per_epoch: rough floating point operations of one training step on the whole batch.
    """

    layers: tuple[LayerRow, ...]
    parameters: int
    trainable_parameters: int
    flops_per_epoch: int


def summarise(spec: RunSpec) -> ModelSummary:
    """Sizes of the model of `spec`, layer by layer.

    Raises:
        ShapeError: a layer or the head cannot take what arrives at it.
    """
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    layers = resolved(spec.model.layers)
    shapes = trace_shapes(layers, batch.inputs)
    head_shape(spec.model, batch, shapes[-1])
    head = Dense(units=head_of(spec.model, batch).units, trainable=spec.model.head.trainable)
    steps = list(zip((*layers, head), shapes, strict=True))
    names = (*layer_names(layers), HEAD)
    rows = tuple(
        LayerRow(
            name,
            HEAD if name == HEAD else layer.kind,
            layer.output_shape(shape),
            layer.parameter_count(shape),
        )
        for name, (layer, shape) in zip(names, steps, strict=True)
    )
    parameters = sum(row.parameters for row in rows)
    untrained = sum(layer.untrained_count(shape) for layer, shape in steps)
    flops = sum(layer.flops(shape) for layer, shape in steps)
    return ModelSummary(
        layers=rows,
        parameters=parameters,
        trainable_parameters=parameters - untrained,
        flops_per_epoch=BACKWARD * spec.batch.samples * flops,
    )
