"""What every layer kind has: settings, a shape rule, a size, and a way to build itself in Keras.

A shape leaves out the number of samples: ``(features,)``, ``(steps, channels)`` or
``(height, width, channels)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping

Shape = tuple[int, ...]

KerasTensor: TypeAlias = Any
"""A symbolic Keras tensor: Keras ships no types."""
KerasObject: TypeAlias = Any
"""Anything else of Keras: a layer, an initialiser, a penalty."""

FLAT, SEQUENCE, IMAGE = 1, 2, 3
"""Ranks, counted without the axis of samples."""

RANK_NAMES = {
    FLAT: "a flat shape (features,)",
    SEQUENCE: "a sequence (steps, channels)",
    IMAGE: "an image (height, width, channels)",
}


@dataclass(frozen=True)
class BuildContext:
    """What a layer needs besides its settings to become Keras layers.

    Attributes:
        name: name of the layer, unique in the model, such as ``"dense_1"``.
        dtype: ``"float32"`` or ``"float64"``, for weights and computation.
        seed: the training seed; every random number of the layer follows from it and the name.
        extra: further arguments for the Keras layer by layer kind, such as
            ``{"lstm": {"unroll": True}}``.
    """

    name: str
    dtype: str
    seed: int
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def seed_for(self, part: str) -> int:
        """A seed (0 .. 2**31-1) for one part of this layer, such as ``"kernel"``.

        It depends on the training seed and on the names alone: inserting a dropout layer leaves the
        initial weights of every dense layer as they were.
        """
        entropy = [self.seed, *f"{self.name}/{part}".encode()]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0]) & 0x7FFFFFFF


class BaseLayer(BaseModel, ABC):
    """Settings of one layer, checked on load and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    kind: Any
    label: ClassVar[str]
    meaning: ClassVar[str]
    only_sequences: ClassVar[bool] = False
    """Whether the layer takes nothing but a sequence; see `Recurrent.return_sequences`."""
    keeps_shape: ClassVar[bool] = False
    """Whether the output always has the input's shape."""

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Shape that leaves the layer when `shape` enters it.

        Raises:
            ShapeError: the layer cannot take `shape`.
        """

    def parameter_count(self, shape: Shape) -> int:
        """Number of weights, trained or not, for an input of `shape`."""
        return 0

    def untrained_count(self, shape: Shape) -> int:
        """Number of weights that training does not change: frozen ones, and moving means."""
        return 0

    def flops(self, shape: Shape) -> int:
        """Rough number of floating point operations of one forward pass of one sample."""
        return 5 * prod(self.output_shape(shape))

    @abstractmethod
    def build(self, inputs: KerasTensor, context: BuildContext) -> KerasTensor:
        """The layer applied to the symbolic Keras tensor `inputs`, of shape (samples, *shape)."""

    def refuse(self, shape: Shape, needs: str) -> NoReturn:
        """Raise the ShapeError that says what this layer needs and what would help."""
        from overfit_core.errors import ShapeError

        raise ShapeError(f"{self.kind} {needs}", layer=self.kind, layer_index=None, shape=shape)

    def require_rank(self, shape: Shape, rank: int) -> None:
        """Raise ShapeError unless `shape` has `rank` axes besides the samples."""
        if len(shape) != rank:
            self.refuse(
                shape, f"takes {RANK_NAMES[rank]}, but gets {shape}; {WAYS_OUT[rank, len(shape)]}"
            )


WAYS_OUT = {
    (FLAT, SEQUENCE): "put flatten or global_average_pooling before it",
    (FLAT, IMAGE): "put flatten or global_average_pooling before it",
    (SEQUENCE, FLAT): (
        "choose a batch of sequences (sensor), or remove what makes the sequence flat before it "
        "(flatten, global pooling, or a recurrent layer with return_sequences off)"
    ),
    (SEQUENCE, IMAGE): "use its two-dimensional sister, or flatten and dense layers, for images",
    (IMAGE, FLAT): (
        "choose a batch of images (digits), or remove what makes the image flat before it "
        "(flatten or global pooling)"
    ),
    (IMAGE, SEQUENCE): "use its one-dimensional sister for sequences",
}
"""What to do when a layer of the first rank gets an input of the second."""
