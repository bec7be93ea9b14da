"""What a probe sees of one epoch, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True)
class Step:
    """One epoch as the compiled loop traces it; tensors are symbolic.

    Attributes:
        weights: Layer name to its trainable weights before the update.
        gradients: Layer name to their gradients, in the same order.
        updates: Layer name to what the update added to them.
        outputs: Layer name to its output in training mode, shape ``(samples, …, units)``.
    """

    weights: Mapping[str, Sequence[tf.Tensor]]
    gradients: Mapping[str, Sequence[tf.Tensor]]
    updates: Mapping[str, Sequence[tf.Tensor]]
    outputs: Mapping[str, tf.Tensor]


class Probe(Protocol):
    """One measurement of the layers of a network.

    Attributes:
        watched: Names of the layers whose outputs it needs.
    """

    watched: tuple[str, ...]

    def __init__(self, model: keras.Model) -> None:
        """Choose the layers of ``model`` that can be measured."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the history, ``measure/layer``."""
        ...

    def measure(self, step: Step) -> Sequence[tf.Tensor]:
        """Return one scalar per column."""
        ...
