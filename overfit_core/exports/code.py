"""Python source, written: calls, numbers and arrays as literals.

Whatever a person typed reaches a script through `literal` alone, which quotes it as Python does.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from overfit_core.batches import Array

WIDTH = 88
"""Longest line of a script, where it can be broken."""
MAX_LITERAL_NUMBERS = 64
"""An array with more numbers is written as the base64 of its bytes."""


@dataclass(frozen=True)
class Code:
    """A piece of source that stands for itself, such as a call within another call."""

    text: str


Value: TypeAlias = "Code | str | int | float | bool | Sequence[Value] | None"
"""What an argument of a call may be."""


def literal(value: Value) -> str:
    """Return `value` as Python writes it; a text can end its quotes as little as in `repr`."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str):
        # What is not printable (line separators, marks that turn the direction of writing) is
        # escaped by `repr`; only the quotes differ, which are those of the rest of the script.
        quoted = repr(value)
        plain = quoted.startswith("'") and '"' not in quoted
        return f'"{quoted[1:-1]}"' if plain else quoted
    if isinstance(value, bool | int | float | None):
        return repr(value)
    return f"[{', '.join(map(literal, value))}]"


def call(function: str, *positional: Value, **keywords: Value) -> Code:
    """Return a call, on one line if it fits, else with one argument on each.

    Args:
        function: what is called, such as `"keras.layers.Dense"`.
        positional: its positional arguments.
        keywords: its keyword arguments, in their order.
    """
    arguments = [literal(value) for value in positional]
    arguments += [f"{name}={literal(value)}" for name, value in keywords.items()]
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= WIDTH - 16 and "\n" not in line:
        return Code(line)
    body = "".join(f"{textwrap.indent(argument, '    ')},\n" for argument in arguments)
    return Code(f"{function}(\n{body})")


def array(values: Array) -> str:
    """Return the source of a NumPy array that is `values` to the last bit.

    Few numbers are written out; many as the base64 of their bytes, which
    the script's own `array` decodes.
    """
    if values.size <= MAX_LITERAL_NUMBERS:
        rows = [_written(row) for row in values]
        text = f"[{', '.join(rows)}]"
        if len(text) > WIDTH // 2:
            one_a_line = values.ndim > 1 and values.shape[-1] > 1
            lines = rows if one_a_line else textwrap.wrap(text[1:-1], WIDTH - 4)
            text = "[\n" + "".join(f"    {line.rstrip(',')},\n" for line in lines) + "]"
        # The shortest decimal of a float32, read as a float64 first, could in theory round apart.
        if _reads_back(values):
            return f'np.array({text}, dtype="{values.dtype.name}")'
    little_endian = values.astype(values.dtype.newbyteorder("<"))
    encoded = base64.b64encode(np.ascontiguousarray(little_endian).tobytes()).decode()
    wrapped = "\n".join(textwrap.wrap(encoded, WIDTH))
    shape = tuple(int(n) for n in values.shape)
    return f'array(\n    "{little_endian.dtype.str}",\n    {shape},\n    """\n{wrapped}\n""",\n)'


ARRAY = '''\
def array(dtype, shape, text):
    """Decode an array from the base64 of its bytes."""
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)
'''
"""What a script needs to read the arrays that are not written out."""


def _written(values: Array) -> str:
    if values.ndim:
        return f"[{', '.join(map(_written, values))}]"
    # repr of a NumPy scalar names its type; str is the shortest text that reads back the same.
    return str(values[()])


def _reads_back(values: Array) -> bool:
    read = np.array([float(str(v)) for v in values.ravel()]).astype(values.dtype)
    return read.tobytes() == values.ravel().tobytes()
