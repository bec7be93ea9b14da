"""What a compiled loop is told: what to record, on which data, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from overfit_core.training.criterion import Criterion
from overfit_core.training.structure import Backend
from overfit_core.training.types import Arrays


@dataclass(frozen=True)
class Plan:
    """What a program records and how it is compiled; part of its key in the cache.

    Attributes:
        backend: XLA or TensorFlow's own kernels; None follows ``structure.backend_for``.
        probes: Names from ``PROBES``.
        snapshots: Whether predictions and losses per sample are kept at chosen epochs.
        criterion: What counts as right; None follows no memorisation.
    """

    backend: Backend | None = None
    probes: tuple[str, ...] = ()
    snapshots: bool = False
    criterion: Criterion | None = None


class Data(NamedTuple):
    """The batch as ``(x, y, sample weight or None)``, and the held-out samples or None."""

    batch: tuple[Arrays, Arrays, Arrays]
    held_out: tuple[Arrays, Arrays, Arrays] | None = None


class Carry(NamedTuple):
    """What one call leaves for the next.

    Attributes:
        epoch: Epochs done.
        streak: Epochs running, up to the last, in which the whole batch was right.
        learned: Shape ``(samples,)``: epoch since which a sample is right, 0 when it is not.
    """

    epoch: Any
    streak: Any
    learned: Any

    @classmethod
    def start(cls, data: Data) -> Carry:
        """Return the carry before the first epoch."""
        import keras

        return cls(0, 0, np.zeros(len(keras.tree.flatten(data.batch[1])[0]), np.int32))
