"""The weights and the optimizer that a compiled loop trains.

For optimizers that treat every number alike, all weights are laid into one vector: one fused
kernel then updates them, instead of several per layer, which both compiles and runs faster. The
rest keep one variable per weight.
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
        fused: Whether all weights lie in one vector.
        optimizer: A copy of the model's optimizer, built on these variables.
    """

    def __init__(self, model: keras.Model, rate: Callable[[], Tensor]) -> None:
        """Make the variables and build the copy of the optimizer on them."""
        import keras

        weights = model.trainable_variables
        self.shapes = [tuple(w.shape) for w in weights]
        self.sizes = [int(np.prod(shape, dtype=int)) for shape in self.shapes]
        self.fused = can_be_one_vector(model)
        if self.fused:
            zeros = np.zeros(sum(self.sizes), weights[0].dtype)
            self.variables = [keras.Variable(zeros, name="weights", dtype=weights[0].dtype)]
        else:
            self.variables = [_twin(weight) for weight in weights]
        self.optimizer = twin_of(model.optimizer, rate)
        if not self.fused:
            copy_exclusions(
                model.optimizer, self.optimizer, zip(weights, self.variables, strict=True)
            )
        self.optimizer.build(self.variables)

    def values(self) -> list[Tensor]:
        """Return the current tensors that a gradient is taken with respect to."""
        import tensorflow as tf

        return [tf.convert_to_tensor(v.value) for v in self.variables]

    def shaped(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Bring what belongs to ``values()`` (weights, gradients) into the model's shapes."""
        import tensorflow as tf

        if not self.fused:
            return list(tensors)
        parts = tf.split(tensors[0], self.sizes)
        return [tf.reshape(p, shape) for p, shape in zip(parts, self.shapes, strict=True)]

    def apply(self, gradients: Sequence[Tensor | None]) -> None:
        """Let the optimizer update the weights."""
        self.optimizer.apply(list(gradients), self.variables)

    def pairs(self, model: keras.Model) -> list[Pair]:
        """Return our variables beside those that they hold of a model with a built optimizer."""
        weights, optimizer = model.trainable_variables, model.optimizer
        if not self.fused:
            ours = [*self.variables, *_state(self.optimizer)]
            return _singles(ours, [*weights, *_state(optimizer)])
        mine, theirs = _slots(self.optimizer, 1), _slots(optimizer, len(weights))
        vectors = [(self.variables[0], weights), *((mine[n][0], theirs[n]) for n in mine)]
        rest = _singles(_state(self.optimizer, mine), _state(optimizer, theirs))
        return [Pair(own._value, [v._value for v in held]) for own, held in vectors] + rest


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
