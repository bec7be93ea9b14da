"""How long training takes, worked out from the settings. No Keras.

The figures are those of one core of a cloud machine of 2026, compiled as the engine does; on
others all of them are off by about the same factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from overfit_core.batches import SOURCES
from overfit_core.models.heads import head_of
from overfit_core.models.layers import Attention, Dense, Dropout, Recurrent
from overfit_core.models.shapes import resolved, trace_shapes
from overfit_core.models.summary import BACKWARD, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overfit_core.models.layers import BaseLayer, Shape
    from overfit_core.spec import OptimizerSpec, RunSpec

    Step = tuple[BaseLayer, Shape]


@dataclass(frozen=True)
class LayerCost:
    """Seconds that a kind of layer takes.

    Attributes:
        compile: To compile it under XLA.
        flop: For each floating-point operation of an epoch, in float32.
        step: For each step of a sequence and epoch.
        fixed: For each epoch.
    """

    compile: float = 0.04
    flop: float = 1.3e-11
    step: float = 0.0
    fixed: float = 1.6e-6


@dataclass(frozen=True)
class OptimizerCost:
    """Seconds that an optimizer takes beside plain steps.

    Attributes:
        compile: To compile it under XLA.
        parameter: For each parameter and epoch.
        array: For each array of weights and epoch, under XLA: those that do not treat all weights
            as one row pay for each array.
    """

    compile: float = 0.0
    parameter: float = 1e-9
    array: float = 0.0


_RECURRENT = LayerCost(compile=0.57, flop=2.2e-11, step=7e-6)
_CONVOLUTION = LayerCost(flop=1.6e-11, fixed=1e-4)
_POOLING = LayerCost(fixed=1e-5)
LAYER_COSTS = {
    "conv1d": _CONVOLUTION,
    "conv2d": _CONVOLUTION,
    "max_pooling1d": _POOLING,
    "max_pooling2d": _POOLING,
    "average_pooling1d": _POOLING,
    "average_pooling2d": _POOLING,
    "simple_rnn": _RECURRENT,
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "attention": LayerCost(compile=1.2, flop=2.6e-11, fixed=2e-4),
    "flatten": LayerCost(compile=0.0, fixed=0.0),
    "batch_normalization": LayerCost(compile=0.4, fixed=5e-6),
    "dropout": LayerCost(compile=0.5),
}
"""By kind of layer; all others cost what a dense one does."""
OPTIMIZER_COSTS = {
    "SGD": OptimizerCost(parameter=0.0),
    "Adafactor": OptimizerCost(compile=0.9, parameter=5e-9, array=1.4e-6),
    "Lamb": OptimizerCost(compile=0.75, parameter=3e-9, array=1.4e-6),
    "Muon": OptimizerCost(compile=0.2, parameter=2e-9, array=5e-7),
}
"""By class name; all others cost what Adam does."""

SLOW_KINDS = {"conv1d", "conv2d"}
"""A net with one of them runs on TensorFlow's own kernels; see ``structure.backend_for``."""
XLA_COMPILE, TENSORFLOW_COMPILE = 0.36, 0.2
TENSORFLOW_EPOCH = 1e-4
TENSORFLOW_ARRAY = 8.0
"""How many times more an array costs the optimizer there."""
FLOAT64 = 2.0
RANDOM_NUMBER = 2.5e-8
"""One number that dropout draws, under XLA."""
MATRIX_COMPILE, MATRIX_EPOCH, MATRIX_FLOP = 0.5, 8e-6, 1e-11
"""What Muon's iteration takes for each matrix of weights."""
THIN = 4
"""A matrix with fewer rows or columns costs Muon no more than any array."""
NEWTON_SCHULZ_STEPS = 5
EPOCH = 5e-7
CLASS_SAMPLE = 6e-8
"""A sample's share of loss and accuracy where there are several outputs."""
RUN = 1.5e-3
MODEL, MODEL_LAYER = 0.01, 0.006
"""To make a model for a seed, and for each of its layers."""


