"""What can be measured beside the loss: one measurement per file.

A probe is a class with ``columns`` (what it will be called in the history) and ``measure`` (the
values of one epoch, as scalar tensors). A new one is a new file and an entry in ``PROBES``.
"""

from __future__ import annotations

from overfit_core.training.probes.activations import DeadShare, SaturatedShare
from overfit_core.training.probes.base import Probe, Step
from overfit_core.training.probes.norms import GradientNorm, UpdateRatio, WeightNorm

PROBES: dict[str, type[Probe]] = {
    "gradient_norm": GradientNorm,
    "weight_norm": WeightNorm,
    "update_ratio": UpdateRatio,
    "dead_share": DeadShare,
    "saturated_share": SaturatedShare,
}

__all__ = ["PROBES", "Probe", "Step"]
