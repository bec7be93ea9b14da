"""How the curves of several runs are told apart, and what the legend says of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.theme import Figure, OptimizerStyle, optimizer_style, run_style
from overfit_core.comparison.differences import style_name
from overfit_core.comparison.run import ComparedRun

DASHES = (
    "solid",
    "dash",
    "dot",
    "dashdot",
    "longdash",
    "longdashdot",
    "2px,6px",
    "14px,3px,2px,3px,2px,3px",
    "6px,2px",
    "18px,8px",
)
"""Dash of the smallest learning rate, of the next one, and so on; then they begin again."""
SHAPES = ("square", "triangle-up", "cross", "star", "hexagon", "triangle-down", "hourglass")
MARKERS = (*SHAPES, *(f"{shape}-open" for shape in SHAPES))
"""What tells curves of the same colour and dash apart; the first of them has none of these."""
NAMED_CURVES = 10
"""Up to here the legend names each run; above, each optimizer with its learning rates."""
MOST_ENTRIES = 20
"""Above, the legend names each optimizer once, and each learning rate: 10 and 5, never 50."""
EXPLAINS = "explains"
"""The meta of an entry of the legend that belongs to no curve, so that a click hides none."""


@dataclass(frozen=True)
class Look:
    """How one run is drawn, and where the legend has it; its texts are as Plotly reads them.

    Attributes:
        name: The run's.
        style: Colour and symbol.
        dash: Of the line.
        entry: What the legend calls the curve, and those that look like it.
        width: Of the line, in pixels.
        rate: The entry of the learning rate, where the legend has one for each.
    """

    name: str
    style: OptimizerStyle
    dash: str
    entry: str
    width: float = 2.0
    rate: str | None = None

    @property
    def symbol(self) -> str | None:
        """The marker on the curve; None for a plain line."""
        return None if self.style.symbol == "circle" else self.style.symbol

    def band(self, group: str) -> str:
        """Return to which entry of the legend a group of seeds belongs: its own, if it has one."""
        return self.entry if self.rate else group


def looks_of(
    runs: Sequence[ComparedRun],
    names: Mapping[str, str],
    baseline: str | None,
    together: Collection[str] = (),
) -> dict[str, Look]:
    """Return how each run is drawn, by its id; no two entries of the legend look alike.

    Args:
        runs: All that are compared, so that a run looks alike in every chart.
        names: A short name per run.
        baseline: Id of the run that is drawn boldly.
        together: Groups of seeds that are drawn as one.
    """
    rates = sorted({run.spec.optimizer.base_learning_rate for run in runs})
    dashes = {rate: DASHES[place % len(DASHES)] for place, rate in enumerate(rates)}
    each, apart = len(runs) <= NAMED_CURVES, _is_long(runs, len(rates), together)
    markers: dict[tuple[str, str], dict[str, str]] = {}
    looks = {}
    for run in runs:
        optimizer, dash = run.spec.optimizer, dashes[run.spec.optimizer.base_learning_rate]
        style, first = run_style(optimizer.name, run.colour), run.id == baseline
        own = style.colour != optimizer_style(optimizer.name).colour or first
        name = plot_text(names[run.id])
        shared = optimizer.name if apart else style_name(run.spec)
        entry = name if each or own else shared
        alike = markers.setdefault((style.colour, "" if apart else dash), {})
        unit = run.group if run.group in together and not first and not apart else entry
        free = (mark for mark in (style.symbol, *MARKERS) if mark not in alike.values())
        symbol = alike.get(unit) or next(free, style.symbol)
        alike[unit] = symbol
        rate = f"rate {number(optimizer.base_learning_rate)}" if apart and not own else None
        looks[run.id] = Look(
            name, style._replace(symbol=symbol), dash, entry, 4.0 if first else 2.0, rate
        )
    return looks


def _is_long(runs: Sequence[ComparedRun], rates: int, together: Collection[str]) -> bool:
    """Return whether a legend of optimizers with their learning rates would be too long to read.

    With more learning rates than dashes there is no other: a dash would stand for several.
    """
    entries = {run.group if run.group in together else style_name(run.spec) for run in runs}
    return len(entries) > MOST_ENTRIES and rates <= len(DASHES)


def rate_entries(looks: Iterable[Look]) -> list[Figure]:
    """Return a line for each learning rate that the legend explains by itself."""
    dashes = {look.rate: look.dash for look in looks if look.rate}
    return [
        {
            "type": "scatter",
            "name": rate,
            "x": [None],
            "y": [None],
            "mode": "lines",
            "line": {"color": "@muted", "width": 2.0, "dash": dash},
            "legendgroup": rate,
            "showlegend": True,
            "hoverinfo": "skip",
            "meta": EXPLAINS,
        }
        for rate, dash in sorted(dashes.items(), key=lambda item: DASHES.index(item[1]))
    ]
