"""A model as source: layer by layer, every argument that is not Keras' default.

Each function here mirrors the `build` of a layer; tests run what it writes and compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from overfit_core.batches import SOURCES
from overfit_core.exports.code import Code, Value, call
from overfit_core.models.heads import HEAD, head_of
from overfit_core.models.layers import BuildContext, Shape
from overfit_core.models.layers.base import IMAGE
from overfit_core.models.shapes import layer_names, resolved, trace_shapes
from overfit_core.spec import RunSpec

Arguments = dict[str, Value]


def model_code(spec: RunSpec) -> str:
    """The lines that make `model`, a functional Keras model with the run's initial weights."""
    batch = SOURCES[spec.batch.source].shape(spec.batch)
    layers = resolved(spec.model.layers)
    names = layer_names(layers)
    shapes = trace_shapes(layers, batch.inputs)
    lines = [f"inputs = {call('keras.Input', Code(str(batch.inputs)), name='inputs').text}"]
    tensor = "inputs"
    for layer, name, shape in zip(layers, names, shapes[:-1], strict=True):
        context = BuildContext(name, spec.training.dtype, spec.training.seed)
        made = WRITERS[layer.kind](layer, context, shape)
        lines.append(f"{made.before}hidden = {made.layer.text}({tensor})")
        tensor = "hidden"
    head = head_of(spec.model, batch)
    context = BuildContext(HEAD, spec.training.dtype, spec.training.seed)
    dense = call(
        "keras.layers.Dense",
        head.units,
        **_unless(activation=(head.activation, "linear")),
        kernel_initializer=_initializer(head.kernel_initializer, context.seed_for("kernel")),
        **_frozen(spec.model.head),
        name=HEAD,
    )
    lines.append(f"outputs = {dense.text}({tensor})")
    lines.append("model = keras.Model(inputs, outputs)")
    return "\n".join(lines)


class _Made:
    """The source of one layer, and of what has to be there before it."""

    def __init__(self, layer: Code, before: str = "") -> None:
        self.layer = layer
        self.before = before


Writer = Callable[[Any, BuildContext, Shape], _Made]


def _unless(**values: tuple[Value, Value]) -> Arguments:
    """Keep the arguments that differ from Keras' default; each comes as (value, default)."""
    return {name: value for name, (value, default) in values.items() if value != default}


def _initializer(name: str, seed: int, stddev: float | None = None) -> Value:
    if name in ("zeros", "ones"):
        return name
    class_name = "".join(part.capitalize() for part in name.split("_"))
    given: Arguments = {} if stddev is None else {"stddev": stddev}
    return call(f"keras.initializers.{class_name}", **given, seed=seed)


def _regularizer(l1: float, l2: float) -> Value:
    if l1 and l2:
        return call("keras.regularizers.L1L2", l1=l1, l2=l2)
    if l1:
        return call("keras.regularizers.L1", l1)
    return call("keras.regularizers.L2", l2) if l2 else None


def _kernel(layer: Any, context: BuildContext, part: str = "kernel") -> Arguments:  # noqa: ANN401
    """Arguments that all layers with a kernel share."""
    seed = context.seed_for(part)
    return {
        **_unless(use_bias=(layer.use_bias, True)),
        "kernel_initializer": _initializer(layer.kernel_initializer, seed, layer.kernel_stddev),
        **_unless(kernel_regularizer=(_regularizer(layer.l1, layer.l2), None)),
    }


def _frozen(layer: Any) -> Arguments:  # noqa: ANN401 - a layer with weights, or the head
    return _unless(trainable=(layer.trainable, True))


def _bias(layer: Any) -> Arguments:  # noqa: ANN401 - a layer with an initial bias
    if not layer.initial_bias:
        return {}
    return {"bias_initializer": call("keras.initializers.Constant", layer.initial_bias)}


