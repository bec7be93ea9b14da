"""The samples of a run as rows of text and pictures, for a page without widgets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from overfit_core.charts.numbers import count, number
from overfit_core.charts.samples import sample_table
from overfit_core.training.result import Samples

MOST = 64
"""Samples that are listed; the others are counted."""
STEPS_SHOWN = 6


class Cell(NamedTuple):
    """A text, or a picture as a ``data:`` URL."""

    text: str
    image: str | None = None


class SampleRows(NamedTuple):
    """The table: column names, rows, and in words how many of the samples it shows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shown: str


def sample_rows(samples: Samples) -> SampleRows:
    """Return the first samples, one a row, with label, prediction and epoch of learning."""
    total = len(samples.x)
    frame, inputs = sample_table(_first(samples))
    rows = tuple(
        (
            Cell(str(sample)),
            *(
                _cell(value, image=inputs == "image" and name == "input")
                for name, value in zip(frame, values, strict=True)
            ),
        )
        for sample, *values in frame.itertuples()
    )
    shown = count(total, "sample") if total <= MOST else f"the first {MOST} of {total:,}"
    return SampleRows(("sample", *map(str, frame)), rows, shown)


def _first(samples: Samples) -> Samples:
    def cut(values: Any) -> Any:  # noqa: ANN401 - an array or nothing
        return None if values is None else values[:MOST]

    return Samples(
        cut(samples.x),
        cut(samples.y),
        samples.task,
        samples.class_names,
        cut(samples.prediction),
        cut(samples.learned_epoch),
        cut(samples.correct),
    )


def _cell(value: Any, *, image: bool) -> Cell:  # noqa: ANN401 - whatever a table holds
    if image:
        return Cell("", str(value))
    if isinstance(value, list):
        start = ", ".join(number(float(v), 3) for v in value[:STEPS_SHOWN])
        left = len(value) - STEPS_SHOWN
        return Cell(f"{start}, … and {left} more" if left > 0 else start)
    if value is pd.NA:
        return Cell("–")
    if isinstance(value, float | np.floating):
        return Cell(number(float(value)))
    return Cell(str(value))
