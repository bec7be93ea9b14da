"""The weights and the optimizer that a compiled loop trains.

For optimizers that treat every number alike, small weights are laid into one vector: one fused
kernel then updates them, instead of several per layer, which both compiles and runs faster. Large
weights keep a variable each: there a kernel more is nothing, and XLA shares a join of many numbers
between threads in a way that takes up to a hundred times as long. Other optimizers keep one
variable per weight.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.transfer import Pair
from overfit_core.training.twins import copy_exclusions, inner_of, twin_of
from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras

    Variables = list[keras.Variable]

# Their update of a number depends on that number's own gradient and slots alone.
_ELEMENTWISE = frozenset(
    "SGD RMSprop Adam AdamW Adamax Nadam Adagrad Adadelta Ftrl Lion ScheduleFreeAdamW".split()
)

JOINED = 32_768
"""Numbers that a vector holds at most; XLA shares a join of twice as many between threads."""


def can_be_one_vector(model: keras.Model) -> bool:
    """Tell whether the update of the weights is the same in one vector as one by one."""
    optimizer, weights = model.optimizer, model.trainable_variables
    keras_own = type(optimizer).__module__.startswith("keras.")
    if not keras_own or type(optimizer).__name__ not in _ELEMENTWISE:
        return False
    if type(optimizer).__name__ == "SGD" and not optimizer.momentum:
        # One product and one sum a weight: less than joining the gradients takes.
        return False
    excluded = getattr(optimizer, "_exclude_from_weight_decay", None)
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if optimizer.clipnorm or excluded or pattern:
        return False
    if any(w.constraint or getattr(w, "overwrite_with_gradient", False) for w in weights):
        return False
    return len({w.dtype for w in weights}) == 1


class Parameters:
    """Trainable weights with their optimizer, as variables of the compiled loop's own.

    Args:
        model: The model whose weights' shapes and optimizer are taken; its values are not.
        rate: Gives the current learning rate inside the traced loop, as a scalar tensor.

    Attributes:
        groups: The places of the weights that each variable holds.
        variables: One for each group: a vector of several weights, or one weight as it is.
        optimizer: A copy of the model's optimizer, built on these variables.
    """

    def __init__(self, model: keras.Model, rate: Callable[[], Tensor]) -> None:
        """Make the variables and build the copy of the optimizer on them."""
        weights = model.trainable_variables
        self._shapes = [tuple(w.shape) for w in weights]
        self._sizes = [int(np.prod(shape, dtype=int)) for shape in self._shapes]
        joinable = can_be_one_vector(model)
        self.groups = _groups(self._sizes) if joinable else [[i] for i in range(len(weights))]
        self.variables = [self._variable([weights[i] for i in group]) for group in self.groups]
        self.optimizer = twin_of(model.optimizer, rate)
        if not joinable:
            copy_exclusions(
                model.optimizer, self.optimizer, zip(weights, self.variables, strict=True)
            )
        self.optimizer.build(self.variables)

    @staticmethod
    def _variable(weights: Variables) -> keras.Variable:
        import keras

        if len(weights) == 1:
            return _twin(weights[0])
        zeros = np.zeros(sum(int(np.prod(w.shape)) for w in weights), weights[0].dtype)
        return keras.Variable(zeros, name="weights", dtype=weights[0].dtype)

    def values(self) -> list[Tensor]:
        """Return the current tensors that a gradient is taken with respect to."""
        import tensorflow as tf

        return [tf.convert_to_tensor(v.value) for v in self.variables]

    def shaped(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Bring what belongs to ``values()`` (weights, gradients) into the model's shapes."""
        import tensorflow as tf

        found: dict[int, Tensor] = {}
        for group, tensor in zip(self.groups, tensors, strict=True):
            if len(group) == 1:
                found[group[0]] = tensor
                continue
            parts = tf.split(tensor, [self._sizes[i] for i in group])
            found |= {i: tf.reshape(p, self._shapes[i]) for i, p in zip(group, parts, strict=True)}
        return [found[i] for i in range(len(found))]

    def apply(self, gradients: Sequence[Tensor | None]) -> None:
        """Let the optimizer update the weights."""
        self.optimizer.apply(list(gradients), self.variables)

    def pairs(self, model: keras.Model) -> list[Pair]:
        """Return our variables beside those that they hold of a model with a built optimizer."""
        weights, optimizer = model.trainable_variables, model.optimizer
        mine, theirs = _slots(self.optimizer, len(self.groups)), _slots(optimizer, len(weights))
        lists = [(self.variables, weights), *((mine[name], theirs[name]) for name in mine)]
        vectors = [
            Pair(own._value, [held[i]._value for i in group])
            for ours, held in lists
            for own, group in zip(ours, self.groups, strict=True)
        ]
        return vectors + _singles(_state(self.optimizer, mine), _state(optimizer, theirs))


def _groups(sizes: Sequence[int]) -> list[list[int]]:
    """Return the places of the weights in each variable: small ones together, large ones alone."""
    smallest = sorted(range(len(sizes)), key=sizes.__getitem__)
    totals = itertools.accumulate(sizes[i] for i in smallest)
    joined = sorted(i for i, total in zip(smallest, totals, strict=True) if total <= JOINED)
    alone = [[i] for i in range(len(sizes)) if i not in joined]
    return [joined, *alone] if joined else alone


def _singles(ours: Variables, theirs: Variables) -> list[Pair]:
    return [Pair(a._value, [b._value]) for a, b in zip(ours, theirs, strict=True)]


def _twin(weight: keras.Variable) -> keras.Variable:
    """Return a variable of one weight's shape, name and path: some optimizers go by these."""
    import keras

    twin = keras.Variable(
        np.zeros(weight.shape, weight.dtype), dtype=weight.dtype, name=weight.name
    )
    twin._path = weight.path
    twin.constraint = weight.constraint
    return twin


def _slots(optimizer: keras.Optimizer, weights: int) -> dict[str, Variables]:
    """Return the optimizer's lists of one variable per weight, by attribute name."""
    import keras

    found = {}
    for name, value in sorted(vars(optimizer).items()):
        if name in ("_trainable_variables", "_variables") or not isinstance(value, list | tuple):
            continue
        if len(value) == weights and all(isinstance(v, keras.Variable) for v in value):
            found[name] = list(value)
    return found


def _state(optimizer: keras.Optimizer, without: dict[str, Variables] | None = None) -> Variables:
    """Return the optimizer's variables without the learning rate and the lists ``without``."""
    left_out = {id(v) for v in itertools.chain.from_iterable((without or {}).values())}
    left_out |= {id(one._learning_rate) for one in (optimizer, inner_of(optimizer))}
    return [v for v in optimizer.variables if id(v) not in left_out]
