"""Rows of data before they become a batch, and two ways to get them: drawing and choosing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from overfit_core.batches.catalogue import Source
    from overfit_core.spec import BatchSpec

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Settings: TypeAlias = dict[str, int | float]
"""The settings of a source by name, none of them empty."""

POOL = 4096
"""Rows of a pool that is made by scikit-learn: enough for the largest batch and held-out part."""

DRAW, HELD_OUT, LABEL_NOISE, CHOOSE = range(4)
"""Independent streams of random numbers of one seed."""


@dataclass(frozen=True)
class Rows:
    """Samples in the types of their source.

    Attributes:
        x: inputs, float64 (rows, …).
        y: class numbers, int (rows,), or numbers, float64 (rows,).
        feature_names: names along the last axis of x; empty where there are none.
        class_names: names of the classes; empty for regression.
    """

    x: Array
    y: Array
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def take(self, chosen: Array | slice) -> Rows:
        """The chosen rows, in that order."""
        return Rows(self.x[chosen], self.y[chosen], self.feature_names, self.class_names)


Draw: TypeAlias = Callable[[np.random.Generator, int, Settings], Rows]
"""Makes so many rows from a generator; a longer draw begins with the rows of a shorter one."""
Pool: TypeAlias = Callable[[int, Settings], Rows]
"""Gives all rows there are; the seed matters to what scikit-learn makes."""


def generator(seed: int, stream: int) -> np.random.Generator:
    """Random numbers of one of the streams of a seed."""
    return np.random.default_rng(np.random.SeedSequence([seed, stream]))


def settings_of(source: Source, spec: BatchSpec) -> Settings:
    """Every setting of the source, as `spec` has it or at its default."""
    return {
        name: int(source.setting(spec, name))
        if isinstance(setting.default, int)
        else float(source.setting(spec, name))
        for name, setting in source.settings.items()
    }


def drawn(draw: Draw, spec: BatchSpec, settings: Settings) -> tuple[Rows, Rows]:
    """Batch and held-out rows, drawn from streams of their own."""
    return (
        draw(generator(spec.seed, DRAW), spec.samples, settings),
        draw(generator(spec.seed, HELD_OUT), spec.held_out, settings),
    )


def chosen(pool: Pool, spec: BatchSpec, settings: Settings) -> tuple[Rows, Rows]:
    """Batch and held-out rows, chosen from all rows without repetition, classes balanced.

    The batch is the beginning of one shuffled order and the held-out part what follows: a larger
    batch holds the smaller one, and holding rows out leaves the batch as it was.
    """
    rows = pool(spec.seed, settings)
    order = balanced_order(rows.y, generator(spec.seed, CHOOSE), stratify=bool(rows.class_names))
    end = spec.samples + spec.held_out
    return rows.take(order[: spec.samples]), rows.take(order[spec.samples : end])


def first(pool: Pool, spec: BatchSpec, settings: Settings) -> tuple[Rows, Rows]:
    """Batch and held-out rows in the order in which the source has them."""
    rows = pool(spec.seed, settings)
    end = spec.samples + spec.held_out
    return rows.take(slice(0, spec.samples)), rows.take(slice(spec.samples, end))


def balanced_order(y: Array, rng: np.random.Generator, *, stratify: bool) -> Array:
    """A random order of all rows, in which every beginning has as many of each class as can be.

    Args:
        y: class numbers, or anything if not stratified, (rows,).
        rng: makes the order.
        stratify: whether the classes take turns, as long as they last.

    Returns:
        Row numbers, int (rows,).
    """
    order = rng.permutation(len(y))
    if not stratify:
        return order
    labels = y[order]
    turn = np.empty(len(y), dtype=np.int64)
    for label in np.unique(labels):
        own = labels == label
        turn[own] = np.arange(own.sum())
    # Which class goes first in a turn is random too, the same in every turn.
    place = rng.permutation(int(y.max()) + 1)[labels]
    by_turn: Array = order[np.lexsort((place, turn))]
    return by_turn
