"""Whether two runs start from the same weights, byte by byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras


def weights_hash(weights: Iterable[FloatArray]) -> str:
    """Return the SHA-256 (hex) over type, shape and bytes of each array, in their order.

    Equal where the arrays are, byte by byte; their names do not count. A batch is hashed the same
    way.

    Args:
        weights: Arrays of any shapes.
    """
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def model_hash(model: keras.Model) -> str:
    """Return ``weights_hash`` of all weights of a model as they are, moving statistics included."""
    return weights_hash(variable.numpy() for variable in model.weights)