def _dense(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
    return _Made(
        call(
            "keras.layers.Dense",
            layer.units,
            **_unless(activation=(layer.activation, "linear")),
            **_kernel(layer, context),
            **_bias(layer),
            **_frozen(layer),
            name=context.name,
        )
    )


def _convolution(keras_class: str) -> Writer:
    def write(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
        return _Made(
            call(
                f"keras.layers.{keras_class}",
                layer.filters,
                layer.kernel_size,
                **_unless(
                    strides=(layer.strides, 1),
                    padding=(layer.padding, "valid"),
                    activation=(layer.activation, "linear"),
                ),
                **_kernel(layer, context),
                **_bias(layer),
                **_frozen(layer),
                name=context.name,
            )
        )

    return write


def _pooling(keras_class: str) -> Writer:
    def write(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
        given = _unless(strides=(layer.strides, None), padding=(layer.padding, "valid"))
        return _Made(
            call(f"keras.layers.{keras_class}", layer.pool_size, **given, name=context.name)
        )

    return write


def _global_pooling(keras_class: str) -> Writer:
    def write(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
        suffix = "2D" if len(shape) == IMAGE else "1D"
        return _Made(call(f"keras.layers.{keras_class}{suffix}", name=context.name))

    return write


def _flatten(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
    return _Made(call("keras.layers.Flatten", name=context.name))


def _recurrent(keras_class: str) -> Writer:
    def write(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
        gates = getattr(layer, "recurrent_activation", "sigmoid")
        start = _initializer(layer.recurrent_initializer, context.seed_for("recurrent"))
        return _Made(
            call(
                f"keras.layers.{keras_class}",
                layer.units,
                **_unless(
                    activation=(layer.activation, "tanh"),
                    recurrent_activation=(gates, "sigmoid"),
                    return_sequences=(bool(layer.return_sequences), False),
                ),
                **_kernel(layer, context),
                recurrent_initializer=start,
                **_frozen(layer),
                name=context.name,
            )
        )

    return write


def _dropout(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
    seed = context.seed_for("dropout")
    return _Made(call("keras.layers.Dropout", layer.rate, seed=seed, name=context.name))


def _normalization(keras_class: str) -> Writer:
    def write(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
        given = _unless(
            momentum=(getattr(layer, "momentum", 0.99), 0.99),
            epsilon=(layer.epsilon, 1e-3),
            center=(layer.center, True),
            scale=(layer.scale, True),
        )
        given |= _frozen(layer)
        return _Made(call(f"keras.layers.{keras_class}", **given, name=context.name))

    return write


def _activation(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
    return _Made(call("keras.layers.Activation", layer.activation, name=context.name))


def _attention(layer: Any, context: BuildContext, shape: Shape) -> _Made:  # noqa: ANN401
    """The block as a small model of its own, as the run has it."""
    channels = shape[-1]
    key_dim, hidden = layer.sizes(channels)
    attend = call(
        "keras.layers.MultiHeadAttention",
        layer.heads,
        key_dim,
        **_attention_dropout(layer, context),
        **_kernel(layer, context, "attention"),
        name="attention",
    )
    first = call(
        "keras.layers.Dense",
        hidden,
        **_unless(activation=(layer.activation, "linear")),
        **_kernel(layer, context, "feed_forward_1"),
        name="feed_forward_1",
    )
    second = call(
        "keras.layers.Dense",
        channels,
        **_kernel(layer, context, "feed_forward_2"),
        name="feed_forward_2",
    )
    before = (
        "# A Transformer encoder block, normalised before each part, as a model of its own.\n"
        f'steps = keras.Input({shape}, name="steps")\n'
        'normed = keras.layers.LayerNormalization(name="norm_1")(steps)\n'
        f"attended = {attend.text}(normed, normed)\n"
        'attended = keras.layers.Add(name="add_1")([steps, attended])\n'
        'normed = keras.layers.LayerNormalization(name="norm_2")(attended)\n'
        f"dense = {first.text}(normed)\n"
        f"dense = {second.text}(dense)\n"
        'added = keras.layers.Add(name="add_2")([attended, dense])\n'
        f"block = {call('keras.Model', Code('steps'), Code('added'), name=context.name).text}\n"
    )
    frozen = "" if layer.trainable else "block.trainable = False\n"
    return _Made(Code("block"), before + frozen)


def _attention_dropout(layer: Any, context: BuildContext) -> Arguments:  # noqa: ANN401
    if not layer.dropout:
        return {}
    return {"dropout": layer.dropout, "seed": context.seed_for("dropout")}


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "dense": _dense,
        "conv1d": _convolution("Conv1D"),
        "conv2d": _convolution("Conv2D"),
        "max_pooling1d": _pooling("MaxPooling1D"),
        "max_pooling2d": _pooling("MaxPooling2D"),
        "average_pooling1d": _pooling("AveragePooling1D"),
        "average_pooling2d": _pooling("AveragePooling2D"),
        "global_average_pooling": _global_pooling("GlobalAveragePooling"),
        "global_max_pooling": _global_pooling("GlobalMaxPooling"),
        "flatten": _flatten,
        "simple_rnn": _recurrent("SimpleRNN"),
        "lstm": _recurrent("LSTM"),
        "gru": _recurrent("GRU"),
        "dropout": _dropout,
        "batch_normalization": _normalization("BatchNormalization"),
        "layer_normalization": _normalization("LayerNormalization"),
        "activation": _activation,
        "attention": _attention,
    }
)
"""How each kind of layer is written; a test holds it against the catalogue of layers."""