def epoch_seconds(spec: RunSpec, optimizer: OptimizerSpec | None = None) -> float:
    """Return about how long one epoch takes.

    Args:
        spec: Batch and network.
        optimizer: Who trains it; None for loss and gradient alone.
    """
    # Held-out samples are evaluated after each update.
    passes = BACKWARD * spec.batch.samples + spec.batch.held_out
    slow = TENSORFLOW_EPOCH if _is_slow(spec) else 0.0
    total = EPOCH + slow
    *_, (head, _) = steps = _steps(spec)
    if isinstance(head, Dense) and head.units > 1:
        total += (spec.batch.samples + spec.batch.held_out) * CLASS_SAMPLE
    for layer, shape in steps:
        cost = cost_of(layer)
        length = shape[0] if isinstance(layer, Recurrent) else 0
        work = passes * layer.flops(shape) * cost.flop
        total += cost.fixed + length * cost.step + work * _precision(spec)
        total += spec.batch.samples * _random_numbers(layer, shape) * RANDOM_NUMBER
    return total + (_update_seconds(spec, optimizer) if optimizer else 0.0)


def training_seconds(spec: RunSpec) -> float:
    """Return about how long a run trains, compiling aside, if it goes on to its last epoch.

    Raises:
        ShapeError: If a layer cannot take what arrives at it.
    """
    return spec.training.epochs * epoch_seconds(spec, spec.optimizer)


def compile_seconds(spec: RunSpec, optimizer: OptimizerSpec | None = None) -> float:
    """Return about how long it takes to compile the program of an optimizer for the first time."""
    if _is_slow(spec):
        return TENSORFLOW_COMPILE
    layers = sum(cost_of(layer).compile for layer, _ in _steps(spec))
    if optimizer is None:
        return XLA_COMPILE + layers
    matrices = len(list(_matrices(spec))) if optimizer.name == "Muon" else 0
    update = OPTIMIZER_COSTS.get(optimizer.name, OptimizerCost()).compile
    return XLA_COMPILE + layers + update + matrices * MATRIX_COMPILE


def model_seconds(spec: RunSpec) -> float:
    """Return about how long it takes to make the network for a seed."""
    blocks = sum(1 + 5 * isinstance(layer, Attention) for layer, _ in _steps(spec))
    return MODEL + MODEL_LAYER * blocks


def cost_of(layer: BaseLayer) -> LayerCost:
    """Return what a kind of layer costs."""
    return LAYER_COSTS.get(layer.kind, LayerCost())


def _update_seconds(spec: RunSpec, optimizer: OptimizerSpec) -> float:
    """Return what the optimizer's part of an epoch takes."""
    cost = OPTIMIZER_COSTS.get(optimizer.name, OptimizerCost())
    slower = TENSORFLOW_ARRAY if _is_slow(spec) else 1.0
    arrays = sum(2 for layer, shape in _steps(spec) if layer.parameter_count(shape))
    total = arrays * cost.array * slower + summarise(
        spec
    ).trainable_parameters * cost.parameter * _precision(spec)
    if optimizer.name != "Muon":
        return total
    iterations = optimizer.arguments.get("ns_steps", NEWTON_SCHULZ_STEPS)
    assert isinstance(iterations, int)
    for matrix in _matrices(spec):
        small, large = sorted(matrix)
        flops = iterations * (4 * small**2 * large + 2 * small**3)
        total += MATRIX_EPOCH * slower * (small >= THIN) + flops * MATRIX_FLOP * _precision(spec)
    return total


def _steps(spec: RunSpec) -> list[Step]:
    """Return each layer with the shape that arrives at it, the head last."""
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    layers = resolved(spec.model.layers)
    head = Dense(units=head_of(spec.model, batch).units)
    return list(zip((*layers, head), trace_shapes(layers, batch.inputs), strict=True))


def _matrices(spec: RunSpec) -> Iterator[tuple[int, int]]:
    """Yield the shapes of the weights with two axes, which Muon makes orthogonal."""
    for layer, shape in _steps(spec):
        if isinstance(layer, Dense):
            yield shape[-1], layer.units
        elif isinstance(layer, Recurrent):
            yield shape[-1], layer.gates * layer.units
            yield layer.units, layer.gates * layer.units
        elif isinstance(layer, Attention):
            # Those of the attention itself have three.
            hidden = layer.sizes(shape[-1])[1]
            yield shape[-1], hidden
            yield hidden, shape[-1]


def _random_numbers(layer: BaseLayer, shape: Shape) -> int:
    """Return how many numbers a sample's pass draws."""
    if isinstance(layer, Dropout) and layer.rate:
        return prod(shape)
    if isinstance(layer, Attention) and layer.dropout:
        return layer.heads * shape[0] ** 2
    return 0


def _is_slow(spec: RunSpec) -> bool:
    return any(layer.kind in SLOW_KINDS for layer in spec.model.layers)


def _precision(spec: RunSpec) -> float:
    return FLOAT64 if spec.training.dtype == "float64" else 1.0
