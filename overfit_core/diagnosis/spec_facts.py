"""What is wrong with a spec as it stands: the rules that need no run, asked without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod, sqrt
from typing import TYPE_CHECKING

from overfit_core.batches import SOURCES
from overfit_core.diagnosis.blame import Held, holding
from overfit_core.diagnosis.facts import Cause, Facts
from overfit_core.diagnosis.floor import Floor, floor_of
from overfit_core.diagnosis.model_facts import LayerFacts, ModelFacts
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.rules.bad_initialisation import RULE as BAD_INITIALISATION
from overfit_core.diagnosis.rules.missing_nonlinearity import RULE as MISSING_NONLINEARITY
from overfit_core.diagnosis.spec_batch import as_sure, batch_facts_of, samples_are_real
from overfit_core.diagnosis.target import target_of
from overfit_core.models.heads import HEAD, head_of
from overfit_core.models.layers import (
    GRU,
    LSTM,
    Attention,
    BaseLayer,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling,
    GlobalMaxPooling,
    Shape,
)
from overfit_core.models.layers.weights import WeightedLayer
from overfit_core.models.shapes import layer_names, resolved, trace_shapes
from overfit_core.models.summary import summarise

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec

TRUNCATED = 0.8796
"""Standard deviation of a standard normal that is cut off at two standard deviations."""
FIXED = {"random_normal": 0.05, "random_uniform": 0.05 / sqrt(3), "truncated_normal": 0.05}
"""Standard deviation of what is drawn without regard to a kernel's shape."""
_DENSE_PARTS = ("feed_forward_1", "feed_forward_2")


def warnings_of(spec: RunSpec) -> tuple[Cause, ...]:
    """Return what can be told of a spec before it is run, the cause to blame first.

    Nothing is said that would not hold for the batch itself. Of data that are bundled with
    scikit-learn the evidence is that of all samples, and says so, or what the settings make sure.

    Args:
        spec: A checked spec.
    """
    held, facts = _held(spec)
    return tuple(as_sure(held.cause(rule, facts), spec.batch) for rule in held.rules)


def facts_of(spec: RunSpec) -> Facts:
    """Return what is known of a spec's batch and model before a run."""
    model = model_facts_of(spec)
    batch = batch_facts_of(spec)
    target = target_of(
        batch.y,
        loss=model.loss,
        units=model.units,
        same_rank=batch.y.ndim == len(model.output_shape) + 1,
    )
    # Without contradictions nothing stands in the way: labels of a spec are never soft.
    floor = Floor(0.0, 1.0, None) if target.is_classes else Floor(0.0, None, 1.0)
    if batch.contradictions.pairs:
        floor = floor_of(batch, target, model.loss)
    return Facts(batch, model, target, floor)


def _held(spec: RunSpec) -> tuple[Held, Facts]:
    facts = facts_of(spec)
    held = holding(facts)
    rules = set(held.rules) - (set() if samples_are_real(spec.batch) else {MISSING_NONLINEARITY})
    # Half of this rule needs a run; kernels that start without variance are seen without one.
    if BAD_INITIALISATION.find(facts) is not None:
        rules.add(BAD_INITIALISATION)
    return replace(held, rules=tuple(rule for rule in RULES if rule in rules)), facts


def model_facts_of(spec: RunSpec) -> ModelFacts:
    """Return what `read_model` reads off the Keras model of a spec, without making it.

    Standard deviations of kernels are those that their initialisers draw with.
    """
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    asked = ("units", "activation", "kernel_initializer")
    given = {name: getattr(head, name) for name in asked}
    output = Dense.model_validate({**given, "trainable": spec.model.head.trainable})
    layers = (*resolved(spec.model.layers), output)
    names = (*layer_names(spec.model.layers), HEAD)
    steps = list(zip(names, layers, trace_shapes(layers[:-1], batch.inputs), strict=True))
    read = tuple(one for step in steps for one in _layer_facts(*step))
    rate = spec.optimizer.schedule.values(spec.optimizer.base_learning_rate, [0])[0]
    return ModelFacts(
        layers=(_plain("inputs", "InputLayer"), *read),
        output=read[-1],
        output_activation=head.activation,
        output_shape=(head.units,),
        loss=head.loss,
        from_logits=False,
        optimizer=spec.optimizer.name,
        learning_rate=float(rate),
        kernels={
            part: _std(layer.kernel_initializer, layer.kernel_stddev, kernel)
            for name, layer, shape in steps
            if isinstance(layer, WeightedLayer)
            for part, kernel in _kernel_shapes(name, layer, shape).items()
        },
        trainable=summarise(spec).trainable_parameters,
        scheduled=spec.optimizer.schedule.kind != "constant",
    )


