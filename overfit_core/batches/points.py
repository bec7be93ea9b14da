"""Small sources of our own: the article's samples, XOR, spirals, two curves, random labels."""

from __future__ import annotations

import numpy as np

from overfit_core.batches.rows import Array, Rows, Settings

PLANE = ("x1", "x2")
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def article(seed: int, settings: Settings) -> Rows:
    """The article's four samples, in its order."""
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    return Rows(x, np.array([0, 1, 0, 1]), PLANE, ("0", "1"))


def xor(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """The corners of the unit square in turn, plus noise; 1 where one coordinate alone is 1."""
    corner = np.arange(samples) % 4
    x = CORNERS[corner] + settings["noise"] * rng.standard_normal((samples, 2))
    return Rows(x, np.array([0, 1, 1, 0])[corner], PLANE, ("0", "1"))


def spirals(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """One and a half turns of each arm, radius 0.05 to 1; the arms take turns row by row."""
    classes = int(settings["classes"])
    place, jitter = rng.spawn(2)
    y = np.arange(samples) % classes
    radius = place.uniform(0.05, 1.0, samples)
    angle = 2 * np.pi * (1.5 * radius + y / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = x + settings["noise"] * jitter.standard_normal((samples, 2))
    return Rows(x, y, PLANE, numbered(classes))


def sine(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """``y = sin(x)`` plus noise, x uniform in -pi .. pi."""
    x, noise = _places(rng, samples, np.pi)
    return Rows(x[:, None], np.sin(x) + settings["noise"] * noise, ("x",))


def line(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """``y = 2 x - 1`` plus noise, x uniform in -1 .. 1."""
    x, noise = _places(rng, samples, 1.0)
    return Rows(x[:, None], 2 * x - 1 + settings["noise"] * noise, ("x",))


def _places(rng: np.random.Generator, samples: int, end: float) -> tuple[Array, Array]:
    place, jitter = rng.spawn(2)
    return place.uniform(-end, end, samples), jitter.standard_normal(samples)


def random_labels(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """Standard normal inputs, labels uniform over the classes (Zhang et al. 2017, section 2.1)."""
    inputs, labels = rng.spawn(2)
    features, classes = int(settings["features"]), int(settings["classes"])
    x = inputs.standard_normal((samples, features))
    y = labels.integers(classes, size=samples)
    return Rows(x, y, numbered(features, "x", 1), numbered(classes))


def numbered(count: int, prefix: str = "", start: int = 0) -> tuple[str, ...]:
    """Names with a number: ``("0", "1")`` or ``("x1", "x2")``."""
    return tuple(f"{prefix}{start + i}" for i in range(count))
