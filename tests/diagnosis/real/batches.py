"""Batches of the kind that each real program had, drawn from a seed.

A maker takes a generator of random numbers and how many samples there are, and returns inputs and
labels; ``make`` finds it by name. Counts, ranges and spreads are those of the programs' data, as
far as they were told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Draw = np.random.Generator
Batch = tuple[Array, Array]

PIXELS = 28
"""Side of a digit's picture."""
IRIS_MEANS = ((5.0, 3.4, 1.5, 0.25), (5.9, 2.8, 4.3, 1.3), (6.6, 3.0, 5.55, 2.0))
IRIS_SPREADS = ((0.35, 0.38, 0.17, 0.1), (0.5, 0.3, 0.47, 0.2), (0.6, 0.3, 0.55, 0.27))
"""Per kind of iris: length and width of sepals and petals in cm."""
TWEET_SCALES = (
    1.5e5, 38, 68, 41, 13.3, 13.4, 5.2e4, 6.1e4, 2.5, 62, 18.5, 18.1, 9.5e4, 0.5, 0.5, 0.55,
)  # fmt: skip
"""Typical size of each statistic: counts of followers beside shares."""


def _rows(labels: Array, classes: int) -> Array:
    """Return one-hot rows of class numbers."""
    return np.equal.outer(labels, np.arange(classes))


def _balanced(draw: Draw, samples: int, classes: int) -> Array:
    """Return class numbers in random order, all about equally often."""
    return draw.permutation(np.resize(np.arange(classes), samples))


def _column(values: Array) -> Array:
    return np.reshape(values, (-1, 1))


def digits(draw: Draw, samples: int, *, flat: bool = True) -> Batch:
    """Draw ten sparse patterns of grey, one per digit, with a few grey spots; labels one-hot."""

    def spots(rows: int, share: float) -> Array:
        grey = draw.uniform(size=(rows, PIXELS * PIXELS))
        return np.where(draw.uniform(size=grey.shape) < share, grey, 0)

    label = _balanced(draw, samples, 10)
    x = np.minimum(spots(10, 0.19)[label] + spots(samples, 0.02), 1)
    return x if flat else x.reshape(samples, PIXELS, PIXELS, 1), _rows(label, 10)


def pictures(draw: Draw, samples: int, *, side: int, classes: int) -> Batch:
    """Draw colour pictures: seven parts of their class's own, three parts noise; class numbers."""
    shape = (side, side, 3)
    label = _balanced(draw, samples, classes)
    own, noise = draw.uniform(size=(classes, *shape)), draw.uniform(size=(samples, *shape))
    return 0.7 * own[label] + 0.3 * noise, _column(label)


def two_boxes(draw: Draw, samples: int) -> Batch:
    """Draw points of two squares, 0.2 to 0.4 and 0.5 to 0.7; labels one-hot."""
    label = np.arange(samples) * 2 // samples
    return draw.uniform(0.2, 0.4, (samples, 2)) + 0.3 * _column(label), _rows(label, 2)


def noisy_parabola(draw: Draw, samples: int) -> Batch:
    """Draw 5 x² from 0 to 5, plus the cube of normal noise."""
    x = _column(np.sort(5 * draw.uniform(size=samples)))
    return x, 5 * x**2 + draw.standard_normal(x.shape) ** 3


def irises(draw: Draw, samples: int) -> Batch:
    """Draw three kinds of iris in cm; labels one-hot."""
    label = np.resize(np.arange(3), samples)
    return draw.normal(np.array(IRIS_MEANS)[label], np.array(IRIS_SPREADS)[label]), _rows(label, 3)


def tweets(draw: Draw, samples: int) -> Batch:
    """Draw statistics of scales from 0.5 to 150,000, log-normal; two classes, one-hot."""
    around = np.log(TWEET_SCALES)
    return draw.lognormal(around, 0.6, (samples, len(around))), _rows(np.arange(samples) % 2, 2)


def threshold(
    draw: Draw, samples: int, *, low: int, high: int, at: int, below: bool = False
) -> Batch:
    """Draw whole numbers from ``low`` to below ``high``: 1 from ``at`` on, or only below it."""
    x = _column(draw.integers(low, high, samples))
    return x, (x < at) == below


def faces(draw: Draw, samples: int) -> Batch:
    """Draw 96 × 96 grey pixels, and fifteen places in them as numbers from -1 to 1."""
    places = draw.normal(scale=0.35, size=(samples, 30))
    return draw.uniform(size=(samples, 96 * 96)), places.clip(-1, 1)


def words(draw: Draw, samples: int, *, known: int, used: int, classes: int = 2) -> Batch:
    """Draw texts as the set of words used in each; 0 or 1 in turn, or random classes one-hot."""
    order = draw.uniform(size=(samples, known)).argsort(axis=1)
    x = order < used
    if classes == 2:
        return x, _column(np.arange(samples) % 2)
    return x, _rows(draw.integers(classes, size=samples), classes)


def flows(draw: Draw, samples: int) -> Batch:
    """Draw twenty heavy-tailed columns; one-hot rows of five classes, of which two occur."""
    return draw.lognormal(4, 2.5, (samples, 20)), _rows(draw.integers(2, size=samples), 5)


def padded_sequences(draw: Draw, samples: int) -> Batch:
    """Draw 5 to 19 steps of five numbers, filled up to 20 with zeros.

    A step's label is 1 or 2, and that of the filling 0.
    """
    filled = np.arange(20) >= _column(draw.integers(5, 20, samples))
    x = draw.normal(0.8, 1.3, (samples, 20, 5))
    label = draw.integers(1, 3, (samples, 20))
    return np.where(filled[..., None], 0, x), np.where(filled, 0, label)[..., None]


def ten_times(_draw: Draw, samples: int) -> Batch:
    """Return 10 x from -20 to 20."""
    x = _column(np.linspace(-20, 20, samples))
    return x, 10 * x


def squares(_draw: Draw, samples: int) -> Batch:
    """Return x² + 3 from 0 to 99, with x standardised."""
    x = _column(np.linspace(0, 99, samples))
    return (x - x.mean()) / x.std(), x**2 + 3


def noise_to_itself(draw: Draw, samples: int, *, columns: int) -> Batch:
    """Draw numbers from 0 to 1, which are their own labels."""
    x = draw.uniform(size=(samples, columns))
    return x, x


def one_two_three(_draw: Draw, samples: int) -> Batch:
    """Return the row 1, 2, 3 again and again, which is its own label."""
    x = np.tile(np.arange(1, 4), (samples, 1))
    return x, x


MAKERS: Mapping[str, Callable[..., Batch]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            digits, pictures, two_boxes, noisy_parabola, irises, tweets, threshold, faces, words,
            flows, padded_sequences, ten_times, squares, noise_to_itself, one_two_three,
        )
    }
)  # fmt: skip
"""By name."""
