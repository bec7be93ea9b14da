"""Batches of the kind that the programs of ``unseen.json`` had; see ``batches``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from tests.diagnosis.real.batches import Array, Batch, Draw, digits, pictures

COUNTS = (3, 1307, 2, 9, 7, 929, 187, 3)
"""How many values each of a passenger's columns has that held words or small numbers."""
DIABETES = ((3.8, 3.4), (121, 32), (69, 19), (21, 16), (80, 115), (32, 8), (0.5, 0.3), (33, 12))
"""Mean and spread of each measurement of a patient."""


def _column(values: Array) -> Array:
    return np.reshape(values, (-1, 1))


def _rows(labels: Array, classes: int) -> Array:
    return np.equal.outer(labels, np.arange(classes))


def exclusive_or(_draw: Draw, samples: int) -> Batch:
    """Return the four corners of the unit square in turn, and whether their bits differ."""
    x = np.resize([[1, 1], [1, 0], [0, 0], [0, 1]], (samples, 2))
    return x, _column(x[:, 0] != x[:, 1])


def passengers(draw: Draw, samples: int) -> Batch:
    """Draw passengers of a ship: words as their places in the alphabet, age and fare; one-hot."""
    words = draw.integers(COUNTS, size=(samples, len(COUNTS)))
    age, fare = draw.normal(29.7, 13, samples).clip(0.4), draw.lognormal(2.96, 0.97, samples)
    label = draw.uniform(size=samples) < 0.38
    return np.column_stack([words[:, :3], age, words[:, 3:6], fare, words[:, 6:]]), _rows(label, 2)


