"""How the optimizers of a race look in its charts, and its numbers in words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overfit_core.charts.compare_looks import DASHES, MARKERS
from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.theme import optimizer_style
from overfit_core.racing.names import REFERENCE_NAME

if TYPE_CHECKING:
    from overfit_core.comparison.bands import Quartiles
    from overfit_core.comparison.target import Target
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun

NAME_WIDTH = 18
"""Letters in a line of a name beside its row."""


@dataclass(frozen=True)
class RaceLook:
    """How one optimizer of a race is drawn; its name is as Plotly reads it.

    Attributes:
        name: What the legend calls it.
        colour: That of its class, on every page.
        symbol: Of its class; others for the second of a class and those that follow.
        dash: Solid for the first of its class.
    """

    name: str
    colour: str
    symbol: str
    dash: str

    @property
    def marker(self) -> str | None:
        """The symbol on a long curve; None for one that needs none to be told apart."""
        return None if self.symbol == "circle" else self.symbol


REFERENCE_LOOK = RaceLook(REFERENCE_NAME, "@text", "circle", "dash")
"""How the reference is drawn, which is no optimizer of the race."""


def race_looks(plan: RacePlan, names: Sequence[str]) -> list[RaceLook]:
    """Return how each optimizer of the plan is drawn; no two of them look alike."""
    looks: list[RaceLook] = []
    same: dict[str, int] = {}
    for optimizer, name in zip(plan.optimizers, names, strict=True):
        style, before = optimizer_style(optimizer.name), same.get(optimizer.name, 0)
        taken = {(look.colour, look.symbol) for look in looks}
        # None of these is the own symbol of a class, so that one which follows still has its own.
        free = (symbol for symbol in MARKERS if (style.colour, symbol) not in taken)
        symbol = next(free, style.symbol) if before else style.symbol
        dash = DASHES[before % len(DASHES)]
        looks.append(RaceLook(plot_text(name), style.colour, symbol, dash))
        same[optimizer.name] = before + 1
    return looks


def goal(target: Target) -> str:
    """Return what is to reach in a sentence: ``loss 0.01`` or ``accuracy 90 %``."""
    label = target.measure.label
    return f"{label if label == 'R²' else label.lower()} {target.said}"


def seeds_said(runs: Sequence[RaceRun], plan: RacePlan) -> str:
    """Return how many seeds reached the target, and whether some are still to come."""
    reached, there = sum(run.reached for run in runs), len(runs)
    so_far = "" if there >= len(plan.seeds) else " so far"
    return f"reached by {reached} of {there} {'seed' if there == 1 else 'seeds'}{so_far}"


def value_said(value: Any) -> str:  # noqa: ANN401 - one entry of a NumPy array
    """Return a number in words; an infinite one is a miss."""
    return "missed" if math.isinf(value) else number(float(value))


def spread_said(found: Quartiles, seeds: int, unit: str = "") -> str:
    """Return a median in words, with its quartiles where there are several seeds.

    Args:
        found: The quartiles; a miss is infinite.
        seeds: How many they are of.
        unit: What follows a median that is no miss.
    """
    lower, median, upper = map(value_said, (found.lower, found.median, found.upper))
    said = median if median == "missed" else median + unit
    return f"{said} (middle half {lower} to {upper})" if seeds > 1 and lower != upper else said


def wrapped(name: str) -> str:
    """Return a name on few short lines, as Plotly reads it."""
    return "<br>".join(plot_text(line) for line in textwrap.wrap(name, NAME_WIDTH))
