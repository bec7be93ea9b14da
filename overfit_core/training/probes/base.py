"""What a probe sees of one epoch, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Step:
    """One epoch as the compiled loop traces it; tensors are symbolic.

    The norms are Euclidean, shape ``(layers,)``, over all trainable weights of each layer that
    has some, in the order of the model's layers.

    Attributes:
        weight_norms: Of the weights before the update.
        gradient_norms: Of their gradients.
        update_norms: Of what the update added.
        outputs: Layer name to its output in training mode, shape ``(samples, …, units)``.
    """

    weight_norms: Tensor
    gradient_norms: Tensor
    update_norms: Tensor
    outputs: Mapping[str, Tensor]


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

    def measure(self, step: Step) -> Tensor:
        """Return one number per column, shape ``(columns,)``."""
        ...
