"""What can be seen of a batch before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from overfit_core.diagnosis.masks import counted_in, without_filling
from overfit_core.diagnosis.padding import Padding, kept_steps, padding_in
from overfit_core.training.types import AnyArray, Arrays, BoolArray, FloatArray, IntArray

SHOWN_SAMPLES = 6
"""At most so many places are named in evidence."""


@dataclass(frozen=True)
class Columns:
    """Statistics per column: per feature of a table, per channel of images and sequences.

    Attributes:
        low: Smallest value, shape ``(columns,)``.
        high: Largest value.
        mean: Mean.
        std: Standard deviation, over all samples and positions.
    """

    low: FloatArray
    high: FloatArray
    mean: FloatArray
    std: FloatArray

    @classmethod
    def of(cls, values: AnyArray) -> Columns:
        """Look at an array, samples first, columns last; numbers that are not finite left out."""
        rows = np.asarray(values, float)
        rows = rows.reshape(-1, rows.shape[-1] if rows.ndim > 1 else 1)
        rows = np.where(np.isfinite(rows), rows, np.nan)
        with np.errstate(all="ignore"):
            kept = rows[:, ~np.isnan(rows).all(axis=0)]
            return cls(
                np.nanmin(kept, 0), np.nanmax(kept, 0), np.nanmean(kept, 0), np.nanstd(kept, 0)
            )

    @property
    def largest(self) -> FloatArray:
        """Largest absolute value of each column."""
        return np.maximum(np.abs(self.low), np.abs(self.high), dtype=float)

    @property
    def constant(self) -> BoolArray:
        """Which columns are the same everywhere."""
        return np.equal(self.high, self.low)


@dataclass(frozen=True)
class Contradictions:
    """Samples that are equal but labelled differently.

    Attributes:
        group: Shape ``(samples,)``: equal numbers for equal inputs.
        pairs: Places of samples that contradict each other, one tuple for each group.
    """

    group: IntArray
    pairs: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class BatchFacts:
    """The batch, looked at.

    Attributes:
        x: Inputs by name; one input is called ``x``.
        y: Labels, samples first.
        columns: Statistics of each floating-point input.
        labels: Statistics of the labels that count.
        bad: Places of numbers that are not finite: ``x[3, 0] is nan``.
        contradictions: Equal samples with different labels.
        mask: Which steps of the labels count, shape ``(samples, steps)``; None where all do.
        names: Names of the columns of the only input; empty where they have none.
        label: What the labels are called in code: ``y``, or ``y['price']`` of several outputs.
        answer: What the output is called in code: ``model(x)``, or ``model(x)['price']``.
        each: The labels of each output by what they are called, where ``y`` holds several.
    """

    x: dict[str, AnyArray]
    y: AnyArray
    columns: dict[str, Columns]
    labels: Columns
    bad: tuple[str, ...]
    contradictions: Contradictions = field(repr=False)
    mask: BoolArray | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    label: str = "y"
    answer: str = "model(x)"
    each: Mapping[str, AnyArray] = field(default_factory=dict, repr=False)

    @property
    def arrays(self) -> list[tuple[str, AnyArray]]:
        """Inputs and labels, by what they are called."""
        return [*self.x.items(), *(self.each or {self.label: self.y}).items()]

    @property
    def meant(self) -> AnyArray:
        """The labels, with another one in the place of each that does not count."""
        return without_filling(self.y, self.mask)

    def column(self, place: int) -> str:
        """Return what a column of the inputs is called: ``petal width (column 3)``."""
        of_one = len(self.x) == 1 and len(self.names) == next(iter(self.x.values())).shape[-1]
        return f"{self.names[place]} (column {place})" if of_one else f"column {place}"

    @property
    def samples(self) -> int:
        """How many there are."""
        return len(self.y)


def by_name(x: Arrays) -> dict[str, AnyArray]:
    """Return inputs by name: their own, or ``x``, or ``x[0]``, ``x[1]`` and so on."""
    if isinstance(x, dict):
        return {str(name): np.asarray(part) for name, part in x.items()}
    if isinstance(x, list | tuple):
        return {f"x[{place}]": np.asarray(part) for place, part in enumerate(x)}
    return {"x": np.asarray(x)}


def look_at(
    x: dict[str, AnyArray],
    y: AnyArray,
    mask: BoolArray | None = None,
    names: tuple[str, ...] = (),
    padding: Padding = MappingProxyType({}),
    label: str = "y",
    answer: str = "model(x)",
) -> BatchFacts:
    """Look at a batch.

    Args:
        x: Inputs by name, samples first.
        y: Labels, samples first.
        mask: Which steps of them count, shape ``(samples, steps)``; None where all do.
        names: Names of the columns of the only input; empty where they have none.
        padding: What padded steps of the inputs hold, by name; they are left out of the columns.
        label: What the labels are called in code.
        answer: What the output is called in code.
    """
    numbers = {
        name: a if (keep := kept_steps(a, padding_in(name, padding))) is None else a[keep]
        for name, a in x.items()
        if a.dtype.kind in "fiu"
    }
    counted = counted_in(mask, y.shape)
    if counted is not None and not counted.any():
        counted = None
    bad = [place for name, a in (*x.items(), (label, y)) for place in _not_finite(name, a)]
    return BatchFacts(
        x=x,
        y=y,
        columns={name: Columns.of(a) for name, a in numbers.items()},
        labels=Columns.of(y if counted is None else np.where(counted, y, np.nan)),
        bad=tuple(bad[:SHOWN_SAMPLES]),
        contradictions=_contradictions(x, y if counted is None else np.where(counted, y, 0)),
        mask=None if counted is None else mask,
        names=names,
        label=label,
        answer=answer,
    )


def _not_finite(name: str, values: AnyArray) -> list[str]:
    if values.dtype.kind != "f":
        return []
    places = np.argwhere(~np.isfinite(values))[:SHOWN_SAMPLES]
    return [f"{name}{[int(i) for i in place]} is {values[tuple(place)]}" for place in places]


def _contradictions(x: dict[str, AnyArray], y: AnyArray) -> Contradictions:
    rows = np.concatenate([np.asarray(a, float).reshape(len(y), -1) for a in x.values()], axis=1)
    _, group = np.unique(rows, axis=0, return_inverse=True)
    group = group.reshape(-1)
    labels = np.asarray(y, float).reshape(len(y), -1)
    pairs = []
    for number in np.flatnonzero(np.bincount(group) > 1):
        members = np.flatnonzero(group == number)
        if len(np.unique(labels[members], axis=0)) > 1:
            pairs.append(tuple(int(i) for i in members))
    return Contradictions(group, tuple(pairs))
