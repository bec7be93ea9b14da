"""What came out of a training run of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from overfit_core.training.history import History
from overfit_core.training.types import FloatArray


class Answers(NamedTuple):
    """What a network says after a run, and how good it is; see ``Trained``."""

    prediction: FloatArray
    in_training: FloatArray
    attained: bool
    attained_in_training: bool
    score: float


@dataclass(frozen=True)
class Trained:
    """What came out of one training run.

    Attributes:
        history: Loss, rates and probes, epoch by epoch.
        planned: Epochs that it was to have; fewer where it ended early.
        memorised: First of five epochs running in which all samples were right, or None.
        forgotten: First later epoch in which they were not, or None.
        non_finite: First epoch whose loss is not a finite number, or None.
        prediction: Output in inference mode after the last update.
        in_training: Output in training mode after the last update.
        loss: Loss in inference mode after the last update, penalties included.
        penalty: The part of it that is penalties on weights and outputs.
        attained: Whether all samples are right in inference mode after the last update.
        attained_in_training: Whether they are in training mode.
        score: Share of right samples, or R² of the worst output.
        each: The answers of each of several outputs that is judged; empty for a single one.
    """

    history: History
    planned: int
    memorised: int | None
    forgotten: int | None
    non_finite: int | None
    prediction: FloatArray
    in_training: FloatArray
    loss: float
    penalty: float
    attained: bool
    attained_in_training: bool
    score: float
    each: tuple[Answers, ...] = ()

    @property
    def epochs(self) -> int:
        """How many it had."""
        return len(self.history)

    @property
    def losses(self) -> FloatArray:
        """Loss per epoch, in inference mode where it differs."""
        history = self.history
        return history["inference_loss" if "inference_loss" in history else "loss"]

    def column(self, measure: str, layer: str) -> FloatArray:
        """Return a probe's column of a layer, shape ``(epochs,)``; empty if there is none."""
        name = f"{measure}/{layer}"
        return self.history[name] if name in self.history else np.zeros(0)

    def layers_with(self, measure: str) -> list[str]:
        """Return the layers that a probe has columns of, from the input on."""
        return [name.partition("/")[2] for name in self.history if name.startswith(f"{measure}/")]
