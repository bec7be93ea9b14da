"""Evidence in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SHOWN = 8
"""Of a longer list so many values are named."""


def evidence_lines(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return evidence as pairs to read: ``("learning rate", "0.001")``."""
    return [(name.replace("_", " "), in_words(value)) for name, value in evidence.items()]


def in_words(value: object) -> str:
    """Return a value of evidence as people write it: ``0.5``, ``2 and 5; 3, 4 and 7``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "not finite"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {in_words(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return _listed(list(value))
    return "none" if value is None else str(value)


def _listed(values: list[Any]) -> str:
    more = len(values) - SHOWN
    said = [in_words(one) for one in values[:SHOWN]]
    if more > 0:
        said.append(f"{more:,} more")
    if any(isinstance(one, list | tuple) for one in values):
        return "; ".join(said)
    return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]])) if said else "none"
