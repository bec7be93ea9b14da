"""The learning rate of every step."""

from __future__ import annotations

from overfit_core.charts.figure import Curve, epochs_figure, spoken, trace
from overfit_core.charts.lines import Lines, lines_of
from overfit_core.charts.theme import Figure, run_style
from overfit_core.training.history import History


def learning_rate_figure(
    history: History | Lines, optimizer: str, *, colour: str | None = None, revision: str = ""
) -> Figure:
    """Return the learning rate by epoch, as the schedule gave it.

    Args:
        history: With a column ``learning_rate``.
        optimizer: Its name; it sets the colour.
        colour: Name of the run's own colour, in place of the optimizer's.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    curve = Curve("learning_rate", "Learning rate", run_style(optimizer, colour).colour)
    lines = lines_of(history)
    top = float(lines["learning_rate"].values.max(initial=0.0)) or 1.0
    return epochs_figure(
        "Learning rate, step size per update",
        [trace(lines, curve)],
        alt=f"Line chart of the learning rate by epoch. {spoken(lines, curve)}",
        epoch=lines.last_epoch,
        y_axis={"range": [0, 1.15 * top], "nticks": 5, "exponentformat": "power"},
        height=250,
        revision=revision,
    )
