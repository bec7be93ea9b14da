"""What drawings of causes have in common: few names, few values, and plain numbers.

A drawing travels as JSON: its numbers are Python's own, and None stands where one is not finite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from overfit_core.diagnosis.facts import Drawing, Facts
from overfit_core.training.types import AnyArray, FloatArray

MOST_NAMES = 16
MOST_LINES = 8
MOST_VALUES = 200
"""Values of one line, and epochs of a window that is drawn without gaps."""
MOST_COLUMNS = 8
DECADES = 30.0
"""Positive values further apart than so many times are drawn on a logarithmic axis."""
LEFT_OUT = "[…]"
"""Ends the heading of a column that stands for those that are not shown."""

Band = tuple[float | None, float | None]


def plain(value: Any) -> float | None:  # noqa: ANN401 - NumPy's numbers have no common type
    """Return a number as Python's float; None if it is not finite."""
    number = float(value)
    return number if math.isfinite(number) else None


def spans_decades(values: AnyArray | Sequence[float]) -> bool:
    """Tell whether the finite values are positive and lie far apart."""
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    return bool(len(finite)) and bool(0 < finite.min() * DECADES < finite.max())


def bars(
    title: str,
    values: Mapping[str, Any],
    *,
    axis: str,
    marked: Sequence[str] = (),
    band: Band | None = None,
    log: bool = False,
) -> Drawing | None:
    """Return one number for each name; None where there is none.

    Args:
        title: What is to be seen.
        values: By name, in the order to be drawn.
        axis: What the numbers are, with their unit.
        marked: Names of what is at fault, the worst first; at most ``MOST_NAMES`` are drawn.
        band: Between which values are sound.
        log: Whether they span decades.
    """
    numbers = {name: plain(value) for name, value in values.items()}
    return _made("bars", MOST_NAMES, title, numbers, marked, axis=axis, band=band, log=log)


def ranges(
    title: str,
    values: Mapping[str, tuple[Any, Any]],
    *,
    axis: str,
    marked: Sequence[str] = (),
    band: Band | None = None,
) -> Drawing | None:
    """Return a smallest and a largest value for each name, None where it has no end."""
    ends = {name: (plain(low), plain(high)) for name, (low, high) in values.items()}
    return _made("ranges", MOST_NAMES, title, ends, marked, axis=axis, band=band)


def lines(
    title: str,
    values: Mapping[str, Any],
    *,
    axis: str,
    marked: Sequence[str] = (),
    band: Band | None = None,
    log: bool = False,
    first_epoch: int = 1,
) -> Drawing | None:
    """Return one line for each name, of every n-th epoch so that the last one is among them.

    Args:
        title: What is to be seen.
        values: One per epoch, by name; a line may end before another does.
        axis: What they are, with their unit.
        marked: Names of what is at fault; at most ``MOST_LINES`` are drawn.
        band: Between which values are sound.
        log: Whether they span decades.
        first_epoch: Epoch of the first value.
    """
    epochs = max((len(column) for column in values.values()), default=0)
    if not epochs:
        return None
    every = math.ceil(epochs / MOST_VALUES)
    start = (epochs - 1) % every
    thin = {name: tuple(plain(v) for v in column[start::every]) for name, column in values.items()}
    return _made(
        "lines", MOST_LINES, title, thin, marked,
        axis=axis, band=band, log=log, first_epoch=first_epoch + start, every=every,
    )  # fmt: skip


def _made(
    kind: Literal["bars", "ranges", "lines"],
    most: int,
    title: str,
    values: Mapping[str, Any],
    marked: Sequence[str],
    **more: Any,  # noqa: ANN401 - fields of Drawing
) -> Drawing | None:
    """Keep what is at fault and, in order, of the rest what there is room for."""
    if not values:
        return None
    wanted = dict.fromkeys([*(name for name in marked if name in values), *values])
    chosen = set(list(wanted)[:most])
    names = tuple(name for name in values if name in chosen)
    if len(names) < len(values):
        title = f"{title} {len(values) - len(names):,} more are not drawn."
    at_fault = tuple(place for place, name in enumerate(names) if name in set(marked))
    drawn = tuple(values[name] for name in names)
    return Drawing(kind, title, names, drawn, marked=at_fault, **more)


