"""Stacks of layers drawn at random, each of which takes the shape that arrives at it."""

import random
import typing
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from overfit_core.errors import ShapeError
from overfit_core.models.layers import LAYERS, BaseLayer, Shape
from overfit_core.models.shapes import trace_shapes

LARGEST = 12
"""Largest number drawn for a setting: the stacks are built for real."""
LAST = ("flatten", "global_average_pooling", "global_max_pooling")
LARGEST_OF = {"kernel_size": 4, "pool_size": 3, "strides": 3}
"""A window larger than this leaves nothing for the next layer."""


def random_stack(dice: random.Random, inputs: Shape, length: int) -> tuple[BaseLayer, ...]:
    """Layers that take `inputs` and end flat, with settings drawn over their ranges."""
    layers: list[BaseLayer] = []
    while len(layers) < length:
        # What flattens comes late, or most stacks would be flat from the first layer on.
        early = len(layers) < length - 1
        layer = random_layer(dice, dice.choice([k for k in LAYERS if not early or k not in LAST]))
        if takes(inputs, [*layers, layer]):
            layers.append(layer)
    if len(trace_shapes(layers, inputs)[-1]) > 1:
        layers.append(LAYERS["flatten"].model_validate({}))
    return tuple(layers)


def takes(inputs: Shape, layers: list[BaseLayer]) -> bool:
    """Whether every layer takes what arrives at it."""
    try:
        trace_shapes(layers, inputs)
    except ShapeError:
        return False
    return True


def random_layer(dice: random.Random, kind: str) -> BaseLayer:
    """A layer of this kind; each setting is the default or drawn."""
    values = {
        name: random_value(dice, field, LARGEST_OF.get(name, LARGEST))
        for name, field in LAYERS[kind].model_fields.items()
        if name != "kind" and dice.random() < 0.6
    }
    if values.get("kernel_initializer") not in ("random_normal", "truncated_normal"):
        values.pop("kernel_stddev", None)
    return LAYERS[kind].model_validate(values)


def random_value(dice: random.Random, field: FieldInfo, largest: int) -> Any:  # noqa: ANN401 - any setting
    """A value that the field takes."""
    options = [option for option in typing.get_args(field.annotation) if option is not type(None)]
    if options and isinstance(options[0], str):
        return dice.choice(options)
    kind = options[0] if options else field.annotation
    if kind is bool:
        return dice.random() < 0.5
    low = next(
        m.ge if isinstance(m, Ge) else m.gt for m in field.metadata if isinstance(m, Ge | Gt)
    )
    high = min([largest, *(m.le for m in field.metadata if isinstance(m, Le))])
    if kind is int:
        return dice.randint(int(low), int(high))
    return max(1e-3, float(low)) + dice.random() * 0.8
