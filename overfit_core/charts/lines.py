"""Curves that grow with a run and stay small: what the charts draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from overfit_core.charts.thinning import thinned
from overfit_core.training.history import History
from overfit_core.training.types import FloatArray, IntArray

MAX_KEPT = 8_000
"""Points of one column that are kept at most: five times what is drawn at once."""


@dataclass(frozen=True)
class Line:
    """One column of a history, all of it or thinned.

    Attributes:
        epochs: Rising, shape ``(points,)``.
        values: Shape ``(points,)``.
    """

    epochs: IntArray
    values: FloatArray

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.epochs)

    def at_most(self, points: int) -> Line:
        """Return the line with at most so many points: the same picture, every spike kept."""
        if len(self) <= points:
            return self
        return Line(*thinned(self.epochs, self.values, points))

    def then(self, epochs: IntArray, values: FloatArray) -> Line:
        """Return the line with the points that follow, thinned when it has grown too long."""
        joined = Line(
            np.concatenate([self.epochs, epochs]),
            np.concatenate([self.values, np.asarray(values, dtype=np.float64)]),
        )
        # Thinning to the half leaves room: it is not done again for every chunk.
        return joined.at_most(MAX_KEPT // 2) if len(joined) > MAX_KEPT else joined


class Lines(Mapping[str, Line]):
    """The columns of a history by name, in memory that does not grow with the run.

    A million epochs of twenty probes are 200 MB as a ``History``, and 3 MB here. Extremes, the
    first and the last value of each column are exact; nothing is changed once it is made.

    Attributes:
        last_epoch: The last epoch of the history, 0 when there is none.
    """

    def __init__(self, columns: Mapping[str, Line] | None = None, last_epoch: int = 0) -> None:
        """Hold the columns, which end at ``last_epoch``."""
        self._columns = dict(columns or {})
        self.last_epoch = last_epoch

    def __getitem__(self, name: str) -> Line:
        """Return one column."""
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the column names, in the order of the history."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._columns)

    @cached_property
    def points(self) -> int:
        """How many points all columns have together."""
        return sum(len(line) for line in self._columns.values())

    def then(self, chunk: History) -> Lines:
        """Return these lines with a chunk that follows; epochs already there are left out."""
        new = chunk.epochs > self.last_epoch
        if not new.any():
            return self
        epochs = chunk.epochs[new]
        empty = Line(np.empty(0, dtype=np.int64), np.empty(0))
        columns = {name: self.get(name, empty).then(epochs, chunk[name][new]) for name in chunk}
        return Lines(columns, chunk.last_epoch)


def lines_of(history: History | Lines) -> Lines:
    """Return the lines of a history; lines are returned as they are."""
    return history if isinstance(history, Lines) else Lines().then(history)
