"""Changes of a batch: of inputs, labels and samples."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.diagnosis.masks import steps_of
from overfit_core.diagnosis.scaling import scaled_inputs, standardised
from overfit_core.training.types import AnyArray

if TYPE_CHECKING:
    from overfit_core.diagnosis.changes import Setup

MOST_NUMBERS = 50_000_000
"""Labels are not written as one-hot rows where these would hold more."""


def scale_inputs(setup: Setup, _value: str) -> Setup:
    """Standardise every input that holds no token ids."""
    return replace(setup, x=scaled_inputs(setup.x, setup.tokens, setup.padding))


def scale_targets(setup: Setup, _value: str) -> Setup:
    """Standardise the targets that count."""
    steps = steps_of(setup.masks[setup.place], np.shape(setup.y))
    return replace(setup, y=standardised(setup.y, steps))


def relabel(setup: Setup, value: str) -> Setup:
    """Write labels in another form."""
    y = np.asarray(setup.y)
    if value == "one_hot":
        numbers = y.reshape(y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape).astype(
            int
        )
        shape = (*numbers.shape, int(numbers.max()) + 1)
        if math.prod(shape) > MOST_NUMBERS:
            raise ValueError(
                f"As one-hot rows the labels would be {math.prod(shape):,} numbers; "
                f"the limit is {MOST_NUMBERS:,}."
            )
        rows = np.zeros(shape, "float32")
        np.put_along_axis(rows, numbers[..., None], 1.0, axis=-1)
        return replace(setup, y=rows)
    if value == "from_zero":
        return replace(setup, y=(y - y.min()).astype(y.dtype))
    if value == "yes_or_no":
        return replace(setup, y=(y > 0).astype(y.dtype))
    if value == "numbered":
        numbers = np.unique(y, return_inverse=True)[1]
        return replace(setup, y=numbers.reshape(y.shape).astype(y.dtype))
    if value == "column":
        return replace(setup, y=y.reshape(len(y), -1))
    raise ValueError(f"There is no way of labelling called {value!r}.")


def keep_samples(setup: Setup, places: list[int]) -> Setup:
    """Leave out all samples but some."""
    import keras

    def kept(part: AnyArray) -> AnyArray:
        return np.asarray(part)[places]

    x, y = (keras.tree.map_structure(kept, arrays) for arrays in (setup.x, setup.y))
    masks = tuple(None if mask is None else mask[places] for mask in setup.masks)
    return replace(setup, x=x, y=y, masks=masks)


def label_like_first(setup: Setup, groups: list[list[int]]) -> Setup:
    """Give the samples of each group the label of its first one."""
    y = np.array(setup.y)
    for first, *others in groups:
        y[others] = y[first]
    return replace(setup, y=y)
