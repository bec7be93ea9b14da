"""The loss that no network can go below on a batch, and the best score it can have.

Equal inputs get equal answers. For each group of them the best answer is one constant, and what it
leaves is the floor: for squares the variance within the group, for absolute errors the deviation
from the median, for cross-entropies the entropy of the group's mean label, which for a single soft
target is its own entropy (Cover and Thomas, Elements of Information Theory, section 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_core.diagnosis.batch_facts import BatchFacts
from overfit_core.diagnosis.target import Target
from overfit_core.training.result import R2_MEMORISED
from overfit_core.training.types import FloatArray, IntArray


@dataclass(frozen=True)
class Floor:
    """What a batch allows.

    Attributes:
        loss: The smallest loss; 0 for losses without a formula here.
        accuracy: The largest share of right samples, for classes.
        r2: The largest R² of the worst output, for numbers.
    """

    loss: float
    accuracy: float | None
    r2: float | None

    @property
    def forbids(self) -> bool:
        """Whether no network can be right on the batch."""
        if self.accuracy is not None:
            return self.accuracy < 1
        return self.r2 is not None and self.r2 < R2_MEMORISED


def floor_of(batch: BatchFacts, target: Target, loss: str) -> Floor:
    """Work out the floor of a batch for a loss by Keras's name."""
    group = batch.contradictions.group
    y = np.asarray(batch.y, float).reshape(batch.samples, -1)
    least = _least_loss(y, group, loss, target)
    if target.is_classes:
        _, labels = np.unique(y, axis=0, return_inverse=True)
        counts = np.zeros((group.max() + 1, labels.max() + 1), int)
        np.add.at(counts, (group, labels.reshape(-1)), 1)
        return Floor(least, float(counts.max(axis=1).sum() / len(y)), None)
    total, within = y.var(axis=0), _mean_square(y, group).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(total > 0, 1 - within / total, 1.0)
    return Floor(least, None, float(r2.min()))


def _least_loss(y: FloatArray, group: IntArray, loss: str, target: Target) -> float:
    if loss == "mean_squared_error":
        return float(_mean_square(y, group).mean())
    if loss == "mean_absolute_error":
        return float(np.abs(y - _of_groups(y, group, np.median)).mean())
    if loss == "binary_crossentropy":
        p = _means(y, group)
        return float((_cross_entropy(y, p) + _cross_entropy(1 - y, 1 - p)).mean())
    if loss == "sparse_categorical_crossentropy" and y.shape[1] == 1 and target.classes:
        y = np.eye(target.classes)[np.clip(y[:, 0], 0, target.classes - 1).astype(int)]
    if loss in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return float(_cross_entropy(y, _means(y, group)).sum(axis=1).mean())
    return 0.0


def _of_groups(y: FloatArray, group: IntArray, summarise: object) -> FloatArray:
    assert callable(summarise)
    best = np.empty_like(y)
    for number in np.unique(group):
        best[group == number] = summarise(y[group == number], axis=0)
    return best


def _means(y: FloatArray, group: IntArray) -> FloatArray:
    return _of_groups(y, group, np.mean)


def _mean_square(y: FloatArray, group: IntArray) -> FloatArray:
    return np.square(y - _means(y, group))


def _cross_entropy(y: FloatArray, p: FloatArray) -> FloatArray:
    """Return -y log p, 0 where y is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y > 0, -y * np.log(p), 0.0)
