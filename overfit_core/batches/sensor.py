"""A simulated sensor: windows of a signal with several channels, normal or with one fault."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from overfit_core.batches.points import numbered
from overfit_core.batches.rows import Array, Rows, Settings


def sensor(rng: np.random.Generator, samples: int, settings: Settings) -> Rows:
    """Windows (samples, steps, channels), normal (0) and anomalous (1) in turn.

    Each channel of a window is a sinusoid (amplitude 0.7 to 1.3, period 8 to 16 steps, any phase)
    plus a straight drift of at most 0.5 over the window plus Gaussian noise of standard deviation
    `noise`. An anomalous window has one fault in one channel, each kind as likely:

    - spike: one step is 3 to 5 higher or lower;
    - dropout: the channel reads exactly 0 for a quarter of the window;
    - level shift: from some step on, everything is 1.5 to 2.5 higher or lower;
    - frequency change: from some step on, the sinusoid is three times as fast.
    """
    steps, channels = int(settings["steps"]), int(settings["features"])
    y = np.arange(samples) % 2
    x = np.empty((samples, steps, channels))
    for i in range(samples):
        x[i] = _window(rng, steps, channels, settings["noise"], anomalous=bool(y[i]))
    return Rows(x, y, numbered(channels, "channel ", 1), ("normal", "anomalous"))


def _window(
    rng: np.random.Generator, steps: int, channels: int, noise: float, *, anomalous: bool
) -> Array:
    amplitude = rng.uniform(0.7, 1.3, channels)
    speed = np.tile(2 * np.pi / rng.uniform(8.0, 16.0, channels), (steps, 1))
    phase = rng.uniform(0.0, 2 * np.pi, channels)
    drift = np.linspace(0.0, 1.0, steps)[:, None] * rng.uniform(-0.5, 0.5, channels)
    jitter = noise * rng.standard_normal((steps, channels))
    fault = rng.integers(len(FAULTS) + 1) if anomalous else None
    channel = rng.integers(channels) if anomalous else 0
    if fault == len(FAULTS):
        speed[_onset(rng, steps) :, channel] *= 3.0
    # Adding up the speed keeps the sinusoid in one piece where its frequency changes.
    window: Array = amplitude * np.sin(phase + np.cumsum(speed, axis=0)) + drift + jitter
    if fault is not None and fault < len(FAULTS):
        FAULTS[fault](rng, window[:, channel])
    return window


def _spike(rng: np.random.Generator, signal: Array) -> None:
    signal[rng.integers(len(signal))] += rng.choice([-1.0, 1.0]) * rng.uniform(3.0, 5.0)


def _dropout(rng: np.random.Generator, signal: Array) -> None:
    length = len(signal) // 4
    start = rng.integers(len(signal) - length + 1)
    signal[start : start + length] = 0.0


def _level_shift(rng: np.random.Generator, signal: Array) -> None:
    signal[_onset(rng, len(signal)) :] += rng.choice([-1.0, 1.0]) * rng.uniform(1.5, 2.5)


def _onset(rng: np.random.Generator, steps: int) -> int:
    """A step in the middle half, so that both what was and what is can be seen."""
    return int(rng.integers(steps // 4, 3 * steps // 4))


FAULTS: tuple[Callable[[np.random.Generator, Array], None], ...] = (_spike, _dropout, _level_shift)
"""Faults that are put on a finished signal; the change of frequency is made with it."""