def medians(facts: Facts, measure: str, part: slice) -> dict[str, float]:
    """Return the median of a probe over some epochs, by layer; empty where nothing was trained."""
    if facts.run is None:
        return {}
    columns = {name: facts.run.column(measure, name) for name in facts.run.layers_with(measure)}
    return {name: float(np.median(c[part])) for name, c in columns.items() if len(c[part])}


def probe_lines(
    facts: Facts,
    measure: str,
    title: str,
    *,
    axis: str,
    marked: Sequence[str],
    band: Band | None = None,
) -> Drawing | None:
    """Return a probe by epoch, one line for each layer."""
    if facts.run is None:
        return None
    columns = {name: facts.run.column(measure, name) for name in facts.run.layers_with(measure)}
    return lines(title, columns, axis=axis, marked=marked, band=band)


def loss_line(
    facts: Facts, title: str, *, last: int | None = None, band: Band | None = None
) -> Drawing | None:
    """Return the loss by epoch.

    Args:
        facts: With a run.
        title: What is to be seen.
        last: Where given, only the epochs up to this one that can be drawn without gaps, in which
            no leap and no swing is lost.
        band: Between which losses are sound.
    """
    if facts.run is None:
        return None
    end = facts.run.epochs if last is None else min(last, facts.run.epochs)
    start = 0 if last is None else max(0, end - MOST_VALUES)
    loss = facts.run.losses[start:end]
    seen = [*loss, *(limit for limit in band or () if limit is not None)]
    return lines(
        title, {"loss": loss}, axis="Loss", band=band, log=spans_decades(seen),
        first_epoch=start + 1,
    )  # fmt: skip


def trial_lines(facts: Facts, losses: FloatArray) -> Drawing | None:
    """Return the loss of a run beside that of a trial with a change.

    Args:
        facts: With a run.
        losses: Of the trial, by epoch.
    """
    if facts.run is None:
        return None
    both = {"as it is": facts.run.losses, "with the change": losses}
    return lines(
        "The loss as it is, and with the change.", both, axis="Loss", marked=["as it is"],
        log=spans_decades([*facts.run.losses, *losses]),
    )  # fmt: skip


def headed(
    name: str, values: AnyArray, wanted: Sequence[int] | None = None, most: int = MOST_COLUMNS
) -> dict[str, AnyArray | None]:
    """Return the columns of an array as NumPy names them: ``x[:, 3]``.

    Args:
        name: Of the array.
        values: Samples first.
        wanted: Which columns, counted along all axes but the first; all if None.
        most: Columns to show; ``x[…]``, without values, stands for what is left out.
    """
    rows = np.asarray(values).reshape(len(values), -1)
    shape, every = values.shape[1:] or (1,), range(rows.shape[1])
    shown = list(every if wanted is None else wanted)[:most]
    table: dict[str, AnyArray | None] = {}
    for place in shown:
        at = ", ".join(str(int(i)) for i in np.unravel_index(place, shape))
        table[name if len(every) == 1 else f"{name}[:, {at}]"] = rows[:, place]
    return table if len(shown) == len(every) else table | {f"{name}{LEFT_OUT}": None}


def sample_rows(
    title: str, places: Sequence[int], columns: Mapping[str, AnyArray | None]
) -> Drawing | None:
    """Return some samples as a table.

    Args:
        title: What is to be seen.
        places: Of the samples in the batch, counted from 0 as in the evidence.
        columns: By heading, shape ``(samples,)``; None for one without values.
    """
    if not len(places):
        return None
    names = tuple(f"sample {int(place)}" for place in places)
    values = tuple(
        tuple(None if column is None else plain(column[place]) for column in columns.values())
        for place in places
    )
    return Drawing(
        "samples", title, names, values, marked=tuple(range(len(names))), columns=tuple(columns)
    )
