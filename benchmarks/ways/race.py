"""The grid that the ways of a race share: ``python -m benchmarks.ways.NAME PRESET EPOCHS …``.

The command line goes on with the number of learning rates, of seeds, how often the race is
repeated, and the optimizers.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

OPTIMIZERS = "SGD RMSprop Adam AdamW Adamax Nadam Adagrad Lion".split()
"""Those that optax has as well."""


class Grid(NamedTuple):
    """What is raced."""

    preset: str
    epochs: int
    rates: int
    seeds: int
    repeats: int
    optimizers: list[str]

    @property
    def words(self) -> list[str]:
        """The grid as the command line takes it."""
        return [str(part) for part in self[:5]] + self.optimizers


def grid() -> Grid:
    """Return what the command line asks for."""
    preset, epochs, rates, seeds, repeats, *optimizers = sys.argv[1:]
    return Grid(preset, int(epochs), int(rates), int(seeds), int(repeats), optimizers)
