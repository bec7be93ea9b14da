"""The programs of the JSON files as compiled models, and the rules that name their faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from tests.diagnosis.real import batches, unseen_batches

Array = NDArray[Any]
HERE = Path(__file__).parent
PLACES = (keras.layers, keras.initializers, keras.regularizers, keras.optimizers)
"""Where the names of the files are Keras's own."""
MAKERS = MappingProxyType({**batches.MAKERS, **unseen_batches.MAKERS})
"""Of batches, by name."""

RULES_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "learning rate too high": frozenset({"learning_rate_too_high"}),
        "learning rate too low": frozenset({"learning_rate_too_low"}),
        "too few epochs": frozenset({"too_few_epochs"}),
        "scale of inputs": frozenset({"unscaled_inputs"}),
        "scale of targets": frozenset({"unscaled_targets"}),
        # What the output can give, and what the loss takes, are two sides of one thing.
        "output activation": frozenset({"output_cannot_reach_target", "label_loss_mismatch"}),
        "output units": frozenset({"output_cannot_reach_target", "label_loss_mismatch"}),
        "labels": frozenset({"label_loss_mismatch", "contradictory_labels"}),
        "loss": frozenset({"unsuited_loss", "label_loss_mismatch"}),
        "dropout": frozenset({"regularisation"}),
        "penalty": frozenset({"regularisation"}),
        "dying ReLU": frozenset({"dead_relu"}),
        "missing activation": frozenset({"missing_nonlinearity"}),
        "capacity": frozenset({"too_little_capacity"}),
        "initialisation": frozenset({"bad_initialisation"}),
        "hidden activation": frozenset({"vanishing_gradients", "saturation"}),
        # No rule blames an optimizer as such, nor a net for having other layers than its repair.
        "optimizer": frozenset(),
        "layers": frozenset(),
    }
)
"""By the word that the files have for a fault: the rules that name it.

A missing batch normalisation of the inputs counts as "scale of inputs", which is what it mends.
"""


@dataclass(frozen=True)
class RealProgram:
    """A program that somebody asked about, mended or broke.

    Attributes:
        id: Number of the question at Stack Overflow, or a short name.
        title: What is wrong in a line.
        source: Where it was published.
        input_shape: Shape of a sample.
        label_shape: Shape of its label.
        layers: Names of Keras, each with its arguments.
        loss: Name of the loss.
        optimizer: As a layer. A decay of 1e-6 a step, which Keras no longer takes, is left out.
        epochs: How long it trained.
        batch: Arguments of ``make``.
        faults: What is wrong with it, as keys of ``RULES_OF``; nothing where nothing is.
        shows: On one batch it fails however long it trains, fails only within its own epochs, or
            memorises and is there to be left alone.
    """

    id: str
    title: str
    source: str
    input_shape: tuple[int, ...]
    label_shape: tuple[int, ...]
    layers: tuple[dict[str, Any], ...]
    loss: str
    optimizer: dict[str, Any]
    epochs: int
    batch: dict[str, Any]
    faults: tuple[str, ...]
    shows: Literal["always", "within its epochs", "never"]

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.id} ({self.title})"

    @property
    def rules(self) -> frozenset[str]:
        """Any of them names one of its faults."""
        return frozenset().union(*(RULES_OF[fault] for fault in self.faults))

    @property
    def x(self) -> Array:
        """Inputs."""
        return self._batch[0]

    @property
    def y(self) -> Array:
        """Labels."""
        return self._batch[1]

    @cached_property
    def _batch(self) -> batches.Batch:
        return make(**self.batch)

    def model(self) -> keras.Model:
        """Make the compiled model; equal each time."""
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input(self.input_shape), *map(_made, self.layers)])
        model.compile(_made(self.optimizer), loss=self.loss)
        return model


def _made(given: Any) -> Any:  # noqa: ANN401  # whatever JSON may hold
    """Make what a name of Keras and its arguments stand for; return other values as they are."""
    if isinstance(given, list):
        return tuple(given)
    if not isinstance(given, dict):
        return given
    ((name, arguments),) = given.items()
    kind = next(getattr(place, name) for place in PLACES if hasattr(place, name))
    return kind(**{key: _made(value) for key, value in arguments.items()})


def make(maker: str, samples: int, seed: int, **arguments: Any) -> batches.Batch:  # noqa: ANN401
    """Make a batch; equal each time.

    Returns:
        Inputs and labels in float32.
    """
    x, y = MAKERS[maker](np.random.default_rng(seed), samples, **arguments)
    return np.array(x, "float32"), np.array(y, "float32")


def _programs(name: str) -> tuple[RealProgram, ...]:
    text = HERE.joinpath(name).read_text(encoding="utf-8")
    return TypeAdapter(tuple[RealProgram, ...]).validate_json(text)


PROGRAMS = _programs("programs.json")
"""Those that the rules were made with, in the order of the file."""
UNSEEN = _programs("unseen.json")
"""Those that were collected when the rules were done, in the order of the file."""
MENDED = frozenset({"38648195", "44164749", "47241622", "48385830", "59325381"})
"""Those of them that a rule or a change was mended for."""
