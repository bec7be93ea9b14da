"""Loss by epoch."""

from __future__ import annotations

from collections.abc import Sequence

from overfit_core.charts.figure import (
    Curve,
    Mark,
    epochs_figure,
    present,
    spoken,
    trace,
    value_axis,
)
from overfit_core.charts.lines import Lines, lines_of
from overfit_core.charts.theme import Figure, run_style
from overfit_core.training.history import History


def loss_figure(
    history: History | Lines,
    optimizer: str,
    *,
    colour: str | None = None,
    log: bool = True,
    marks: Sequence[Mark] = (),
    revision: str = "",
) -> Figure:
    """Return loss by epoch: in training, in inference where that differs, and held out.

    Args:
        history: With a column ``loss``, and ``inference_loss`` and ``val_loss`` where they were
            recorded.
        optimizer: Its name; it sets the colour.
        colour: Name of the run's own colour, in place of the optimizer's.
        log: Whether the loss axis is logarithmic.
        marks: Epochs to point out.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    lines = lines_of(history)
    curves = present(lines, score_curves("loss", run_style(optimizer, colour).colour))
    words = " ".join(spoken(lines, curve) for curve in curves)
    scale = "logarithmic axis" if log else "linear axis"
    return epochs_figure(
        f"Loss, {scale}",
        [trace(lines, curve, log=log) for curve in curves],
        alt=f"Line chart of the loss by epoch, {scale}. {words}",
        epoch=lines.last_epoch,
        y_axis=value_axis(lines, curves, log=log),
        marks=marks,
        height=330,
        revision=revision,
    )


def score_curves(column: str, colour: str) -> list[Curve]:
    """Return the curves of one figure of merit: training, inference mode, held-out samples."""
    return [
        Curve(column, "Training", colour, width=2.5),
        Curve(f"inference_{column}", "Inference", colour, "square-open", 1.2),
        Curve(f"val_{column}", "Held out", "@muted", "circle-open", 1.5),
    ]
