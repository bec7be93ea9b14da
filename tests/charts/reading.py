"""What a test reads from a figure."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt


def decoded(array: dict[str, str]) -> npt.NDArray[Any]:
    """The numbers of one axis of a trace, as Plotly reads them."""
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype=f"<{array['dtype']}")


def points(trace: dict[str, Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Epochs and values of a trace."""
    return decoded(trace["x"]), decoded(trace["y"])
