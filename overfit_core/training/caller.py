"""What a caller hands over, checked and brought into the form that Keras trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overfit_core.errors import ModelError
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras


def checked_model(model: keras.Model) -> None:
    """Refuse what cannot be trained by a loop of our own.

    Raises:
        ModelError: If ``model`` is no Keras model, is not compiled, or trains in its own way.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise ModelError(f"The model is a {type(model).__name__}; give a keras.Model.")
    if not model.compiled or model.optimizer is None:
        raise ModelError(
            f"The model {model.name!r} is not compiled; call "
            "model.compile(optimizer=…, loss=…) first."
        )
    if model._compile_loss is None and not model.losses:
        raise ModelError(f"The model {model.name!r} has no loss; compile it with loss=…")
    if model.optimizer.built:
        known = {id(v) for v in model.optimizer._trainable_variables}
        if known != {id(v) for v in model.trainable_variables}:
            raise ModelError(
                f"The trainable weights of {model.name!r} are not those that its optimizer was "
                "built for: a layer was frozen, thawed or added since. Compile the model again."
            )
    for name in ("train_step", "test_step"):
        if not getattr(type(model), name).__module__.startswith("keras."):
            raise ModelError(
                f"{type(model).__name__} has a {name} of its own, which the compiled loop would "
                "pass over. Train it with model.fit, or move what it does into the loss."
            )


def arrays(values: Arrays, name: str, *, finite: bool = True) -> Arrays:
    """Return arrays as Keras makes them: floating point in ``floatx``, the rest as it is.

    Args:
        values: An array, or a list, tuple or dict of arrays, samples first.
        name: What to call it in an error.
        finite: Whether to refuse NaN and infinity.

    Raises:
        ModelError: If there is no sample, the arrays differ in length, or one holds NaN or
            infinity and may not.
    """
    import keras

    if values is None:
        return None

    def array(value: Arrays) -> AnyArray:
        found = _array(value, name)
        if found.dtype == object or found.dtype.kind in "SU":
            raise ModelError(f"{name} holds {found.dtype}; give numbers.")
        if found.ndim == 0 or len(found) == 0:
            raise ModelError(f"{name} has shape {found.shape}; give at least one sample.")
        if found.dtype.kind == "f":
            if finite:
                _finite(found, name)
            return found.astype(keras.config.floatx())
        return found

    if isinstance(values, list | tuple) and (not values or _array(values[0], name).ndim == 0):
        values = _array(values, name)
    if isinstance(values, list) and not _is_structure(values):
        values = _array(values, name)
    made = keras.tree.map_structure(array, values)
    lengths = {len(a) for a in keras.tree.flatten(made)}
    if len(lengths) > 1:
        raise ModelError(f"The arrays of {name} have {sorted(lengths)} samples; give one number.")
    return made


def _array(values: Arrays, name: str) -> AnyArray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ModelError(
            f"{name} is no array: its rows differ in length or shape. Pad or cut them. ({error})"
        ) from error


def _is_structure(values: list[Arrays]) -> bool:
    """Tell a list of arrays (several inputs) from nested lists of numbers (one array)."""
    return bool(values) and all(hasattr(v, "shape") for v in values) and np.ndim(values[0]) > 0


def _finite(array: AnyArray, name: str) -> None:
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = tuple(int(i) for i in bad[0])
        raise ModelError(
            f"{name} holds {array[place]} at {place}, and {len(bad)} such numbers in all. "
            "Remove or replace them: no network can learn from NaN or infinity."
        )


def same_samples(x: Arrays, y: Arrays, names: str) -> None:
    """Refuse inputs and labels of different length.

    Raises:
        ModelError: With both lengths.
    """
    import keras

    samples = len(keras.tree.flatten(x)[0])
    labels = len(keras.tree.flatten(y)[0])
    if samples != labels:
        raise ModelError(f"{names} have {samples} and {labels} samples; give one per sample.")
