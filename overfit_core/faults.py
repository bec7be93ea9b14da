"""Faults to learn from: a healthy run, the one thing that breaks it, and what that looks like.

What a fault says under `watch` is true when it is run, and a test runs each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from overfit_core import link
from overfit_core.errors import LinkCodeError
from overfit_core.limits import LIMITS
from overfit_core.spec import RunSpec

CHOICES = 5
"""So many causes a mystery offers, the right one among them."""


@dataclass(frozen=True)
class Fault:
    """One way to break a healthy run.

    Attributes:
        id: Its name in an address.
        rule: The rule that names it.
        title: The switch, in a few words.
        change: What the switch does to the healthy run, in a sentence.
        watch: What it does to the curves, in a sentence.
        healthy: A run that memorises its batch.
        broken: The same with the fault, which does not.
    """

    id: str
    rule: str
    title: str
    change: str
    watch: str
    healthy: RunSpec
    broken: RunSpec


def _rings(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # settings of any kind
    """Two rings that no straight line parts, and a net that memorises them."""
    settings: dict[str, Any] = {
        "batch": {"source": "circles", "samples": 32},
        "model": {"layers": _dense(16, 16), "head": {}},
        "optimizer": {"name": "Adam", "learning_rate": 0.01},
        "training": {"epochs": 300},
    }
    return {part: values | changes.get(part, {}) for part, values in settings.items()}


def _dense(*units: int, **settings: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [{"kind": "dense", "units": n, "activation": "tanh", **settings} for n in units]


def _tumours(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Thirty measurements each of 64 tumours, in very different units, scaled."""
    settings: dict[str, Any] = {
        "batch": {"source": "breast_cancer", "samples": 64, "scaling": "standard"},
        "model": {"layers": _dense(16, activation="relu")},
        "optimizer": {"name": "SGD", "learning_rate": 0.01, "arguments": {"momentum": 0.9}},
        "training": {"epochs": 500},
    }
    return {part: values | changes.get(part, {}) for part, values in settings.items()}


