"""What a column of a history measures, and which way is better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Better = Literal["low", "high"]

MODES = {"inference_": "inference mode", "val_": "held-out samples"}
"""Prefix of a column to where its score was taken; without one it is in training mode."""
SCORES: dict[str, tuple[str, Better]] = {
    "loss": ("Loss", "low"),
    "accuracy": ("Accuracy", "high"),
    "r2": ("R²", "high"),
}
PROBES = {
    "gradient_norm": "Gradient norm, L2",
    "weight_norm": "Weight norm, L2",
    "update_ratio": "Update ÷ weight norm",
    "dead_share": "Dead units, % of the units",
    "saturated_share": "Saturated units, % of the units",
}
SHARES = ("accuracy", "dead_share", "saturated_share")
"""Measures between 0 and 1 that are read in per cent."""
COLUMN = re.compile(
    rf"(?:{'|'.join(MODES)})?(?:{'|'.join(SCORES)})|learning_rate|"
    rf"(?:{'|'.join(PROBES)})/[A-Za-z0-9_]{{1,60}}",
    re.ASCII,
)
"""Every column that a history can have, so that an address cannot name others."""


@dataclass(frozen=True)
class Measure:
    """A column in words.

    Attributes:
        column: As it stands in a history, such as ``val_loss`` or ``gradient_norm/dense_1``.
        label: As a person reads it.
        better: Which way is better; None where neither is, as for a norm.
        share: Whether it lies between 0 and 1 and is read in per cent.
    """

    column: str
    label: str
    better: Better | None
    share: bool


def measure_of(column: str) -> Measure:
    """Return what a column measures; an unknown column is called by its name."""
    probe, _, layer = column.partition("/")
    if layer:
        label = f"{PROBES.get(probe, probe)}, layer {layer}"
        return Measure(column, label, None, probe in SHARES)
    prefix = next((prefix for prefix in MODES if column.startswith(prefix)), "")
    score = column.removeprefix(prefix)
    if score not in SCORES:
        name = column.replace("_", " ").capitalize()
        return Measure(column, name, None, share=False)
    label, better = SCORES[score]
    return Measure(
        column, f"{label}, {MODES[prefix]}" if prefix else label, better, score in SHARES
    )


def is_column(column: str) -> bool:
    """Tell whether a history can have a column of this name."""
    return COLUMN.fullmatch(column) is not None
