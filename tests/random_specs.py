"""Specs drawn at random, each of them valid, for tests of what must hold for every spec."""

import random
from typing import Any

from overfit_core.optimizers import OPTIMIZERS, Argument, Value
from overfit_core.schedules import SCHEDULES
from overfit_core.spec import PROBES, RunSpec

FLAT_SOURCES: dict[str, dict[str, Any]] = {
    "moons": {"noise": 0.25},
    "blobs": {"classes": 4, "features": 5, "noise": 0.5},
    "iris": {},
    "random_labels": {"classes": 7},
    "sine": {},
    "diabetes": {},
}
WEIGHTED = ("dense", "batch_normalization")
"""Kinds of layers that are drawn and have weights, which can be frozen."""


def random_spec(dice: random.Random) -> RunSpec:
    """Return a valid spec in which about half of all settings are not the default."""
    source = dice.choice(list(FLAT_SOURCES))
    data: dict[str, Any] = {
        "name": dice.choice([None, "Ein Öre, „so“ 🙂", "x" * 80]),
        "batch": {
            "source": source,
            **some(dice, FLAT_SOURCES[source]),
            "samples": dice.randint(4, 64),
            "held_out": dice.choice([0, 8]),
            "seed": dice.randint(0, 2**31 - 1),
            "label_noise": dice.choice([0.0, dice.random()]),
            "scaling": dice.choice(["none", "standard", "min-max"]),
        },
        "model": {"layers": random_layers(dice)},
        "optimizer": random_optimizer(dice),
        "training": {
            "epochs": dice.randint(1, 100_000),
            "seed": dice.randint(0, 9),
            "dtype": dice.choice(["float32", "float64"]),
            "stop_when_memorised": dice.random() < 0.5,
            "probes": dice.sample(PROBES, dice.randint(0, len(PROBES))),
        },
    }
    if dice.random() < 0.3:
        data["batch"]["contradictions"] = dice.randint(1, data["batch"]["samples"] // 2)
    weighted = [layer for layer in data["model"]["layers"] if layer["kind"] in WEIGHTED]
    for part in (*weighted, data["model"].setdefault("head", {})):
        if dice.random() < 0.2:
            part["trainable"] = False
    return RunSpec.load(data)


def some(dice: random.Random, values: dict[str, Any]) -> dict[str, Any]:
    """Keep about half of the entries."""
    return {key: value for key, value in values.items() if dice.random() < 0.5}


def random_layers(dice: random.Random) -> list[dict[str, Any]]:
    """Layers that take flat inputs."""
    kinds = [
        lambda: {"kind": "dense", "units": dice.randint(1, 64), "activation": "tanh"},
        lambda: {"kind": "dense", "units": 16, "l2": dice.random() / 100},
        lambda: {"kind": "dropout", "rate": dice.random() * 0.9},
        lambda: {"kind": "batch_normalization"},
        lambda: {"kind": "activation", "activation": "gelu"},
    ]
    return [dice.choice(kinds)() for _ in range(dice.randint(0, 6))]


def random_optimizer(dice: random.Random) -> dict[str, Any]:
    """Any optimizer, any schedule, and arguments that do not contradict each other."""
    entry = dice.choice(list(OPTIMIZERS.values()))
    apart = {"clipnorm", "clipvalue", "nesterov", "ema_overwrite_frequency"}
    arguments = {a.name: random_value(dice, a) for a in entry.arguments if a.name not in apart}
    return {
        "name": entry.name,
        "learning_rate": dice.choice([None, 10 ** dice.uniform(-6, 1)]),
        "arguments": some(dice, arguments),
        "schedule": {"kind": dice.choice(list(SCHEDULES))},
    }


def random_value(dice: random.Random, argument: Argument) -> Value:
    """A value in the argument's range."""
    if argument.type == "bool":
        return dice.random() < 0.5
    if argument.type == "names":
        return dice.choice(["head", "head,dense_1", None])
    assert argument.minimum is not None and argument.maximum is not None
    if argument.name == "momentum":
        return dice.choice([0.5, 0.9])
    if argument.type == "int":
        return dice.randint(int(argument.minimum), int(argument.maximum))
    return dice.uniform(argument.minimum, argument.maximum)
