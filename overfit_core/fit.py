"""Whether the parts of a spec fit each other, and whether the whole is small enough to run.

Shapes, sizes and work are worked out from the settings alone: no data is made and
no TensorFlow is imported.
"""
# A table of limits, one line each.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

from overfit_core.batches import SOURCES
from overfit_core.errors import Problem, ShapeError, SpecError, unknown
from overfit_core.limits import LIMITS
from overfit_core.models.heads import head_of
from overfit_core.models.layers import Attention, Recurrent
from overfit_core.models.losses import LOSSES, loss_problem
from overfit_core.models.shapes import trace_shapes
from overfit_core.models.summary import summarise

if TYPE_CHECKING:
    from overfit_core.models.summary import ModelSummary
    from overfit_core.spec import RunSpec


def check_parts_fit(spec: RunSpec) -> None:
    """Check shapes, loss, memory and work of the whole run.

    Raises:
        SpecError: With paths from the spec's root. A layer that cannot take the shape that
            arrives at it is named, and so is the shape.
    """
    problems = _loss_problems(spec)
    try:
        problems += _size_problems(spec, summarise(spec))
    except ShapeError as error:
        path = ("model", "head") if error.layer_index is None else error.problems[0].path
        problems.append(Problem(path, f"{error.message}.", error.shape))
    if problems:
        raise SpecError(problems)


def check_work(specs: Iterable[RunSpec], limit: float | None) -> None:
    """Check that each run is small enough for a place that many people share.

    Args:
        specs: The runs.
        limit: The most that epochs x parameters x samples may be; None allows all.

    Raises:
        SpecError: If one of them is larger.
    """
    for spec in specs:
        training, samples = spec.training, spec.batch.samples + spec.batch.held_out
        work = training.epochs * summarise(spec).parameters * samples
        if limit is not None and work > limit:
            message = (
                f"the run takes {work:,} (epochs x parameters x samples); here a run may take "
                f"{limit:,.0f}. Take fewer epochs, smaller layers or fewer samples."
            )
            raise SpecError([Problem(("training", "epochs"), message, training.epochs)])


def _loss_problems(spec: RunSpec) -> list[Problem]:
    """Name what Keras would refuse; a loss that makes no sense may be tried."""
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    path = ("model", "loss")
    if head.loss not in LOSSES:
        return [Problem(path, unknown("loss", head.loss, LOSSES), head.loss)]
    reason = loss_problem(head.loss, head.units, batch)
    return [Problem(path, f"{reason}.", head.loss)] if reason else []


def _size_problems(spec: RunSpec, summary: ModelSummary) -> list[Problem]:
    rows = spec.batch.samples + spec.batch.held_out
    numbers = rows * _numbers_per_sample(spec)
    epoch = summary.flops_per_epoch
    run = epoch * spec.training.epochs
    layers, samples, epochs = ("model", "layers"), ("batch", "samples"), ("training", "epochs")
    smaller = "Take fewer samples or smaller layers"
    # fmt: off
    sizes = (
        (layers, "the net has {} parameters", summary.parameters, LIMITS.parameters, "Take fewer or smaller layers"),
        (samples, "the layers hold {} numbers for all samples", numbers, LIMITS.activations, smaller),
        (samples, "one epoch takes {} floating-point operations", epoch, LIMITS.epoch_flops, smaller),
        (epochs, "the run takes {} floating-point operations", run, LIMITS.run_flops, "Take fewer epochs"),
    )
    # fmt: on
    return [
        Problem(path, f"{what.format(f'{size:,}')}; the limit is {limit:,.0f}. {way_out}.", size)
        for path, what, size, limit, way_out in sizes
        if size > limit
    ]


def _numbers_per_sample(spec: RunSpec) -> int:
    """Count what one sample's forward pass leaves behind for the gradients, roughly."""
    shapes = trace_shapes(spec.model.layers, SOURCES[spec.batch.source].shape(spec.batch).inputs)
    total = sum(prod(shape) for shape in shapes)
    for layer, shape in zip(spec.model.layers, shapes, strict=False):
        if isinstance(layer, Attention):
            steps, channels = shape
            key_dim, hidden = layer.sizes(channels)
            total += layer.heads * steps**2 + steps * (hidden + 4 * layer.heads * key_dim)
        elif isinstance(layer, Recurrent):
            # Each gate, the state and the cell, at every step.
            total += (layer.gates + 2) * layer.units * shape[0]
    return total
