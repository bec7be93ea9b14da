"""Shapes from layer to layer, and the layers' names. No Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from overfit_core.errors import ShapeError
from overfit_core.models.layers import BaseLayer, Recurrent, Shape


def layer_names(layers: Sequence[BaseLayer]) -> tuple[str, ...]:
    """Names by kind, counted from 1: ``dense_1``, ``dropout_1``, ``dense_2``."""
    counts: Counter[str] = Counter()
    names = []
    for layer in layers:
        counts[layer.kind] += 1
        names.append(f"{layer.kind}_{counts[layer.kind]}")
    return tuple(names)


def resolved(layers: Sequence[BaseLayer]) -> tuple[BaseLayer, ...]:
    """The layers with every empty `return_sequences` filled in.

    A recurrent layer passes every step on if the next layer that changes the shape takes nothing
    but sequences (another recurrent layer, conv1d, pooling, attention), else the last step alone:
    what one expects of a stack of LSTMs with a dense layer or a head behind it.
    """
    filled: list[BaseLayer] = []
    for i, layer in enumerate(layers):
        if isinstance(layer, Recurrent) and layer.return_sequences is None:
            following = next((other for other in layers[i + 1 :] if not other.keeps_shape), None)
            wants_steps = following is not None and following.only_sequences
            layer = layer.model_copy(update={"return_sequences": wants_steps})
        filled.append(layer)
    return tuple(filled)


def trace_shapes(layers: Sequence[BaseLayer], inputs: Shape) -> tuple[Shape, ...]:
    """Shapes without the samples: `inputs`, then what leaves each layer.

    Raises:
        ShapeError: a layer cannot take what arrives; it names the layer, from 1, and the shape.
    """
    shapes = [inputs]
    for i, layer in enumerate(resolved(layers)):
        try:
            shapes.append(layer.output_shape(shapes[-1]))
        except ShapeError as error:
            raise ShapeError(
                f"layer {i + 1}, {error.message}",
                layer=error.layer,
                layer_index=i,
                shape=error.shape,
            ) from None
    return tuple(shapes)
