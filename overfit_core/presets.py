"""Runs worth looking at: the article's three examples first, then one lesson each.

What a preset says under `look_for` is true when it is run, and a test runs each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from overfit_core.spec import OptimizerSpec, RunSpec


@dataclass(frozen=True)
class Preset:
    """One named run.

    Attributes:
        id: Its name in a URL.
        title: Its name on a page.
        look_for: Two sentences: what happens, and what to look at.
        spec: The run, whole.
        beside: Optimizers that train beside it, from the same weights on the same batch.
    """

    id: str
    title: str
    look_for: str
    spec: RunSpec
    beside: tuple[OptimizerSpec, ...] = ()

    @property
    def specs(self) -> tuple[RunSpec, ...]:
        """All runs that start at once, its own first."""
        others = (self.spec.model_copy(update={"optimizer": other}) for other in self.beside)
        return (self.spec, *others)


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
    arguments: dict[str, Any] | None = None,
    epochs: int = 500,
    schedule: dict[str, Any] | None = None,
    probes: tuple[str, ...] = ("samples",),
    seed: int = 1,
    beside: tuple[str, ...] = (),
) -> Preset:
    spec = RunSpec.load(
        {
            "batch": batch or {},
            "model": {"layers": layers, "head": head or {}},
            "optimizer": {
                "name": optimizer,
                "learning_rate": learning_rate,
                "arguments": arguments or {},
                "schedule": schedule or {"kind": "constant"},
            },
            "training": {"epochs": epochs, "seed": seed, "probes": probes},
        }
    )
    return Preset(
        preset_id, title, look_for, spec, tuple(OptimizerSpec(name=name) for name in beside)
    )


_SENSOR = {"source": "sensor", "samples": 32}
_TO_ONE = {"kind": "global_average_pooling"}

_ALL = (
    _preset(
        "article-1",
        "Article, example 1: one small hidden layer",
        "The article says that this net memorises its four samples, but after 500 epochs two of "
        "the four are wrong and the loss is still near 0.57. "
        "The net is not too small: see example 1, mended.",
        layers=_dense(16),
    ),
    _preset(
        "article-2",
        "Article, example 2: three hidden layers",
        "All four samples are right from about epoch 410 on, with a loss below 0.2 at the end: "
        "memorised, but only just. "
        "Change the weight seed and look again: about one start in three is not there after 500 "
        "epochs.",
        layers=_dense(64, 32, 16),
    ),
    _preset(
        "article-3",
        "Article, example 3: the same net with SGD",
        "Plain SGD is nowhere near: after 500 epochs the loss is still about 0.60, and there was "
        "never an epoch with more than three of the four right. "
        "Compare with example 2, which starts from the very same weights: only the optimizer "
        "differs.",
        layers=_dense(64, 32, 16),
        optimizer="SGD",
    ),
    _preset(
        "adam-against-sgd",
        "Article, examples 2 and 3: Adam against SGD",
        "Both start from the very same weights, so their first losses are equal to the last digit; "
        "from then on only the optimizer makes the difference. "
        "Adam has all four right from about epoch 410 on; SGD, at its default learning rate, is "
        "still at a loss of about 0.60 after 500 epochs.",
        layers=_dense(64, 32, 16),
        beside=("SGD",),
    ),
    _preset(
        "article-1-mended",
        "Article, example 1, mended",
        "The net of example 1 with its inputs scaled and a learning rate of 0.05 has all four "
        "samples right from about epoch 12 on. "
        "So 16 units were enough all along; unscaled inputs and small steps held them back.",
        batch={"scaling": "standard"},
        layers=_dense(16),
        learning_rate=0.05,
    ),
    _preset(
        "xor-too-small",
        "XOR, one hidden unit",
        "One hidden unit can only cut the square in two, so three of the four corners are the "
        "most that it ever gets right. "
        "The loss creeps down to 0.477, which is the best that such a cut can do, and no further.",
        batch={"source": "xor"},
        layers=_dense(1, activation="tanh"),
        seed=0,
        learning_rate=0.05,
        epochs=1000,
    ),
    _preset(
        "xor",
        "XOR, four hidden units",
        "Four hidden units are enough: all four corners are right from about epoch 24 on, and the "
        "loss falls below 0.001. "
        "Compare with one hidden unit, whose loss can never be below 0.477.",
        batch={"source": "xor"},
        layers=_dense(4, activation="tanh"),
        learning_rate=0.05,
        epochs=1000,
    ),
    _preset(
        "digits-cnn",
        "Digits with a small CNN",
        "All 32 handwritten digits are right from about epoch 73 on. "
        "Look at the samples: the easiest were learned within the first 10 epochs, the last ones "
        "took seven times as long.",
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
        "The LSTM reads 32 steps and answers once, at the end; all 32 windows are right from "
        "about epoch 62 on. "
        "The way there is bumpy: again and again the accuracy falls before it rises further.",
        batch=_SENSOR,
        layers=[{"kind": "lstm", "units": 32}],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "sensor-conv1d",
        "Sensor windows with a Conv1D",
        "Short filters slide over each window and the strongest response counts: all 32 windows "
        "are right from about epoch 15 on. "
        "The LSTM, with eight times the parameters, takes about four times as many epochs.",
        batch=_SENSOR,
        layers=[
            {"kind": "conv1d", "filters": 32, "kernel_size": 5},
            {"kind": "global_max_pooling"},
        ],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "sensor-attention",
        "Sensor windows with attention",
        "Every step looks at every other and the average of all steps answers: all 32 windows are "
        "right from about epoch 35 on. "
        "After the same 300 epochs its loss, near 0.00001, is far below that of the LSTM and of "
        "the convolution.",
        batch=_SENSOR,
        layers=[*_dense(16, activation="linear"), {"kind": "attention"}, _TO_ONE],
        learning_rate=0.01,
        epochs=300,
    ),
    _preset(
        "random-labels",
        "Random labels",
        "The labels are dice, so there is nothing to learn, and yet all 64 samples are right from "
        "about epoch 10 on. "
        "On the 256 held-out samples about one in ten is right, as by chance: memorising is not "
        "learning.",
        batch={"source": "random_labels", "samples": 64, "held_out": 256},
        layers=_dense(128),
        learning_rate=0.01,
        epochs=200,
    ),
    _preset(
        "dropout",
        "Dropout holds back",
        "Dropout switches four units in five off at random, so in training the accuracy never "
        "reaches 100 %, not once in 200 epochs. "
        "Measured without dropout the same net has all 64 samples right from about epoch 34 on: "
        "look at the inference curve.",
        batch={"source": "random_labels", "samples": 64},
        layers=[*_dense(128), {"kind": "dropout", "rate": 0.8}],
        learning_rate=0.01,
        epochs=200,
    ),
    _preset(
        "dead-relus",
        "Dead ReLUs",
        "Every hidden unit starts with a bias of -10 and puts out 0 for every sample: all are "
        "dead, and every gradient is exactly 0. "
        "The loss stays at 0.693 (ln 2, a coin toss) from the first epoch to the last.",
        batch={"source": "moons", "samples": 32},
        layers=_dense(16, initial_bias=-10.0),
        learning_rate=0.01,
        epochs=300,
        probes=("dead_share", "gradient_norm", "samples"),
    ),
    _preset(
        "learning-rate-too-high",
        "Learning rate too high",
        "With a learning rate of 1 every step overshoots further than the one before: in six "
        "epochs the loss grows from 0.8 past every number, and the run ends there. "
        "Set it to 0.1 and the same net reaches an R² above 0.9.",
        batch={"source": "sine", "samples": 32},
        layers=_dense(32, 32),
        optimizer="SGD",
        learning_rate=1.0,
        epochs=200,
    ),
    _preset(
        "unscaled-inputs",
        "Inputs that were not scaled",
        "Some of the 30 measurements are below 0.1 and some above 1,000: the first step throws "
        "the loss above 1,000, and after it the loss stays near 0.69, a coin toss. "
        "Set the scaling to standard and the same net has all 64 samples right before epoch 100.",
        batch={"source": "breast_cancer", "samples": 64},
        layers=_dense(16),
        optimizer="SGD",
        arguments={"momentum": 0.9},
    ),
    _preset(
        "sine",
        "A sine, fitted to the point",
        "32 points of a sine are fitted to an R² above 0.999; 0.99, which counts as memorised, is "
        "reached near epoch 261. "
        "Set the schedule to constant: without the cosine decay the loss rises again and again in "
        "the second half of the run.",
        batch={"source": "sine", "samples": 32},
        layers=_dense(32, 32, activation="tanh"),
        learning_rate=0.01,
        schedule={"kind": "cosine", "warmup_steps": 50, "decay_steps": 950},
        epochs=1000,
    ),
    _preset(
        "iris",
        "Iris",
        "120 real flowers are all right from about epoch 106 on; nine in ten were right by epoch "
        "50 already. "
        "Look at the 30 held-out flowers: their loss is lowest near epoch 80 and more than "
        "doubles from there, which is overfitting.",
        batch={"source": "iris", "samples": 120, "held_out": 30, "scaling": "standard"},
        layers=_dense(32),
        learning_rate=0.01,
        epochs=500,
    ),
    _preset(
        "zero-weights",
        "All weights start at zero",
        "All weights start at 0, so all units are alike and every gradient is exactly 0: after "
        "500 epochs not one weight has moved. "
        "Set the initialisers of the layer and the head to their defaults, and the loss falls.",
        batch={"source": "circles", "samples": 32},
        layers=_dense(16, kernel_initializer="zeros", activation="tanh"),
        head={"kernel_initializer": "zeros"},
        learning_rate=0.01,
        probes=("gradient_norm", "samples"),
    ),
    _preset(
        "vanishing-gradients",
        "Vanishing gradients",
        "At epoch 1 the gradient of the first of eight sigmoid layers is more than 10,000 times "
        "smaller than that of the head. "
        "After 1,000 epochs the loss is still at 0.693: nothing was learned.",
        batch={"source": "circles", "samples": 32},
        layers=_dense(*[16] * 8, activation="sigmoid"),
        optimizer="SGD",
        learning_rate=0.1,
        epochs=1000,
        probes=("gradient_norm", "saturated_share", "samples"),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.id: preset for preset in _ALL})
"""Every preset by its id, in the order in which they are offered."""
