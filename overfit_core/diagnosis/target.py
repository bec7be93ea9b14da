"""What a batch's labels mean to a network, and so when its answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from overfit_core.diagnosis.masks import counted_in
from overfit_core.training.criteria import Criteria
from overfit_core.training.criterion import Criterion
from overfit_core.training.result import R2_MEMORISED, worst_r2
from overfit_core.training.types import AnyArray, BoolArray, FloatArray

__all__ = [
    "CROSS_ENTROPIES",
    "HINGES",
    "Kind",
    "Target",
    "Targets",
    "attained",
    "score_of",
    "side_by_side",
    "target_of",
    "worst_r2",
]

Kind = Literal[
    "binary", "class_numbers", "one_hot", "multi_label", "soft", "regression", "several"
]  # fmt: skip

HINGES = frozenset({"hinge", "squared_hinge", "categorical_hinge"})
CROSS_ENTROPIES = frozenset(
    {
        "binary_crossentropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "binary_focal_crossentropy",
        "categorical_focal_crossentropy",
        "kl_divergence",
    }
)


@dataclass(frozen=True)
class Target:
    """What the labels are.

    Attributes:
        kind: ``class_numbers`` are whole numbers for several outputs; ``one_hot`` rows have one 1;
            ``multi_label`` rows any number of them; ``soft`` targets are shares between 0 and 1
            for a cross-entropy; ``several`` outputs have one each, see ``Targets``.
        threshold: From which output on a yes-or-no answer is yes.
        classes: How many classes the labels name; None for numbers.
    """

    kind: Kind
    threshold: float = 0.5
    classes: int | None = None

    @property
    def criterion(self) -> Criterion:
        """When a sample is right."""
        if self.kind in ("binary", "multi_label"):
            return Criterion("binary", self.threshold)
        if self.kind in ("class_numbers", "one_hot"):
            return Criterion("multiclass")
        return Criterion("regression")

    @property
    def is_classes(self) -> bool:
        """Whether answers are right or wrong, rather than near or far."""
        return self.kind not in ("soft", "regression")

    @property
    def each(self) -> tuple[Target | None, ...]:
        """By output: what its labels are; None for one that is not judged."""
        return (self,)

    def right(
        self, y: AnyArray, prediction: FloatArray, mask: BoolArray | None = None
    ) -> BoolArray:
        """Tell which samples are right; booleans of shape ``(samples,)``."""
        return np.asarray(self.criterion.right(y, np.asarray(prediction), mask))


@dataclass(frozen=True)
class Targets(Target):
    """What the labels of several outputs are.

    Attributes:
        outputs: By output; None for one whose loss does not count, which is not judged.
    """

    kind: Kind = "several"
    outputs: tuple[Target | None, ...] = ()

    @property
    def criterion(self) -> Criteria:
        """When a sample is right: in every output."""
        each = (None if one is None else one.criterion for one in self.outputs)
        return Criteria(each=tuple(each))

    @property
    def is_classes(self) -> bool:
        """Whether answers of all outputs are right or wrong."""
        return all(one.is_classes for one in self.outputs if one is not None)

    @property
    def each(self) -> tuple[Target | None, ...]:
        """By output: what its labels are; None for one that is not judged."""
        return self.outputs


def target_of(
    y: AnyArray, *, loss: str, units: int, same_rank: bool, from_logits: bool = False
) -> Target:
    """Find out what labels mean from their values and from what the network is told of them.

    Args:
        y: Labels, samples first.
        loss: Keras's name of the loss.
        units: Length of the last axis of the output.
        same_rank: Whether labels have as many axes as the output.
        from_logits: Whether the loss takes logits.
    """
    values = np.asarray(y, float)
    whole = bool(np.all(values == np.round(values)))
    threshold = 0.0 if from_logits or loss in HINGES else 0.5
    last = values.shape[-1] if same_rank and values.ndim > 1 else 1
    if loss == "sparse_categorical_crossentropy":
        return Target("class_numbers", classes=_classes(values, units))
    if last > 1:
        return _of_rows(values, loss, whole, threshold)
    zero_or_one = whole and bool(np.isin(values, (0, 1)).all())
    if zero_or_one or (loss in HINGES and bool(np.isin(values, (-1, 1)).all())):
        if units > 1:
            return Target("class_numbers", classes=max(2, units))
        return Target("binary", threshold, classes=2)
    if whole and units > 1 and values.min() >= 0:
        return Target("class_numbers", classes=_classes(values, units))
    if loss in CROSS_ENTROPIES and values.min() >= 0 and values.max() <= 1:
        return Target("soft")
    return Target("regression")


def _of_rows(values: FloatArray, loss: str, whole: bool, threshold: float) -> Target:
    zero_or_one = whole and bool(np.isin(values, (0, 1)).all())
    if zero_or_one and bool((values.sum(axis=-1) == 1).all()):
        return Target("one_hot", classes=values.shape[-1])
    if zero_or_one and (loss in CROSS_ENTROPIES or loss in HINGES):
        return Target("multi_label", threshold, classes=2)
    if loss in CROSS_ENTROPIES and values.min() >= 0 and values.max() <= 1:
        return Target("soft")
    return Target("regression")


def _classes(values: FloatArray, units: int) -> int:
    return max(units, int(values.max()) + 1 if np.isfinite(values).all() else units)


def attained(
    target: Target, y: AnyArray, prediction: FloatArray, mask: BoolArray | None = None
) -> bool:
    """Tell whether the whole batch is right, as far as it counts."""
    if not np.isfinite(prediction).all():
        return False
    if target.is_classes:
        return bool(target.right(y, prediction, mask).all())
    return score_of(target, y, prediction, mask) >= R2_MEMORISED


def score_of(
    target: Target, y: AnyArray, prediction: FloatArray, mask: BoolArray | None = None
) -> float:
    """Return the share of right samples, or R² of the worst output, of what counts.

    Args:
        target: What the labels mean.
        y: Labels, samples first.
        prediction: Network output, samples first.
        mask: Which steps count; None where all do.
    """
    if not target.is_classes:
        return worst_r2(y, prediction, counted_in(mask, np.shape(prediction)))
    right = target.right(y, prediction, mask)
    if mask is not None and mask.any():
        right = right[mask.reshape(len(right), -1).any(axis=1)]
    return float(right.mean())


def side_by_side(arrays: Sequence[AnyArray]) -> AnyArray:
    """Return arrays of several outputs as columns; a single one as it is."""
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([np.asarray(a, float).reshape(len(a), -1) for a in arrays], axis=1)
