"""What compiles the programs of a check, which train for less long than a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overfit_core.training.structure import Backend, all_layers

if TYPE_CHECKING:
    import keras

SHORT = 500
"""Epochs of a recurrent run that is over before XLA would have saved as much as it takes."""


def backend_of_check(model: keras.Model, epochs: float) -> Backend | None:
    """Choose what compiles a program for a check; None for what suits the model in the long run.

    For a recurrent network XLA compiles 2 to 4 s longer than TensorFlow, and then saves 1 to 3 ms
    an epoch. Not where much is dropped: beside a recurrent layer XLA takes 0.5 µs for each number
    that a ``Dropout`` layer draws, and from some 200 numbers a step on it is the slower one, with
    2,500 a step by eight times. A check is short, so all with ``Dropout`` are left to TensorFlow.

    Args:
        model: The model.
        epochs: How many it is for; infinity where that is not known.
    """
    import keras

    layers = list(all_layers(model))
    recurrent = any(isinstance(layer, keras.layers.RNN) for layer in layers)
    drops = any(isinstance(layer, keras.layers.Dropout) and layer.rate for layer in layers)
    return "tensorflow" if recurrent and (drops or epochs <= SHORT) else None
