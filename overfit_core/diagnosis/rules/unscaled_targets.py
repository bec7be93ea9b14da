"""Targets of a regression that the output takes long to reach."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import ranges
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.masks import counted_in
from overfit_core.diagnosis.proposals import targets_change
from overfit_core.training.result import spread

LARGE = 10.0
"""Targets with a mean or a standard deviation above it are large."""
SPANNED = 0.1
"""Predictions that span less of the targets' span have not got there."""
AWAY = 1.0
"""Nor have those whose mean is so many of the targets' standard deviations away: where targets are
far from 0 and close together, noise spans as much as they do."""


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
    y, prediction = _columns(facts)
    share, away = _share_of_span(y, prediction), _away(y, prediction)
    if share >= SPANNED and away <= AWAY:
        return None
    return {
        "mean": float(labels.mean.max()),
        "std": float(labels.std.max()),
        "share_of_span": share,
        "standard_deviations_away": away,
    }


def _columns(facts: Facts) -> tuple[np.ma.MaskedArray, np.ma.MaskedArray]:
    """Return targets and predictions, shape ``(samples, columns)``, without what does not count."""
    assert facts.run is not None
    y = np.asarray(facts.batch.y, float)
    counted, shape = counted_in(facts.batch.mask, y.shape), (len(y), -1)
    left_out = np.ma.nomask if counted is None else ~counted.reshape(shape)
    both = y.reshape(shape), np.asarray(facts.run.prediction, float).reshape(shape)
    return np.ma.array(both[0], mask=left_out), np.ma.array(both[1], mask=left_out)


def _share_of_span(y: np.ma.MaskedArray, prediction: np.ma.MaskedArray) -> float:
    """Return what the predictions of a column that varies span of its targets' span, at least."""
    spans = np.ma.masked_equal(np.ma.ptp(y, axis=0), 0)
    shares = np.ma.ptp(prediction, axis=0) / spans
    return float(shares.min()) if shares.count() else 1.0


def _away(y: np.ma.MaskedArray, prediction: np.ma.MaskedArray) -> float:
    """Return how many standard deviations of the targets the means are apart, at most.

    A column that is the same in all samples is measured by what stands for its spread.
    """
    counted = None if y.mask is np.ma.nomask else ~y.mask
    apart = np.abs(prediction.mean(axis=0) - y.mean(axis=0))
    return float((apart / np.sqrt(spread(y.data, np, counted))).max())


def changes(facts: Facts) -> list[Change]:
    """Standardise the targets, where they are numbers."""
    if facts.target.kind != "regression":
        return []
    return [targets_change(RULE.id, facts)]


def drawing(facts: Facts, _evidence: Evidence) -> Drawing | None:
    """Draw the predictions beside the targets, of the output where they are furthest away."""
    y, prediction = _columns(facts)
    ends_apart = [prediction.min(0) - y.min(0), prediction.max(0) - y.max(0)]
    unlike = np.abs(np.ma.stack(ends_apart)).max(0)
    worst = int(unlike.argmax())
    of = f" of output {worst}" if y.shape[1] > 1 else ""
    ends = {
        f"{name}{of}": (values[:, worst].min(), values[:, worst].max())
        for name, values in (("targets", y), ("predictions", prediction))
    }
    title = "The predictions have not reached the targets."
    return ranges(title, ends, axis="Value", marked=[f"predictions{of}"])


RULE = Rule(
    id="unscaled_targets",
    title="The targets are not scaled",
    why=(
        "The output starts near 0, and by steps of the usual size large targets are many epochs "
        "away. Until it is there, most of the gradient says how far, and little what tells the "
        "samples apart."
    ),
    source="Bishop 1995, Neural Networks for Pattern Recognition, section 8.2",
    find=find,
    changes=changes,
    silences=frozenset({"learning_rate_too_low", "too_few_epochs", "too_little_capacity"}),
    drawing=drawing,
    of_outputs=True,
)
