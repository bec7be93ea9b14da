"""What comes before a run: tensors, variables, and the program that fits."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.errors import ModelError
from overfit_core.training.cache import PROGRAMS, has_foreign_code
from overfit_core.training.plan import Data, Plan
from overfit_core.training.program import Program
from overfit_core.training.types import Arrays

if TYPE_CHECKING:
    import keras


def tensors(data: Data) -> Data:
    """Return the same data as TensorFlow's tensors."""
    batch = tuple(_tensor(part) for part in data.batch)
    held_out = data.held_out and tuple(_tensor(part) for part in data.held_out)
    return Data(batch, held_out)


def _tensor(arrays: Arrays) -> Arrays:
    import keras
    import tensorflow as tf

    if arrays is None or isinstance(arrays, np.ndarray):
        return None if arrays is None else tf.convert_to_tensor(arrays)
    return keras.tree.map_structure(tf.convert_to_tensor, arrays)


def program_for(model: keras.Model, data: Data, plan: Plan) -> Program:
    """Return the program, with the model's weights and metrics built if they have to be."""
    program = PROGRAMS.find(model, data, plan) if model.built else None
    if program is None:
        try:
            _build(model, data)
            program = PROGRAMS.get(model, data, plan)
        except Exception as error:
            raise ModelError(reason(error)) from error
    return program


def _build(model: keras.Model, data: Data) -> None:
    """Create the variables of the model, its metrics and its loss."""
    import keras
    from keras.src.backend import compute_output_spec

    outputs = list(getattr(model, "outputs", None) or ())
    if not model.built or len(outputs) != 1 or has_foreign_code(model):
        model._symbolic_build(data_batch=data.batch)
        return
    # Keras would trace the whole model to learn the shapes, which takes 15 ms.
    y = keras.tree.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype.name), data.batch[1])
    samples = keras.tree.flatten(y)[0].shape[0]
    predicted = keras.KerasTensor((samples, *outputs[0].shape[1:]), outputs[0].dtype)
    if model._compile_metrics is not None and not model._compile_metrics.built:
        compute_output_spec(model._compile_metrics.update_state, y, predicted)
    if model._compile_loss is not None and not model._compile_loss.built:
        model._compile_loss.build(y, predicted)


def build_optimizer(model: keras.Model) -> None:
    """Create the optimizer's variables, as they are when ``fit`` creates them."""
    import keras

    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    if isinstance(optimizer, keras.optimizers.ScheduleFreeAdamW):
        # Its build copies the weights into the momentum. ``fit`` builds an optimizer while it
        # traces, where Keras 3.15 loses that copy, and starts from zero. So do we, unless the
        # optimizer was built before, as that of a spec is.
        for momentum in optimizer._momentums:
            momentum.assign(keras.ops.zeros_like(momentum))


@contextmanager
def without_collections() -> Iterator[None]:
    """Let Python's garbage collector wait.

    What tracing leaves behind makes it look through all of TensorFlow in the middle of it, which
    takes 0.2 s.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def reason(error: Exception) -> str:
    """Return the first lines of an error of Keras or TensorFlow, where the reason stands."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"Keras cannot train this model on this batch: {' '.join(lines[:3])}"