def ones_and_zeros(_draw: Draw, samples: int) -> Batch:
    """Return rows of 128 ones, labelled 1, and as many of zeros, labelled 0."""
    label = _column(np.arange(samples) < samples // 2)
    return np.repeat(label, 128, axis=1), label


def weighted_sum(draw: Draw, samples: int) -> Batch:
    """Draw three numbers up to 10,000, and twice the first, the second, half the third and 2.2."""
    x = 10_000 * draw.uniform(size=(samples, 3))
    return x, _column(x @ [2, 1, 0.5] + 2.2)


def counted_words(draw: Draw, samples: int, *, known: int, classes: int) -> Batch:
    """Draw how often each of the known words is used; several subjects at once, or none."""
    subjects = draw.uniform(size=(samples, classes)) < (0.67 if classes == 1 else 0.5)
    likely = draw.dirichlet(np.ones(known), classes)
    share = subjects @ likely / np.maximum(subjects.sum(axis=1, keepdims=True), 1)
    share[~subjects.any(axis=1)] = 1 / known
    return draw.poisson(50 * share), subjects


def bits(draw: Draw, samples: int) -> Batch:
    """Draw numbers below 256 in eight bits, each with another one as its label."""
    chosen = draw.choice(256, samples, replace=False)
    x = chosen[:, None] >> np.arange(7, -1, -1) & 1
    return x, draw.permutation(x)


def letters(_draw: Draw, samples: int) -> Batch:
    """Return codes of the letters A to F; the first one tells the class."""
    codes = [[65, 66, 67], [68, 69, 70], [65, 66, 70], [68, 69, 67]]
    return np.resize(codes, (samples, 3)), _column(np.arange(samples) % 2)


def packets(draw: Draw, samples: int) -> Batch:
    """Draw packets of a network: two addresses as whole numbers, ports, lengths.

    An alarm is one that goes through another port than 502.
    """
    address = 3_232_235_770 + draw.integers(1, 20, (samples, 2))
    sizes = draw.choice([524_032, 524_288, 524_544], samples)
    port, full = draw.choice([502, 55_783, 56_783], samples), draw.integers(2, size=samples)
    rest = np.outer(full, [12, 61, 6, 0]) * draw.uniform(0.9, 1.1, (samples, 4))
    fixed = np.tile([6, 128], (samples, 1))
    length = full * draw.integers(200, 210, samples)
    rows = [address, fixed, sizes, port, rest, length]
    return np.column_stack(rows), _column(port != 502)


def tagged_texts(draw: Draw, samples: int) -> Batch:
    """Draw which of 100 words are used; up to three of eleven tags."""
    order = draw.uniform(size=(samples, 11)).argsort(axis=1)
    return draw.uniform(size=(samples, 100)) < 0.1, order < draw.integers(1, 4, (samples, 1))


def census(draw: Draw, samples: int) -> Batch:
    """Draw grown-ups of a census: age, weight in the sample, gains, hours, and 0 or 1; one-hot."""
    flags = draw.uniform(size=(samples, 14)) < 0.15
    x = flags.astype(float)
    x[:, 0], x[:, 4] = draw.integers(17, 80, samples), draw.integers(1, 17, samples)
    x[:, 2] = draw.lognormal(12, 0.5, samples)
    x[:, 10] = np.where(flags[:, 10], draw.integers(500, 15_000, samples), 0)
    x[:, 11] = np.where(flags[:, 11], draw.integers(1_000, 2_500, samples), 0)
    x[:, 12] = draw.normal(40, 12, samples).clip(1)
    return x, _rows(draw.uniform(size=samples) < 0.24, 2)


def power(_draw: Draw, samples: int, *, exponent: int, end: float, plus: float = 0) -> Batch:
    """Return a power of x from -end to end, and something more."""
    x = _column(np.linspace(-end, end, samples))
    return x, x**exponent + plus


def small_numbers(draw: Draw, samples: int) -> Batch:
    """Draw two numbers around 0.6, and one that they say nothing of."""
    values = draw.normal(0.6, 0.8, (samples, 3))
    return values[:, :2], values[:, 2:]


def labelled_digits(
    draw: Draw, samples: int, *, greatest: int = 1, divisor: int = 1, flat: bool = True
) -> Batch:
    """Draw digits in grey up to ``greatest``, and their numbers, divided by something."""
    x, rows = digits(draw, samples, flat=flat)
    return greatest * x, _column(np.argmax(rows, axis=1) / divisor)


def grey_digits(draw: Draw, samples: int) -> Batch:
    """Draw digits in grey from 0 to 255; labels one-hot."""
    x, rows = digits(draw, samples)
    return np.round(255 * x), rows


def photographs(draw: Draw, samples: int, *, classes: int) -> Batch:
    """Draw pictures of 32 × 32 from 0 to 255; labels one-hot."""
    x, label = pictures(draw, samples, side=32, classes=classes)
    return np.round(255 * x), _rows(label[:, 0], classes)


def life(draw: Draw, samples: int) -> Batch:
    """Draw 3 × 3 cells on a torus, wrapped by one on each side, and the next generation."""
    cells = draw.integers(2, size=(samples, 3, 3))
    wrapped = np.pad(cells, ((0, 0), (1, 1), (1, 1)), mode="wrap")
    around = sum(wrapped[:, i : i + 3, j : j + 3] for i in range(3) for j in range(3)) - cells
    alive = (around == 3) | ((cells == 1) & (around == 2))
    return wrapped[..., None], alive[..., None]


def averages(draw: Draw, samples: int) -> Batch:
    """Draw two numbers in per cent, and their average."""
    x = draw.integers(0, 101, (samples, 2)) / 100
    return x, x.mean(axis=1, keepdims=True)


def patients(draw: Draw, samples: int) -> Batch:
    """Draw eight measurements of patients in their own units; ill or not."""
    mean, spread = np.transpose(DIABETES)
    x = draw.normal(mean, spread, (samples, len(mean))).clip(0)
    return x, _column(draw.uniform(size=samples) < 0.35)


def line(_draw: Draw, samples: int, *, start: float, slope: float, at_zero: float = 0) -> Batch:
    """Return a straight line at steps of 1."""
    x = _column(start + np.arange(samples))
    return x, slope * x + at_zero


def next_bit(_draw: Draw, samples: int) -> Batch:
    """Return three bits running of a sequence of eight, and the one after them."""
    sequence = np.array([0, 1, 1, 0, 1, 0, 0, 1])
    windows = np.lib.stride_tricks.sliding_window_view(sequence, 4)[:samples]
    return windows[:, :3, None], windows[:, 3:]


def records(draw: Draw, samples: int) -> Batch:
    """Draw one step of 128 bits; labels -1 and 1."""
    return draw.integers(2, size=(samples, 1, 128)), _column(draw.choice([-1, 1], samples))


def texts(draw: Draw, samples: int, *, known: int, length: int, classes: int) -> Batch:
    """Draw numbers of words, which each class has of its own; 0 and 1, or one-hot rows."""
    label = draw.permutation(np.arange(samples) % classes)
    own, common = draw.integers(known, size=(classes, 40)), draw.integers(known, size=400)
    mostly = draw.uniform(size=(samples, length)) < 0.3
    of_own = own[label[:, None], draw.integers(40, size=(samples, length))]
    x = np.where(mostly, of_own, common[draw.integers(400, size=(samples, length))])
    return x, _column(label) if classes == 2 else _rows(label, classes)


def televisions(draw: Draw, samples: int) -> Batch:
    """Draw a column up to 600, and one of 50 to 80 that follows it with a little noise."""
    x = draw.uniform(1, 600, (samples, 1))
    return x, 79 - 0.047 * x + draw.normal(0, 0.5, x.shape)


def first_step(draw: Draw, samples: int) -> Batch:
    """Draw three steps: 0 or 1, which is the label in one-hot, and two random digits."""
    x = draw.integers(10, size=(samples, 3, 1))
    x[:, 0] %= 2
    return x, _rows(x[:, 0, 0], 2)


def two_steps_ago(draw: Draw, samples: int) -> Batch:
    """Draw numbers below 100, one step each; labels are those of two samples before."""
    numbers = draw.integers(100, size=samples + 2)
    return numbers[2:, None, None], _column(numbers[:-2])


def blobs(draw: Draw, samples: int) -> Batch:
    """Draw points around three centres within 10 of zero; labels one-hot."""
    label = draw.permutation(np.arange(samples) % 3)
    return draw.uniform(-10, 10, (3, 2))[label] + draw.normal(0, 2, (samples, 2)), _rows(label, 3)


def wave(_draw: Draw, samples: int) -> Batch:
    """Return one period of the sine."""
    x = _column(np.linspace(-np.pi, np.pi, samples))
    return x, np.sin(x)


def impulse(_draw: Draw, samples: int) -> Batch:
    """Return ten steps with a single one, which comes later in each sample; 1 where it is first."""
    x = np.eye(10)[:samples]
    return x[..., None], x[:, :1]


MAKERS: Mapping[str, Callable[..., Batch]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            exclusive_or, passengers, ones_and_zeros, weighted_sum, counted_words, bits, letters,
            packets, tagged_texts, census, power, small_numbers, labelled_digits, grey_digits,
            photographs, life, averages, patients, line, next_bit, records, texts, televisions,
            first_step, two_steps_ago, blobs, wave, impulse,
        )
    }
)  # fmt: skip
"""By name."""
