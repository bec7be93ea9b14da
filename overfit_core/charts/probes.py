"""What the probes measured: one chart per probe, one line per layer."""

from __future__ import annotations

from typing import Any, NamedTuple

from overfit_core.charts.figure import Curve, epochs_figure, spoken, trace, value_axis
from overfit_core.charts.lines import Lines, lines_of
from overfit_core.charts.theme import Figure, run_style
from overfit_core.training.history import History


class Probe(NamedTuple):
    """How one measurement per layer is drawn."""

    title: str
    log: bool
    share: bool = False


PROBES: dict[str, Probe] = {
    "gradient_norm": Probe("Gradient norm per layer, L2, logarithmic axis", log=True),
    "weight_norm": Probe("Weight norm per layer, L2", log=False),
    "update_ratio": Probe("Update ÷ weight norm per layer, logarithmic axis", log=True),
    "dead_share": Probe("Dead units per layer, % of its units", log=False, share=True),
    "saturated_share": Probe("Saturated units per layer, % of its units", log=False, share=True),
}
"""Probe name, as it stands before the slash of a column, to its chart."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "x", "triangle-down")
FAINTEST = 0.45


def recorded_probes(history: History | Lines) -> tuple[str, ...]:
    """Return the names of the per-layer probes that this history holds."""
    found = {column.partition("/")[0] for column in history if "/" in column}
    return tuple(name for name in PROBES if name in found)


def probe_figure(
    history: History | Lines,
    probe: str,
    optimizer: str,
    *,
    colour: str | None = None,
    revision: str = "",
) -> Figure:
    """Return one probe by epoch, a line per layer, the first layer the faintest.

    Args:
        history: With columns ``{probe}/{layer}``.
        probe: One of ``PROBES``.
        optimizer: Its name; it sets the colour. Layers differ by marker and strength.
        colour: Name of the run's own colour, in place of the optimizer's.
        revision: While it stays the same, Plotly keeps a person's zoom.

    Raises:
        KeyError: If the probe is unknown.
    """
    style = PROBES[probe]
    lines = lines_of(history)
    curves = layer_curves(lines, probe, run_style(optimizer, colour).colour)
    # Fewer points for each line where there are many: what is sent stays bounded.
    points = max(200, 1_600 // max(1, len(curves) // 2))
    traces = [trace(lines, curve, log=style.log, points=points) for curve in curves]
    axis: dict[str, Any] = value_axis(lines, curves, log=style.log)
    unit = "%" if style.share else ""
    if style.share:
        axis = {"range": [-0.03, 1.03], "tickformat": ".0%", "nticks": 6}
        traces = [{**t, "hovertemplate": "%{y:.3~%}"} for t in traces]
    words = " ".join(spoken(lines, curve, unit) for curve in curves)
    return epochs_figure(
        style.title,
        traces,
        alt=f"Line chart of {style.title} by epoch. {words}",
        epoch=lines.last_epoch,
        y_axis=axis,
        height=270,
        revision=revision,
    )


def layer_curves(lines: Lines, probe: str, colour: str) -> list[Curve]:
    """Return a curve per layer, in the order of the network."""
    prefix = f"{probe}/"
    columns = [column for column in lines if column.startswith(prefix)]
    last = max(1, len(columns) - 1)
    return [
        Curve(
            column,
            column.removeprefix(prefix),
            colour,
            SYMBOLS[place % len(SYMBOLS)],
            1.6,
            FAINTEST + (1 - FAINTEST) * place / last,
        )
        for place, column in enumerate(columns)
    ]
