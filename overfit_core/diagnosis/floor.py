"""The loss that no network can go below on a batch, and the best score it can have.

Equal inputs get equal answers. For each group of them the best answer is one constant, and what it
leaves is the floor: for squares the variance within the group, for absolute errors the deviation
from the median, for cross-entropies the entropy of the group's mean label, which for a single soft
target is its own entropy (Cover and Thomas, Elements of Information Theory, section 2.3). In a
sequence each step has answers of its own, and the floor is the mean over all steps that count: what
a layer has masked does not, as it does not in Keras's loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_core.diagnosis.batch_facts import BatchFacts
from overfit_core.diagnosis.masks import counted_in
from overfit_core.diagnosis.model_facts import LossSettings
from overfit_core.diagnosis.target import Target
from overfit_core.training.result import R2_MEMORISED, worst_r2
from overfit_core.training.types import AnyArray, BoolArray, FloatArray, IntArray

SPARSE = "sparse_categorical_crossentropy"


@dataclass(frozen=True)
class Floor:
    """What a batch allows.

    Attributes:
        loss: The smallest loss; 0 for losses, and for labels, without a formula here.
        accuracy: The largest share of right samples, for classes.
        r2: The largest R² of the worst output, for numbers.
    """

    loss: float
    accuracy: float | None
    r2: float | None

    @property
    def forbids(self) -> bool:
        """Whether no network can be right on the batch."""
        wrong = self.accuracy is not None and self.accuracy < 1
        return wrong or (self.r2 is not None and self.r2 < R2_MEMORISED)


def floor_of(
    batch: BatchFacts, target: Target, loss: str, settings: LossSettings | None = None
) -> Floor:
    """Work out the floor of a batch for a loss.

    Args:
        batch: The batch; labels with NaN or infinity have no floor.
        target: What its labels mean.
        loss: Keras's name of the loss.
        settings: How it is set; Keras's defaults if None.
    """
    settings = settings or LossSettings()
    y, group = np.asarray(batch.y, float), batch.contradictions.group
    if not np.isfinite(y).all():
        return Floor(0.0, None, None)
    counted = counted_in(batch.mask, y.shape)
    if counted is None:
        counted = np.ones(y.shape, bool)
    least = _least_loss(y, group, counted, loss, settings.label_smoothing)
    if settings.reduction == "sum":
        least *= _summed(counted, loss)
    y, counted = y.reshape(batch.samples, -1), counted.reshape(batch.samples, -1)
    if target.is_classes:
        kept = np.flatnonzero(counted.any(axis=1))
        return Floor(least, _most_right(np.where(counted, y, 0)[kept], group[kept]), None)
    return Floor(least, None, worst_r2(y, _means(y, group), None if counted.all() else counted))


def _most_right(y: FloatArray, group: IntArray) -> float:
    """Return the largest share of right samples.

    Args:
        y: Labels, shape ``(samples, columns)``, 1 or more samples.
        group: Equal numbers for equal samples.
    """
    _, labels = np.unique(y, axis=0, return_inverse=True)
    groups, counts = _pairs(group, labels.reshape(-1))
    most = np.zeros(group.max() + 1)
    np.maximum.at(most, groups, counts)
    return float(most.sum() / len(y))


def _least_loss(
    y: FloatArray, group: IntArray, counted: BoolArray, loss: str, smoothing: float
) -> float:
    """Return the smallest mean loss; ``y`` and ``counted`` have the shape that the loss takes."""
    flat, kept = y.reshape(len(y), -1), counted.reshape(len(y), -1)
    if loss == SPARSE:
        return _least_of_numbers(flat, group, kept)
    if "crossentropy" in loss and (y[counted].min() < 0 or y[counted].max() > 1):
        return 0.0
    last = y.shape[-1] if y.ndim > 1 else 1
    if loss == "mean_squared_error":
        return float(np.square(flat - _means(flat, group))[kept].mean())
    if loss == "mean_absolute_error":
        return float(np.abs(flat - _of_groups(flat, group, np.median))[kept].mean())
    if loss == "binary_crossentropy":
        flat = flat * (1 - smoothing) + smoothing / 2
        p = _means(flat, group)
        return float((_cross_entropy(flat, p) + _cross_entropy(1 - flat, 1 - p))[kept].mean())
    if loss == "categorical_crossentropy":
        flat = flat * (1 - smoothing) + smoothing / last
        p, rows = _means(flat, group).reshape(-1, last), flat.reshape(-1, last)
        # Keras divides an output by its sum: rows of labels with another sum are shared out too.
        p = p / np.maximum(p.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return float(_cross_entropy(rows, p).sum(axis=1)[kept.reshape(-1, last)[:, 0]].mean())
    return 0.0


def _least_of_numbers(y: FloatArray, group: IntArray, counted: BoolArray) -> float:
    """Return the entropy of class numbers, shape ``(samples, steps)``, within group and step.

    Counted, not written as rows: there may be as many classes as a dictionary has words.
    """
    places = group[:, None] * y.shape[1] + np.arange(y.shape[1])
    _, labels = np.unique(y[counted], return_inverse=True)
    of, counts = _pairs(places[counted], labels.reshape(-1))
    share = counts / np.bincount(of, weights=counts)[of]
    return float(_cross_entropy(counts, share).sum() / counted.sum())


def _pairs(group: IntArray, labels: IntArray) -> tuple[IntArray, FloatArray]:
    """Count the pairs of group and label that occur.

    Args:
        group: From 0, shape ``(n,)``.
        labels: From 0, the same shape.

    Returns:
        The group of each pair, and how often it occurs.
    """
    many = int(labels.max()) + 1
    pairs, counts = np.unique(group.astype(np.int64) * many + labels, return_counts=True)
    return pairs // many, counts.astype(float)


def _summed(counted: AnyArray, loss: str) -> int:
    """Return how many losses Keras adds up: one for each row of labels or class number."""
    one_each = loss == SPARSE or counted.ndim == 1
    return int(counted.sum()) // (1 if one_each else counted.shape[-1])


def _of_groups(y: FloatArray, group: IntArray, summarise: object) -> FloatArray:
    assert callable(summarise)
    best = y.copy()
    for number in np.flatnonzero(np.bincount(group) > 1):
        best[group == number] = summarise(y[group == number], axis=0)
    return best


def _means(y: FloatArray, group: IntArray) -> FloatArray:
    return _of_groups(y, group, np.mean)


def _cross_entropy(y: FloatArray, p: FloatArray) -> FloatArray:
    """Return -y log p, 0 where y is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y > 0, -y * np.log(p), 0.0)
