"""Copying between variables: a vector and the weights that it holds, in one call of TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from overfit_core.training.types import KerasObject, Tensor

if TYPE_CHECKING:
    import tensorflow as tf


class Pair(NamedTuple):
    """A variable of a program, and the variables of a model that lie in it one after the other."""

    own: tf.Variable
    theirs: Sequence[tf.Variable]


class Transfer:
    """Copies between the variables of one program and those of any model that fits it.

    The first copy of each kind is made operation by operation. Whoever copies a second time will
    copy often: from then on it is one compiled call, which takes less than half of the time.
    """

    def __init__(self) -> None:
        """Nothing is compiled yet."""
        self._used: set[str] = set()
        self._compiled: dict[str, KerasObject] = {}

    def load(self, pairs: Sequence[Pair]) -> None:
        """Copy from the model to the program."""
        self._copy("load", pairs)

    def store(self, pairs: Sequence[Pair]) -> None:
        """Copy from the program to the model."""
        self._copy("store", pairs)

    def _copy(self, way: str, pairs: Sequence[Pair]) -> None:
        handles = [v.handle for own, theirs in pairs for v in (own, *theirs)]
        if way not in self._used:
            self._used.add(way)
            _COPIES[way](pairs, handles)
            return
        if way not in self._compiled:
            self._compiled[way] = _compiled(way, pairs)
        function = self._compiled[way]
        function._call_flat(handles, function.captured_inputs)


def _compiled(way: str, pairs: Sequence[Pair]) -> KerasObject:
    import tensorflow as tf

    count = sum(1 + len(theirs) for _, theirs in pairs)
    function = tf.function(lambda *handles: _COPIES[way](pairs, handles), autograph=False)
    return function.get_concrete_function(*[tf.TensorSpec((), tf.resource)] * count)


def _load(pairs: Sequence[Pair], handles: Sequence[Tensor]) -> None:
    import tensorflow as tf
    from tensorflow.python.ops import gen_resource_variable_ops as ops

    rest = iter(handles)
    for own, theirs in pairs:
        target = next(rest)
        values = [ops.read_variable_op(next(rest), v.dtype) for v in theirs]
        if len(theirs) > 1:
            values = [tf.concat([tf.reshape(value, [-1]) for value in values], 0)]
        ops.assign_variable_op(target, tf.reshape(values[0], own.shape))


def _store(pairs: Sequence[Pair], handles: Sequence[Tensor]) -> None:
    import tensorflow as tf
    from tensorflow.python.ops import gen_resource_variable_ops as ops

    rest = iter(handles)
    for own, theirs in pairs:
        value = ops.read_variable_op(next(rest), own.dtype)
        parts = [value]
        if len(theirs) > 1:
            parts = tf.split(value, [v.shape.num_elements() for v in theirs])
        for their, part in zip(theirs, parts, strict=True):
            ops.assign_variable_op(next(rest), tf.reshape(part, their.shape))


_COPIES = {"load": _load, "store": _store}
