"""Healthy nets that no rule was made or tuned with; ``faults.cases`` breaks them.

Other architectures, seeds and sizes than those of ``faults.HEALTHY``. They only measure: what goes
wrong with one of them is no reason to move a threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from tests.diagnosis.faults import LAYERS, Array, Net, dense
from tests.diagnosis.programs import classes, points


def _gru(more: Mapping[str, Any]) -> list[Any]:
    return [LAYERS.GRU(12, **more)]


def _normalised(more: Mapping[str, Any]) -> list[Any]:
    made: list[Any] = []
    for units in (24, 24, 16):
        made += [LAYERS.Dense(units, **({"activation": "relu"} | dict(more)))]
        made += [LAYERS.BatchNormalization(momentum=0.9)]
    return made


def _sliding(more: Mapping[str, Any]) -> list[Any]:
    settings = {"activation": "relu"} | dict(more)
    return [LAYERS.Conv1D(12, 3, **settings), LAYERS.GlobalMaxPooling1D()]


def _waves() -> tuple[Array, Array]:
    draw = np.random.default_rng(21)
    label = np.arange(20) % 2
    steps = np.arange(16)[None, :] * np.where(label, 0.9, 0.4)[:, None]
    x = np.sin(steps + draw.uniform(0, 6, (20, 1)))[..., None]
    return x.astype("float32"), label.astype("float32")[:, None]


def _bumps() -> tuple[Array, Array]:
    """Sequences with one of three shapes somewhere in noise."""
    draw = np.random.default_rng(22)
    label = np.arange(18) % 3
    shapes = np.array([[1, 2, 1], [2, -2, 2], [-1, 0, 2]])
    x = draw.normal(0, 0.2, (18, 14, 1))
    for place, (kind, at) in enumerate(zip(label, draw.integers(0, 11, 18), strict=True)):
        x[place, at : at + 3, 0] += shapes[kind]
    return x.astype("float32"), label


def _plane() -> tuple[Array, Array]:
    draw = np.random.default_rng(23)
    x = draw.uniform(-1, 1, (14, 3))
    return x, np.column_stack([np.sin(2 * x[:, 0]) * x[:, 1], x[:, 2] ** 2 - x[:, 0]])


def _tags() -> tuple[Array, Array]:
    draw = np.random.default_rng(24)
    x = draw.normal(size=(20, 7))
    return x.astype("float32"), (x[:, :4] * x[:, 1:5] > 0).astype("float32")


def _held_out() -> dict[str, Net]:
    wave, wave_y = _waves()
    ring, ring_y = points(30, seed=25)
    bump, bump_y = _bumps()
    corner, corner_y = classes(27, 3, seed=26)
    binary, several = "binary_crossentropy", "categorical_crossentropy"
    return {
        "waves, GRU": Net(wave, wave_y, _gru, 1, "sigmoid", binary, rate=0.02, epochs=250),
        "ring, normalised": Net(ring, ring_y, _normalised, 1, "sigmoid", binary, epochs=200),
        "bumps, convolution": Net(
            bump, bump_y, _sliding, 3, "softmax", f"sparse_{several}", epochs=250
        ),
        "corners, two branches": Net(
            corner, np.eye(3, dtype="float32")[corner_y], dense(12, 20), 3, "softmax", several,
            epochs=250, side_by_side=True,
        ),
        "two outputs in float64": Net(
            *_plane(), dense(40, 40), 2, None, "mean_squared_error", epochs=800
        ),
        "tags": Net(*_tags(), dense(40, 24, activation="relu"), 4, "sigmoid", binary, epochs=250),
    }  # fmt: skip


HELD_OUT: Mapping[str, Net] = MappingProxyType(_held_out())
"""Each memorises its batch."""
