"""Names for the types of the engine. TensorFlow and Keras ship none that a checker can use."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating]
IntArray: TypeAlias = npt.NDArray[np.integer]
AnyArray: TypeAlias = npt.NDArray[Any]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Tensor: TypeAlias = Any
"""A TensorFlow tensor, symbolic or not."""

Arrays: TypeAlias = Any
"""An array or tensor, or a list, tuple or dict of them: one for each input or output."""

KerasObject: TypeAlias = Any
"""A layer, an optimizer, a schedule."""

Setting: TypeAlias = Any
"""A value in a configuration of Keras."""
