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
    an epoch.

    Args:
        model: The model.
        epochs: How many it is for; infinity where that is not known.
    """
    import keras

    recurrent = any(isinstance(layer, keras.layers.RNN) for layer in all_layers(model))
    return "tensorflow" if recurrent and epochs <= SHORT else None
