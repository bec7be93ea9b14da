"""Optimizers of the compiled loop's own, made like those of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from overfit_core.training.types import Tensor

if TYPE_CHECKING:
    import keras


def inner_of(optimizer: keras.Optimizer) -> keras.Optimizer:
    """Return what takes the steps: for mixed precision Keras wraps it, to scale the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def twin_of(optimizer: keras.Optimizer, rate: Callable[[], Tensor]) -> keras.Optimizer:
    """Return an unbuilt optimizer with the same settings.

    Args:
        optimizer: That of a model.
        rate: Gives the current learning rate inside the traced loop, as a scalar tensor.
    """
    inner, settings = inner_of(optimizer), optimizer.get_config()
    if inner is optimizer:
        return type(optimizer).from_config(settings | {"learning_rate": rate})
    return type(optimizer)(**settings | {"inner_optimizer": twin_of(inner, rate)})


def loss_scale_of(optimizer: keras.Optimizer) -> Tensor | float | None:
    """Return what a built optimizer multiplies the loss by at this step; None for nothing."""
    if inner_of(optimizer) is not optimizer:
        return optimizer.dynamic_scale.value
    return optimizer.loss_scale_factor


def copy_exclusions(
    optimizer: keras.Optimizer,
    twin: keras.Optimizer,
    pairs: Iterable[tuple[keras.Variable, keras.Variable]],
) -> None:
    """Exclude from weight decay what another optimizer excludes; no configuration holds that.

    Args:
        optimizer: That of a model.
        twin: An optimizer with the same settings, not built yet.
        pairs: The model's weights, each beside the twin's own of the same name and path.
    """
    theirs, ours = inner_of(optimizer), inner_of(twin)
    if not hasattr(theirs, "_exclude_from_weight_decay"):
        return
    keys = theirs._exclude_from_weight_decay
    ours._exclude_from_weight_decay = {
        ours._var_key(own) for weight, own in pairs if theirs._var_key(weight) in keys
    }
    ours._exclude_from_weight_decay_pattern = theirs._exclude_from_weight_decay_pattern