def _blobs(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Three heaps of points, three classes."""
    settings: dict[str, Any] = {
        "batch": {"source": "blobs", "samples": 30, "classes": 3, "scaling": "standard"},
        "model": {"layers": _dense(16), "head": {}},
        "optimizer": {"name": "Adam", "learning_rate": 0.01},
        "training": {"epochs": 300},
    }
    return {part: values | changes.get(part, {}) for part, values in settings.items()}


Settings = Callable[..., dict[str, Any]]


def _fault(
    fault_id: str,
    rule: str,
    title: str,
    change: str,
    watch: str,
    settings: Settings = _rings,
    **broken: Any,  # noqa: ANN401
) -> Fault:
    healthy, faulty = RunSpec.load(settings()), RunSpec.load(settings(**broken))
    return Fault(fault_id, rule, title, change, watch, healthy, faulty)


_ALL = (
    _fault(
        "unscaled-inputs", "unscaled_inputs", "Inputs that are not scaled",
        "The thirty measurements stay as they are: some below 0.1, some above 1,000.",
        "The first step throws the loss up, and from there it stays at a coin toss.",
        _tumours, batch={"scaling": "none"},
    ),
    _fault(
        "contradictory-labels", "contradictory_labels", "Labels that contradict each other",
        "Four samples repeat the inputs of four others, with the other label.",
        "The loss falls as it should, down to a floor that nothing gets below.",
        batch={"contradictions": 4},
    ),
    _fault(
        "labels-against-loss", "label_loss_mismatch", "Class numbers for a yes-or-no loss",
        "One sigmoid unit and a binary cross-entropy are given the class numbers 0, 1 and 2.",
        "The loss goes below 0 and on down, and the accuracy does not follow.",
        _blobs, model={"head": {"units": 1, "activation": "sigmoid"},
                       "loss": "binary_crossentropy"},
    ),
    _fault(
        "softmax-over-one", "output_cannot_reach_target", "Softmax over one unit",
        "The head's sigmoid becomes a softmax, which over a single unit is always 1.",
        "The accuracy stays at a half, for the net answers 1 whatever it is asked; the loss, which "
        "Keras takes before the softmax, falls as if all were well.",
        model={"head": {"activation": "softmax"}},
    ),
    _fault(
        "rate-too-high", "learning_rate_too_high", "Learning rate × 1,000",
        "The learning rate is 10 in place of 0.01.",
        "The loss leaps up at once and then jumps about, far above where it began.",
        optimizer={"learning_rate": 10.0},
    ),
    _fault(
        "rate-too-low", "learning_rate_too_low", "Learning rate ÷ 10,000",
        "The learning rate is 0.000001 in place of 0.01.",
        "The loss falls in every epoch, and after all of them it has hardly moved.",
        optimizer={"learning_rate": 1e-6},
    ),
    _fault(
        "zero-weights", "bad_initialisation", "All weights start at zero",
        "Every kernel starts at 0, that of the head as well.",
        "All units are alike and every gradient is 0: the loss stays at ln 2.",
        model={"layers": _dense(16, 16, kernel_initializer="zeros"),
               "head": {"kernel_initializer": "zeros"}},
    ),
    _fault(
        "dead-relus", "dead_relu", "Dead ReLUs",
        "The hidden layers become ReLUs with a bias of -10 to begin with.",
        "Every unit is 0 for every sample, so nothing flows back: the loss stays at ln 2.",
        model={"layers": _dense(16, 16, activation="relu", initial_bias=-10.0)},
    ),
    _fault(
        "vanishing-gradients", "vanishing_gradients", "Eight sigmoid layers",
        "Eight layers of sigmoids in place of two of tanh, trained by plain SGD.",
        "The gradient that reaches the first layer is thousands of times too small to move it.",
        model={"layers": _dense(*[16] * 8, activation="sigmoid")},
        optimizer={"name": "SGD", "learning_rate": 0.1},
    ),
    _fault(
        "linear-layers", "missing_nonlinearity", "Linear hidden layers",
        "The activations are taken out: every hidden layer is linear.",
        "The loss comes to rest at what a straight line can do, and that is little here.",
        model={"layers": _dense(16, 16, activation="linear")},
    ),
    _fault(
        "frozen-layers", "nothing_trainable", "Frozen hidden layers",
        "The hidden layers keep the weights that they were drawn with; only the head learns.",
        "The loss falls as far as the head alone can take it, and stops there.",
        model={"layers": _dense(4, 4, trainable=False)},
    ),
    _fault(
        "dropout", "regularisation", "Dropout of 0.95",
        "Behind each hidden layer nineteen units in twenty are switched off at random.",
        "The loss is ragged and does not come down, and accuracy wanders near chance.",
        model={"layers": [layer for one in _dense(16, 16)
                          for layer in (one, {"kind": "dropout", "rate": 0.95})]},
    ),
    _fault(
        "too-small", "too_little_capacity", "One hidden unit",
        "One hidden unit in place of two layers of sixteen.",
        "The loss comes to rest early: one unit cuts the plane once, and that is not enough.",
        model={"layers": _dense(1)},
    ),
    _fault(
        "too-few-epochs", "too_few_epochs", "Eight epochs",
        "The run ends after 8 epochs in place of 300.",
        "The loss is still on its way down when the run is over.",
        training={"epochs": 8},
    ),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.id: fault for fault in _ALL})
"""Every fault by its id, in the order in which they are offered."""


@dataclass(frozen=True)
class Mystery:
    """A run with a hidden fault, to be guessed.

    Attributes:
        fault: What is wrong.
        spec: The faulty run, with seeds of its own.
        choices: Ids of faults to choose from, the right one among them.
    """

    fault: Fault
    spec: RunSpec
    choices: tuple[str, ...]

    @property
    def code(self) -> str:
        """A short text for an address that does not tell the fault to who reads it."""
        return link.encode({"mystery": self.fault.id, "seed": self.spec.training.seed})


def make_mystery(fault_id: str, seed: int) -> Mystery:
    """Return the mystery of a fault.

    Args:
        fault_id: One of ``FAULTS``.
        seed: Draws the initial weights and the order of the choices, 0 or more.

    Raises:
        KeyError: If there is no such fault.
        ValueError: If the seed is out of its range.
    """
    fault = FAULTS[fault_id]
    if not 0 <= seed <= LIMITS.seed:
        raise ValueError(f"A seed is a whole number from 0 to {LIMITS.seed}, got {seed}.")
    draw = random.Random(seed)
    others = draw.sample([other for other in FAULTS if other != fault_id], CHOICES - 1)
    choices = [fault_id, *others]
    draw.shuffle(choices)
    training = fault.broken.training.model_copy(update={"seed": seed})
    spec = fault.broken.model_copy(update={"training": training, "name": "A mystery"})
    return Mystery(fault, spec, tuple(choices))


def new_mystery() -> Mystery:
    """Return a mystery that nobody knows yet."""
    draw = random.SystemRandom()
    return make_mystery(draw.choice(list(FAULTS)), draw.randrange(1, 1_000))


def open_mystery(code: str) -> Mystery:
    """Return the mystery of an address.

    Raises:
        LinkCodeError: If the code is none of ours, or of a fault that there is not any more.
    """
    held = link.decode(code)
    try:
        return make_mystery(str(held["mystery"]), int(held["seed"]))
    except (KeyError, TypeError, ValueError):
        raise LinkCodeError(
            "this is no mystery: its address was cut off or changed; ask for the link again"
        ) from None
