"""The cells of the heat strip of a race: colour, text, hover."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.race_looks import (
    goal,
    seeds_said,
    spread_said,
)
from overfit_core.charts.theme import Figure

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.scores import Cell

SCALE = "Viridis"
"""Perceptually uniform, and read by colour-blind people; fast is bright, in both themes."""
MOST_WRITTEN = 12
"""Up to so many learning rates the cells have room for numbers, also on a phone."""
GAP = {"xgap": 2, "ygap": 9}

KEY = "grey: missed  ▲ default  □ best"

Cells = Mapping[tuple[int, float], "Cell"]


class _Grid(NamedTuple):
    """Rows of cells, each with its value (None: nothing there), text, hover and data."""

    z: list[list[float | None]]
    text: list[list[str]]
    hover: list[list[str]]
    data: list[list[list[Any]]]


def _grid(plan: RacePlan, cells: Cells, names: Sequence[str], *, missed: bool) -> _Grid:
    """Return the cells that are misses, or those that are not."""
    grid = _Grid([], [], [], [])
    written = len(plan.learning_rates) <= MOST_WRITTEN
    for place in range(len(plan.optimizers)):
        for part in grid:
            part.append([])
        for rate in plan.learning_rates:
            cell = cells.get((place, rate))
            median = math.nan if cell is None else float(cell.epochs.median)
            here = cell is not None and math.isinf(median) == missed
            grid.z[-1].append((0.0 if missed else math.log10(median)) if here else None)
            grid.text[-1].append(_written(cell, written) if here and cell else "")
            grid.hover[-1].append(hover(plan, cell, names) if here and cell else "")
            grid.data[-1].append([place, rate, None])
    return grid


def _cells_trace(plan: RacePlan, grid: _Grid) -> Figure:
    return {
        "type": "heatmap",
        "x": list(range(len(plan.learning_rates))),
        "y": list(range(len(plan.optimizers))),
        "z": grid.z,
        "text": grid.text,
        "texttemplate": "%{text}",
        "hovertext": grid.hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "hoverongaps": False,
        "customdata": grid.data,
    } | GAP


def missed_cells(plan: RacePlan, cells: Cells, names: Sequence[str]) -> Figure:
    """Return the cells whose median is a miss, in grey."""
    grey = [[0, "@grid"], [1, "@grid"]]
    return _cells_trace(plan, _grid(plan, cells, names, missed=True)) | {
        "name": "Missed",
        "colorscale": grey,
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "textfont": {"color": "@muted", "size": 10},
    }


def reached_cells(plan: RacePlan, cells: Cells, names: Sequence[str], height: int) -> Figure:
    """Return the cells that reach the target, coloured by the logarithm of their epochs."""
    grid = _grid(plan, cells, names, missed=False)
    values = [value for row in grid.z for value in row if value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    # Even a race of equals has a scale, of one step.
    high = max(high, low + 0.05)
    at = _scale_marks(low, high)
    return _cells_trace(plan, grid) | {
        "name": "Reached",
        "colorscale": SCALE,
        "reversescale": True,
        "zmin": low,
        "zmax": high,
        "showscale": bool(values),
        "colorbar": {
            "orientation": "h",
            "thickness": 10,
            "len": 1,
            "x": 0.5,
            "y": -46 / height,
            "yanchor": "top",
            "ypad": 0,
            "outlinewidth": 0,
            "tickvals": [math.log10(value) for value in at],
            "ticktext": [number(value) for value in at],
            "tickfont": {"color": "@muted", "size": 12},
            "title": {
                "text": f"Epochs to {goal(plan.target)}, median<br>{KEY}",
                "side": "bottom",
                "font": {"color": "@muted", "size": 12},
            },
        },
    }


def _scale_marks(low: float, high: float) -> list[float]:
    """Return at most seven round numbers of epochs between two logarithms."""
    for steps in ((1, 2, 5), (1, 3), (1,)):
        exponents = range(math.floor(low), math.ceil(high) + 1)
        marks = [step * 10.0**exponent for exponent in exponents for step in steps]
        inside = [mark for mark in marks if low - 1e-9 <= math.log10(mark) <= high + 1e-9]
        if len(inside) <= 7:
            break
    return inside if len(inside) > 1 else [10**low, 10**high]


def _written(cell: Cell, room: bool) -> str:
    median, reached = float(cell.epochs.median), sum(run.reached for run in cell.runs)
    share = f"{reached}/{len(cell.runs)}"
    if math.isinf(median):
        return ("–" if not reached else f"–<br>{share}") if room else ""
    if not room:
        return ""
    return _short(median) if cell.reached_always else f"{_short(median)}<br>{share}"


def _short(value: float) -> str:
    """Return a number of epochs in four characters at most: ``45``, ``1.2k``, ``12k``."""
    units = ((1.0, ""), (1e3, "k"), (1e6, "M"))
    worth, unit = next((one for one in units if value < 999.5 * one[0]), units[-1])
    count = value / worth
    return f"{count:.1f}{unit}" if unit and count < 9.95 else f"{count:.0f}{unit}"


def hover(plan: RacePlan, cell: Cell, names: Sequence[str]) -> str:
    """Return what a cell says when it is pointed at."""
    usual = ", Keras’s default" if cell.learning_rate == plan.default_rate(cell.optimizer) else ""
    return (
        f"{plot_text(names[cell.optimizer])}, learning rate {number(cell.learning_rate)}{usual}<br>"
        f"Epochs to target: {spread_said(cell.epochs, len(cell.runs))}<br>"
        f"{seeds_said(cell.runs, plan).capitalize()}"
    )


def some_missed(plan: RacePlan, cells: Cells) -> list[Figure]:
    """Return a ring in each cell that some seeds missed, where numbers have no room."""
    found = [
        cell
        for cell in cells.values()
        if 0 < cell.success_rate < 1 and len(plan.learning_rates) > MOST_WRITTEN
    ]
    if not found:
        return []
    return [
        {
            "type": "scatter",
            "name": "Missed by some seeds",
            "x": [plan.learning_rates.index(cell.learning_rate) for cell in found],
            "y": [cell.optimizer for cell in found],
            "mode": "markers",
            "marker": {
                "symbol": "circle",
                "size": 6,
                "color": "@background",
                "line": {"color": "@text", "width": 1},
            },
            "hoverinfo": "skip",
        }
    ]