def _layer_facts(name: str, layer: BaseLayer, shape: Shape) -> Iterator[LayerFacts]:
    if isinstance(layer, Attention):
        yield from _attention_facts(layer, shape)
        return
    kind = type(layer).__name__
    if isinstance(layer, GlobalAveragePooling | GlobalMaxPooling):
        kind += f"{len(shape) - 1}D"
    facts = _plain(name, kind, layer.parameter_count(shape) - layer.untrained_count(shape))
    gated = isinstance(layer, LSTM | GRU)
    yield replace(
        facts,
        units=getattr(layer, "units", None) or getattr(layer, "filters", None),
        frozen=not getattr(layer, "trainable", True) and bool(layer.parameter_count(shape)),
        activation="" if gated else _bending(getattr(layer, "activation", "")),
        initializer=_class_name(getattr(layer, "kernel_initializer", "")),
        penalised=isinstance(layer, WeightedLayer) and bool(layer.l1 or layer.l2),
        rate=layer.rate if isinstance(layer, Dropout) else 0.0,
        recurrent=_class_name(getattr(layer, "recurrent_initializer", "")),
    )


def _attention_facts(layer: Attention, shape: Shape) -> Iterator[LayerFacts]:
    channels, bias = shape[-1], int(layer.use_bias)
    _, hidden = layer.sizes(channels)
    dense = [(channels + bias) * hidden, (hidden + bias) * channels]
    penalised = bool(layer.l1 or layer.l2)
    rest = layer.parameter_count(shape) - sum(dense) - 4 * channels

    def part(name: str, kind: str, weights: int) -> LayerFacts:
        facts = _plain(name, kind, weights if layer.trainable else 0)
        return replace(facts, frozen=not layer.trainable)

    yield _plain("steps", "InputLayer")
    yield part("norm_1", "LayerNormalization", 2 * channels)
    heads = part("attention", "MultiHeadAttention", rest)
    yield replace(heads, penalised=penalised, rate=layer.dropout)
    yield _plain("add_1", "Add")
    yield part("norm_2", "LayerNormalization", 2 * channels)
    sizes, activations = (hidden, channels), (_bending(layer.activation), "")
    for name, units, given, weights in zip(_DENSE_PARTS, sizes, activations, dense, strict=True):
        yield replace(
            part(name, "Dense", weights),
            units=units,
            activation=given,
            initializer=_class_name(layer.kernel_initializer),
            penalised=penalised,
        )
    yield _plain("add_2", "Add")


def _plain(name: str, kind: str, weights: int = 0) -> LayerFacts:
    return LayerFacts(name, kind, None, "", weights, False, "", False, 0.0)


def _bending(activation: str) -> str:
    return "" if activation == "linear" else activation


def _class_name(initializer: str) -> str:
    return "".join(part.capitalize() for part in initializer.split("_"))


def _kernel_shapes(name: str, layer: BaseLayer, shape: Shape) -> dict[str, Shape]:
    """Return what Keras calls a layer's kernel: those of recurrent layers are their cells'."""
    if isinstance(layer, Attention):
        channels, (_, hidden) = shape[-1], layer.sizes(shape[-1])
        return dict(zip(_DENSE_PARTS, ((channels, hidden), (hidden, channels)), strict=True))
    if isinstance(layer, Dense):
        return {name: (shape[-1], layer.units)}
    if isinstance(layer, Conv1D | Conv2D):
        return {name: (*[layer.kernel_size] * (len(shape) - 1), shape[-1], layer.filters)}
    return {}


def _std(initializer: str, stddev: float | None, shape: Shape) -> float:
    """Return the standard deviation that an initialiser of Keras draws a kernel with.

    Args:
        initializer: A name in the catalogue, where its source is given.
        stddev: What was asked for in place of its own; None for that.
        shape: Of the kernel: (window…, inputs, outputs).
    """
    if initializer in FIXED:
        std = FIXED[initializer] if stddev is None else stddev
        return TRUNCATED * std if initializer == "truncated_normal" else std
    window = prod(shape[:-2])
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    variances = {
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
        "orthogonal": 1 / max(fan_in, shape[-1]),
    }
    return sqrt(variances.get(initializer.partition("_")[0], 0.0))
