"""Traced loops, called by name and kept on disk beside XLA's programs.

Tracing Keras in Python takes a tenth of a second and more, each time a process meets a network.
What it ends in is a function of TensorFlow's own, some 30 kB: kept, it is there in a millisecond.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from overfit_core.training.lowering import lower_directly
from overfit_core.training.types import KerasObject, Tensor

if TYPE_CHECKING:
    import tensorflow as tf

# On the first function of a file: the place among the state's variables of each captured one.
_CAPTURES = "_overfit_captures"
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Loop:
    """A traced function, known to TensorFlow by its name.

    Attributes:
        name: Its name.
        captured: Handles of the variables that it reads and writes.
        outputs: How many tensors it returns.
        kept: What must live as long as it.
    """

    name: bytes
    captured: Sequence[Tensor]
    outputs: int
    kept: KerasObject = None

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return what the function returns, one tensor after the other."""
        from tensorflow.python.eager import context

        # Past TensorFlow's own dispatch, which takes a tenth of a short run.
        arguments = [*inputs, *self.captured]
        return list(context.context().call_function(self.name, arguments, self.outputs))


class LoopFile:
    """The file of one loop.

    Args:
        folder: Where loops are kept.
        key: Equal for loops that are the same function over the same state.
    """

    def __init__(self, folder: Path, key: str) -> None:
        """Work out the file's name; it is read and written later."""
        self._mark = hashlib.sha256(f"{versions()} {key}".encode()).hexdigest()[:32]
        self._path = folder / f"loop-{self._mark}.pb"
        self._written: bytes | None = None

    def load(self, state: Sequence[tf.Variable]) -> Loop | None:
        """Return the loop over ``state``, or None if there is no file or it cannot be read."""
        import tensorflow as tf

        try:
            content = self._path.read_bytes()
            digest, library = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if hashlib.sha256(library).digest() != digest:
                return None
            return _registered(library, state)
        except (OSError, tf.errors.OpError):
            return None

    def adopt(self, traced: KerasObject, state: Sequence[tf.Variable], *, xla: bool) -> Loop | None:
        """Return a traced function as it will be loaded by later processes; see ``adopted``.

        XLA's own file of it is found again only if both are the same to the last bit, so this
        process runs what will be written too.
        """
        self._written = _library(traced, state, self._mark, xla=xla)
        return None if self._written is None else _registered(self._written, state)

    def save(self) -> None:
        """Write what was adopted; a folder that cannot be written to is left alone."""
        if self._written is None:
            return
        beside = self._path.with_suffix(f".{os.getpid()}")
        try:
            beside.write_bytes(hashlib.sha256(self._written).digest() + self._written)
            beside.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        self._written = None


def adopted(traced: KerasObject, state: Sequence[tf.Variable], *, xla: bool) -> Loop | None:
    """Return a traced function in the form that XLA takes at once.

    Args:
        traced: The concrete function.
        state: The variables that it may read and write.
        xla: Whether it is compiled by XLA.

    Returns:
        None if it uses more than ``state``, or a part of this process.
    """
    serialised = _library(traced, state, f"{id(traced)}_{next(_count)}", xla=xla)
    # What it calls of a caller's own code lives as long as the trace.
    return None if serialised is None else _registered(serialised, state, kept=traced)


_count = itertools.count()


def _library(
    traced: KerasObject, state: Sequence[tf.Variable], mark: str, *, xla: bool
) -> bytes | None:
    """Write down a traced function and all that it calls, itself first, named by ``mark``."""
    places = {id(variable.handle): place for place, variable in enumerate(state)}
    captured = [places.get(id(handle)) for handle in traced.captured_inputs]
    if None in captured:
        return None
    library = traced.graph.as_graph_def(add_shapes=xla).library
    if library.gradient:
        return None
    library.function.append(traced.function_def)
    functions = {f.signature.name: f for f in library.function}
    first = functions.pop(traced.function_def.signature.name)
    first.attr[_CAPTURES].list.i.extend(captured)
    names = {name: f"{name}_{mark}" for name in (first.signature.name, *functions)}
    ordered = type(library)(function=[first, *functions.values()])
    for function in ordered.function:
        _rename(function, names)
        if xla:
            lower_directly(function)
    written: bytes = ordered.SerializeToString(deterministic=True)
    return written


def _registered(serialised: bytes, state: Sequence[tf.Variable], kept: KerasObject = None) -> Loop:
    """Tell TensorFlow the functions of a file; the first one is the loop."""
    from tensorflow.core.framework.function_pb2 import FunctionDefLibrary
    from tensorflow.python.eager import context

    library = FunctionDefLibrary.FromString(serialised)
    names = [function.signature.name for function in library.function]
    with _lock:
        for function in library.function:
            if not _loops_with[function.signature.name]:
                context.context().add_function_def(function)
        _loops_with.update(names)
    first = library.function[0]
    captured = [state[place].handle for place in first.attr[_CAPTURES].list.i]
    loop = Loop(first.signature.name.encode(), captured, len(first.signature.output_arg), kept)
    # With the process everything goes.
    weakref.finalize(loop, _forget, names).atexit = False
    return loop


_loops_with: Counter[str] = Counter()
# Collected loops are forgotten in whatever thread that happens, in the middle of anything.
_lock = threading.RLock()


def _forget(names: Sequence[str]) -> None:
    """Have TensorFlow drop the functions that no loop uses any more."""
    from tensorflow.python.eager import context

    with _lock:
        _loops_with.subtract(names)
        for name in names:
            if not _loops_with[name]:
                del _loops_with[name]
                context.context().remove_function(name)


def _rename(function: KerasObject, names: dict[str, str]) -> None:
    """Give a function, and those that it calls, names that no other process's trace has."""
    function.signature.name = names[function.signature.name]
    for node in function.node_def:
        node.op = names.get(node.op, node.op)
        for value in node.attr.values():
            for called in (value.func, *value.list.func):
                if called.name in names:
                    called.name = names[called.name]


@functools.cache
def versions() -> str:
    """Name everything besides a loop's key that its trace, and so its numbers, depend on."""
    import keras
    import tensorflow as tf

    sources = sorted(Path(__file__).parent.rglob("*.py"))
    ours = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return f"{tf.__version__} {keras.__version__} {ours}"
