"""From a spec to a compiled Keras model. Keras is imported when a function here is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from overfit_core.batches import SOURCES
from overfit_core.models.heads import HEAD, head_of, head_shape
from overfit_core.models.layers import BuildContext
from overfit_core.models.layers.weights import build_initializer
from overfit_core.models.losses import LOSSES
from overfit_core.models.shapes import layer_names, resolved, trace_shapes

if TYPE_CHECKING:
    from overfit_core.batches import BatchShape
    from overfit_core.models.heads import Head
    from overfit_core.spec import RunSpec

KerasObject: TypeAlias = Any
"""A model, a layer, a loss: Keras ships no types."""

LayerArguments: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Further Keras arguments by layer kind, such as ``{"lstm": {"unroll": True}}``."""

INPUTS = "inputs"
"""Name of the input layer."""


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Let Keras make new variables in `dtype` ("float32" or "float64"), and then as before.

    An optimizer's learning rate and a loss take their type from this setting of Keras alone.
    """
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)


def build_model(spec: RunSpec, *, layer_arguments: LayerArguments | None = None) -> KerasObject:
    """The compiled Keras model of `spec`.

    Layers are named as in its summary. The initial weights depend on the model, the training seed
    and the type alone: they are the same for every optimizer and in every process.

    Args:
        spec: a checked spec.
        layer_arguments: further Keras arguments by layer kind; recurrent kinds take them.

    Returns:
        A functional ``keras.Model``: (samples, *inputs) -> (samples, units of the head).

    Raises:
        ShapeError: a layer or the head cannot take what arrives at it.
    """
    from overfit_core.optimizers import build_optimizer

    batch = SOURCES[spec.batch.source].shape(spec.batch)
    head = head_of(spec.model, batch)
    with floatx(spec.training.dtype):
        model = _build_layers(spec, batch, head, layer_arguments or {})
        model.compile(
            optimizer=build_optimizer(spec.optimizer),
            loss=build_loss(head.loss, spec.training.dtype),
            metrics=[build_metric(head, batch, spec.training.dtype)],
        )
        # Here and not by the first `fit`, which would start ScheduleFreeAdamW from zero.
        model.optimizer.build(model.trainable_variables)
    return model


def _build_layers(
    spec: RunSpec, batch: BatchShape, head: Head, layer_arguments: LayerArguments
) -> KerasObject:
    import keras

    layers = resolved(spec.model.layers)
    head_shape(spec.model, batch, trace_shapes(layers, batch.inputs)[-1])
    seed, dtype = spec.training.seed, spec.training.dtype
    inputs = tensor = keras.Input(batch.inputs, name=INPUTS, dtype=dtype)
    for name, layer in zip(layer_names(layers), layers, strict=True):
        tensor = layer.build(tensor, BuildContext(name, dtype, seed, layer_arguments))
    kernel_seed = BuildContext(HEAD, dtype, seed).seed_for("kernel")
    outputs = keras.layers.Dense(
        head.units,
        activation=head.activation,
        kernel_initializer=build_initializer(head.kernel_initializer, kernel_seed),
        trainable=spec.model.head.trainable,
        name=HEAD,
        dtype=dtype,
    )(tensor)
    return keras.Model(inputs, outputs, name="model")


def build_loss(name: str, dtype: str) -> KerasObject:
    """The Keras loss of this name, which computes in `dtype`."""
    import keras

    return getattr(keras.losses, LOSSES[name].keras_class)(name=name, dtype=dtype)


def build_metric(head: Head, batch: BatchShape, dtype: str) -> KerasObject:
    """R² under the name "r2" for regression, else the share of right answers as "accuracy".

    The accuracy is the one that Keras means by "accuracy" for this head and these targets, with the
    threshold that fits the loss.
    """
    import keras

    if batch.classes is None:
        return keras.metrics.R2Score(name="r2", dtype=dtype)
    if head.units == 1:
        return keras.metrics.BinaryAccuracy("accuracy", dtype=dtype, threshold=head.threshold)
    if head.target == "one_hot":
        return keras.metrics.CategoricalAccuracy("accuracy", dtype=dtype)
    return keras.metrics.SparseCategoricalAccuracy("accuracy", dtype=dtype)
