"""Accuracy of a classification, or R² of a regression, by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from overfit_core.charts.figure import (
    LOWEST_R2,
    Mark,
    epochs_figure,
    lowest,
    present,
    spoken,
    trace,
)
from overfit_core.charts.lines import Line, Lines, lines_of
from overfit_core.charts.loss import score_curves
from overfit_core.charts.theme import Figure, run_style
from overfit_core.training.history import History


def accuracy_figure(
    history: History | Lines,
    optimizer: str,
    *,
    colour: str | None = None,
    marks: Sequence[Mark] = (),
    revision: str = "",
) -> Figure:
    """Return accuracy or, where there is none, R² by epoch.

    Args:
        history: With a column ``accuracy`` or ``r2``, and the ``inference_…`` and ``val_…`` ones
            where they were recorded.
        optimizer: Its name; it sets the colour.
        colour: Name of the run's own colour, in place of the optimizer's.
        marks: Epochs to point out.
        revision: While it stays the same, Plotly keeps a person's zoom.

    Raises:
        ValueError: If the history has neither column.
    """
    lines = _meaningful(lines_of(history))
    column, title, unit, axis = _measured(lines)
    curves = present(lines, score_curves(column, run_style(optimizer, colour).colour))
    traces = [trace(lines, curve) for curve in curves]
    if unit:
        traces = [{**t, "hovertemplate": "%{y:.4~%}"} for t in traces]
    words = " ".join(spoken(lines, curve, unit) for curve in curves)
    return epochs_figure(
        title,
        traces,
        alt=f"Line chart of {title} by epoch. {words}",
        epoch=lines.last_epoch,
        y_axis=axis,
        # The loss chart says what the line means; here the text would hide the curve.
        marks=[Mark(mark.epoch, "") for mark in marks],
        height=250,
        revision=revision,
    )


def _measured(lines: Lines) -> tuple[str, str, str, dict[str, Any]]:
    """Return column, title, unit and value axis of what was recorded."""
    if "accuracy" in lines:
        axis: dict[str, Any] = {"range": [-0.03, 1.03], "tickformat": ".0%", "nticks": 6}
        return "accuracy", "Accuracy, % of the samples", "%", axis
    if "r2" in lines:
        axis = {"range": [lowest(lines["r2"].values, LOWEST_R2) - 0.05, 1.05], "nticks": 6}
        return "r2", "R², share of the variance explained", "", axis
    raise ValueError(f"There is no accuracy and no r2 in this history, only {list(lines)}.")


def _meaningful(lines: Lines) -> Lines:
    """Leave out what the epoch that ended a diverging run scored.

    Its predictions are no numbers any more; Keras gives an R² of minus infinity as 0.
    """
    loss = lines.get("loss")
    if loss is None or not len(loss) or np.isfinite(loss.values[-1]):
        return lines
    last = lines.last_epoch
    columns = {
        name: Line(line.epochs, np.where(line.epochs == last, np.nan, line.values))
        for name, line in lines.items()
    }
    return Lines(columns, last)
