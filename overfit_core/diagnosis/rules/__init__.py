"""Every rule, in the order of blame: batch and contract, start and output, scale, training, size.

A rule is one file with one ``RULE``; a new one is a file and its place in this list.
"""

from __future__ import annotations

from overfit_core.diagnosis.facts import Rule
from overfit_core.diagnosis.rules import (
    bad_initialisation,
    contradictory_labels,
    dead_relu,
    label_loss_mismatch,
    learning_rate_too_high,
    learning_rate_too_low,
    missing_nonlinearity,
    non_finite,
    nothing_trainable,
    output_cannot_reach_target,
    regularisation,
    saturation,
    too_few_epochs,
    too_little_capacity,
    train_inference_mismatch,
    unscaled_inputs,
    unscaled_targets,
    unsuited_loss,
    vanishing_gradients,
)

RULES: tuple[Rule, ...] = tuple(
    module.RULE
    for module in (
        non_finite,
        label_loss_mismatch,
        contradictory_labels,
        nothing_trainable,
        bad_initialisation,
        output_cannot_reach_target,
        unsuited_loss,
        unscaled_inputs,
        unscaled_targets,
        train_inference_mismatch,
        missing_nonlinearity,
        dead_relu,
        saturation,
        vanishing_gradients,
        learning_rate_too_high,
        regularisation,
        learning_rate_too_low,
        too_few_epochs,
        too_little_capacity,
    )
)

__all__ = ["RULES"]
