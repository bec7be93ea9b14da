"""Targets of a regression that the output takes long to reach."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule

LARGE = 10.0
"""Targets with a mean or a standard deviation above it are large."""
SPANNED = 0.1
"""Predictions that span less of the targets' span have not got there."""


def find(facts: Facts) -> Evidence | None:
    """Compare the predictions' span and mean with those of large targets."""
    run, labels = facts.run, facts.batch.labels
    if (
        facts.target.kind != "regression"
        or run is None
        or facts.model.output_activation != "linear"
    ):
        return None
    if (
        max(labels.std.max(), np.abs(labels.mean).max()) <= LARGE
        or not np.isfinite(run.prediction).all()
    ):
        return None
    y = facts.batch.y.reshape(facts.batch.samples, -1)
    prediction = run.prediction.reshape(y.shape)
    share = float((np.ptp(prediction, axis=0) / np.maximum(np.ptp(y, axis=0), 1e-12)).min())
    away = np.abs(prediction.mean(axis=0) - y.mean(axis=0)) / np.maximum(y.std(axis=0), 1e-12)
    if share >= SPANNED and away.max() <= 1:
        return None
    return {
        "mean": float(labels.mean.max()),
        "std": float(labels.std.max()),
        "share_of_span": share,
        "standard_deviations_away": float(away.max()),
    }


def changes(facts: Facts) -> list[Change]:
    """Standardise the targets, where they are numbers."""
    if facts.target.kind != "regression":
        return []
    text = "Standardise the targets, and scale the predictions back."
    return [Change(RULE.id, "targets", "standardise", text, "y = (y - y.mean(0)) / y.std(0)")]


RULE = Rule(
    id="unscaled_targets",
    title="The targets are not scaled",
    why=(
        "The output starts near 0 and moves by small steps, so large targets are far away for "
        "thousands of epochs. Until then the network says the same for every sample."
    ),
    source="LeCun et al. 1998, Efficient BackProp, section 4.5; Bishop 1995, section 8.2",
    find=find,
    changes=changes,
    silences=frozenset({"learning_rate_too_low", "too_few_epochs", "too_little_capacity"}),
)
