"""The losses on offer, and the targets that each of them needs. No Keras."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overfit_core.batches import BatchShape

TargetForm = Literal["column", "one_hot", "classes"]
"""How y is handed to the loss: one column (samples, 1), one column for each class
(samples, classes), or class numbers (samples,)."""


@dataclass(frozen=True)
class Loss:
    """One loss.

    Attributes:
        name: Keras' name.
        keras_class: name of its class in keras.losses.
        label: name on a page.
        meaning: one line: formula, and what it is for.
        fits: tasks for which it is a usual choice; elsewhere it runs all the same.
        broadcasts: whether Keras takes one column of targets for a head of several units.
    """

    name: str
    keras_class: str
    label: str
    meaning: str
    fits: tuple[str, ...]
    broadcasts: bool = True


_CLASSES = ("binary", "multiclass")
_ANY = ("regression",)

_ALL = (
    Loss(
        "binary_crossentropy",
        "BinaryCrossentropy",
        "Binary cross-entropy",
        "-(y log p + (1 - y) log(1 - p)): a yes-no question with a probability p.",
        ("binary",),
        broadcasts=False,
    ),
    Loss(
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        "Sparse categorical cross-entropy",
        "-log of the probability of the right class; labels are class numbers.",
        _CLASSES,
    ),
    Loss(
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        "Categorical cross-entropy",
        "-log of the probability of the right class; labels are one column for each class.",
        _CLASSES,
        broadcasts=False,
    ),
    Loss(
        "mean_squared_error",
        "MeanSquaredError",
        "Mean squared error",
        "(y - p)^2: for numbers.",
        _ANY,
    ),
    Loss(
        "mean_absolute_error",
        "MeanAbsoluteError",
        "Mean absolute error",
        "|y - p|: outliers weigh less.",
        _ANY,
    ),
    Loss(
        "huber",
        "Huber",
        "Huber",
        "Squared up to an error of 1, absolute beyond (Huber 1964).",
        _ANY,
    ),
    Loss(
        "log_cosh", "LogCosh", "Log-cosh", "log(cosh(p - y)): a smooth mean absolute error.", _ANY
    ),
    Loss(
        "mean_squared_logarithmic_error",
        "MeanSquaredLogarithmicError",
        "Mean squared logarithmic error",
        "(log(y + 1) - log(p + 1))^2: for positive numbers of very different sizes.",
        _ANY,
    ),
    Loss("poisson", "Poisson", "Poisson", "p - y log p: for counts.", _ANY),
    Loss(
        "hinge",
        "Hinge",
        "Hinge",
        "max(1 - y p, 0) with labels -1 and 1 (Keras turns 0 into -1).",
        ("binary",),
    ),
    Loss(
        "squared_hinge",
        "SquaredHinge",
        "Squared hinge",
        "The square of the hinge loss.",
        ("binary",),
    ),
    Loss(
        "categorical_hinge",
        "CategoricalHinge",
        "Categorical hinge",
        "max(largest wrong output - right output + 1, 0).",
        ("multiclass",),
    ),
    Loss(
        "kl_divergence",
        "KLDivergence",
        "Kullback–Leibler divergence",
        "Sum of y log(y / p): how far the distribution p is from y.",
        ("multiclass",),
    ),
    Loss(
        "binary_focal_crossentropy",
        "BinaryFocalCrossentropy",
        "Binary focal cross-entropy",
        "Binary cross-entropy in which easy samples weigh less (Lin et al. 2017).",
        ("binary",),
        broadcasts=False,
    ),
    Loss(
        "categorical_focal_crossentropy",
        "CategoricalFocalCrossentropy",
        "Categorical focal cross-entropy",
        "Categorical cross-entropy in which easy samples weigh less (Lin et al. 2017).",
        ("multiclass",),
        broadcasts=True,
    ),
    Loss(
        "cosine_similarity",
        "CosineSimilarity",
        "Cosine similarity",
        "-(y · p) / (|y| |p|): the angle between output and target.",
        ("multiclass",),
    ),
)

LOSSES: Mapping[str, Loss] = MappingProxyType({loss.name: loss for loss in _ALL})
"""Every loss by its Keras name, in the order in which they are offered."""

DEFAULT_LOSS: Mapping[str, str] = MappingProxyType(
    {
        "binary": "binary_crossentropy",
        "multiclass": "sparse_categorical_crossentropy",
        "regression": "mean_squared_error",
    }
)
"""The loss that follows from the task."""

DEFAULT_ACTIVATION: Mapping[str, str] = MappingProxyType(
    {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
)
"""The head's activation that follows from the task."""


def target_form(loss: str, units: int, batch: BatchShape) -> TargetForm:
    """How y is handed to `loss` for a head of `units` outputs.

    Sparse losses get class numbers. Every other loss gets one column for each class if the head has
    as many units, and else the label itself in one column, which Keras compares with every unit.
    """
    if loss.startswith("sparse_"):
        return "classes"
    if units > 1 and units == batch.classes:
        return "one_hot"
    return "column"


def loss_problem(loss: str, units: int, batch: BatchShape) -> str | None:
    """Why Keras would refuse this loss for a head of `units` outputs on this batch; None: it runs.

    A combination that runs and makes no sense is no problem: somebody may want to see what it does.
    """
    if loss.startswith("sparse_"):
        if batch.classes is None:
            return (
                f"the loss {loss} needs classes, but the batch has numbers as targets; "
                f"choose {DEFAULT_LOSS[batch.task]} or leave the loss empty"
            )
        if units < batch.classes:
            return (
                f"the loss {loss} needs an output for each of the {batch.classes} classes, but the "
                f"head has {units}; give it {batch.classes} units or more, or choose another loss"
            )
        return None
    if target_form(loss, units, batch) == "column" and units > 1 and not LOSSES[loss].broadcasts:
        fitting = f"1 or {batch.classes} units" if batch.classes else "1 unit"
        return (
            f"the loss {loss} cannot compare the {units} outputs of the head with one target "
            f"column; give the head {fitting}, or choose another loss"
        )
    return None
