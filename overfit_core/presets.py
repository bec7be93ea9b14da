"""Runs worth looking at: the article's three examples first, then one lesson each.

What a preset says under `look_for` is true when it is run, and a test runs each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from overfit_core.spec import RunSpec


@dataclass(frozen=True)
class Preset:
    """One named run.

    Attributes:
        id: Its name in a URL.
        title: Its name on a page.
        look_for: Two sentences: what happens, and what to look at.
        spec: The run, whole.
    """

    id: str
    title: str
    look_for: str
    spec: RunSpec


def _dense(*units: int, **settings: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [{"kind": "dense", "units": size, **settings} for size in units]


def _preset(
    preset_id: str,
    title: str,
    look_for: str,
    *,
    layers: list[dict[str, Any]],
    batch: dict[str, Any] | None = None,
    head: dict[str, Any] | None = None,
    optimizer: str = "Adam",
    learning_rate: float | None = None,
    epochs: int = 500,
    probes: tuple[str, ...] = ("samples",),
) -> Preset:
    spec = RunSpec.load(
        {
            "batch": batch or {},
            "model": {"layers": layers, "head": head or {}},
            "optimizer": {"name": optimizer, "learning_rate": learning_rate},
            "training": {"epochs": epochs, "probes": probes},
        }
    )
    return Preset(preset_id, title, look_for, spec)


_SENSOR = {"source": "sensor", "samples": 32}
_TO_ONE = {"kind": "global_average_pooling"}

_ALL = (
    _preset(
        "article-1",
        "Article, example 1: one small hidden layer",
        "",
        layers=_dense(16),
    ),
    _preset(
        "article-2",
        "Article, example 2: three hidden layers",
        "",
        layers=_dense(64, 32, 16),
    ),
    _preset(
        "article-3",
        "Article, example 3: the same net with SGD",
        "",
        layers=_dense(64, 32, 16),
        optimizer="SGD",
    ),
    _preset(
        "xor-too-small",
        "XOR, one hidden unit",
        "",
        batch={"source": "xor"},
        layers=_dense(1, activation="tanh"),
        learning_rate=0.05,
        epochs=1000,
    ),
    _preset(
        "xor",
        "XOR, four hidden units",
        "",
        batch={"source": "xor"},
        layers=_dense(4, activation="tanh"),
        learning_rate=0.05,
        epochs=1000,
    ),
    _preset(
        "digits-cnn",
        "Digits with a small CNN",
        "",
        batch={"source": "digits", "samples": 32, "scaling": "min-max"},
        layers=[
            {"kind": "conv2d", "filters": 16},
            {"kind": "max_pooling2d"},
            {"kind": "flatten"},
            *_dense(32),
        ],
        epochs=200,
    ),
    _preset(
        "sensor-lstm",
        "Sensor windows with an LSTM",
        "",
        batch=_SENSOR,
        layers=[{"kind": "lstm", "units": 32}],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "sensor-conv1d",
        "Sensor windows with a Conv1D",
        "",
        batch=_SENSOR,
        layers=[{"kind": "conv1d", "filters": 32, "kernel_size": 5}, {"kind": "global_max_pooling"}],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "sensor-attention",
        "Sensor windows with attention",
        "",
        batch=_SENSOR,
        layers=[*_dense(16, activation="linear"), {"kind": "attention"}, _TO_ONE],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "random-labels",
        "Random labels",
        "",
        batch={"source": "random_labels", "samples": 64, "held_out": 256},
        layers=_dense(128),
        learning_rate=0.01,
        epochs=200,
    ),
    _preset(
        "dropout",
        "Dropout holds back",
        "",
        batch={"source": "random_labels", "samples": 64},
        layers=[*_dense(128), {"kind": "dropout", "rate": 0.8}],
        learning_rate=0.01,
        epochs=200,
    ),
    _preset(
        "dead-relus",
        "Dead ReLUs",
        "",
        batch={"source": "moons", "samples": 32},
        layers=_dense(16, initial_bias=-10.0),
        learning_rate=0.01,
        epochs=300,
        probes=("dead_share", "gradient_norm", "samples"),
    ),
    _preset(
        "learning-rate-too-high",
        "Learning rate too high",
        "",
        batch={"source": "sine", "samples": 32},
        layers=_dense(32, 32),
        optimizer="SGD",
        learning_rate=3.0,
        epochs=200,
    ),
    _preset(
        "sine",
        "A sine, fitted to the point",
        "",
        batch={"source": "sine", "samples": 32},
        layers=_dense(32, 32, activation="tanh"),
        learning_rate=0.01,
        epochs=1000,
    ),
    _preset(
        "iris",
        "Iris",
        "",
        batch={"source": "iris", "samples": 120, "held_out": 30, "scaling": "standard"},
        layers=_dense(32),
        learning_rate=0.01,
        epochs=500,
    ),
    _preset(
        "zero-weights",
        "All weights start at zero",
        "",
        batch={"source": "circles", "samples": 32},
        layers=_dense(16, kernel_initializer="zeros", activation="tanh"),
        head={"kernel_initializer": "zeros"},
        learning_rate=0.01,
        probes=("gradient_norm", "samples"),
    ),
    _preset(
        "vanishing-gradients",
        "Vanishing gradients",
        "",
        batch={"source": "circles", "samples": 32},
        layers=_dense(*[16] * 8, activation="sigmoid"),
        optimizer="SGD",
        learning_rate=0.1,
        epochs=1000,
        probes=("gradient_norm", "saturated_share", "samples"),
    ),
    _preset(
        "wrong-head",
        "A softmax over one unit",
        "",
        batch={"source": "blobs", "samples": 32, "classes": 2},
        layers=_dense(16),
        head={"activation": "softmax"},
        probes=("gradient_norm", "samples"),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.id: preset for preset in _ALL})
"""Every preset by its id, in the order in which they are offered."""
