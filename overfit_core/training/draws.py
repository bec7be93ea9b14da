"""Random numbers under XLA, drawn at full speed.

XLA writes its generator of random numbers as a computation of its own for each shape. Where only
one place calls that computation, XLA puts it there, and then works it out anew for each use of each
number: 0.5 µs a number. A second caller keeps it apart, and a number takes 0.02 µs (measured in
``benchmarks/``). So what a loop draws once is drawn once more outside it, and never used.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import tensorflow as tf

Draw = tuple[tuple[int, ...], "tf.DType"]
"""Shape and type of random numbers."""


def drawn_once(graph: tf.Graph) -> list[Draw]:
    """Return the draws of floating-point numbers that a graph makes in one place only."""
    made = [op.outputs[0] for op in graph.get_operations() if op.type.startswith("StatelessRandom")]
    draws = Counter(
        (tuple(numbers.shape), numbers.dtype)
        for numbers in made
        if numbers.dtype.is_floating and numbers.shape.is_fully_defined()
    )
    return [draw for draw, count in draws.items() if count == 1]


def drawn_again(draws: list[Draw], seed: Tensor, value: Tensor) -> Tensor:
    """Trace one draw more of each kind, and return ``value`` as it is.

    Args:
        draws: See ``drawn_once``.
        seed: A number of type int32 that XLA does not know in advance.
        value: What is worked out afterwards; whole numbers.
    """
    import tensorflow as tf

    for shape, dtype in draws:
        numbers = tf.random.stateless_uniform(shape, tf.stack([seed, 0]), dtype=dtype)
        # All are below 1, which XLA does not know either.
        value = tf.where(tf.reduce_all(numbers < 2), value, -1)
    return value
