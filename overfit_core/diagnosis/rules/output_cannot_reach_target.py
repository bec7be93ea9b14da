"""An output that cannot become what the labels are."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import ranges
from overfit_core.diagnosis.facts import SYMPTOMS, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.graph_facts import UNKNOWN
from overfit_core.diagnosis.proposals import output_change, several_labels_change

SUM_TOLERANCE = 1e-3
MARGIN = 0.01
"""Targets may lie outside the range by this share of their span."""
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0), "relu": (0.0, np.inf), "relu6": (0.0, 6.0), "softplus": (0.0, np.inf),
    "elu": (-1.0, np.inf), "exponential": (0.0, np.inf),
}  # fmt: skip
"""What an activation can give."""
_SHARES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
_ONE_UNIT = "softmax over one unit is always 1"


def find(facts: Facts) -> Evidence | None:
    """Compare the output's activation with the loss and with the labels' range."""
    model, given = facts.model, facts.model.output_activation
    told = {"activation": given, "loss": model.loss}
    if given == UNKNOWN:
        return None
    if given == "softmax" and model.units == 1:
        return {**told, "problem": _ONE_UNIT}
    if model.loss in _SHARES and not model.from_logits and given != "softmax":
        return {
            **told,
            "problem": "the loss takes shares that add up to 1, as a softmax gives them",
        }
    if (
        "binary" in model.loss
        and not model.from_logits
        and given not in ("sigmoid", "hard_sigmoid")
    ):
        if given == "softmax" and facts.target.kind == "one_hot":
            return None
        return {**told, "problem": "the loss takes probabilities, as a sigmoid gives them"}
    if "crossentropy" in model.loss and model.from_logits and given != "linear":
        return {**told, "problem": "the loss takes logits, which no activation has bounded"}
    if given == "softmax" and facts.target.kind == "multi_label":
        return {**told, "problem": "softmax shares 1 among the outputs, and several labels are 1"}
    if "crossentropy" in model.loss:
        return None
    return _other_sum(facts, told) or _out_of_range(facts, told)


def _other_sum(facts: Facts, told: Evidence) -> Evidence | None:
    """Find targets of a softmax that do not add up to 1, as its outputs always do."""
    y = np.asarray(facts.batch.meant, float)
    if facts.model.output_activation != "softmax" or y.shape[1:] != facts.model.output_shape:
        return None
    sums = y.sum(axis=-1)
    if facts.batch.bad or np.abs(sums - 1).max() <= SUM_TOLERANCE:
        return None
    ends = [float(sums.min()), float(sums.max())]
    problem = "softmax shares 1 among the outputs, and the targets do not add up to 1"
    return {**told, "sums": ends, "problem": problem}


def _out_of_range(facts: Facts, told: Evidence) -> Evidence | None:
    low, high = RANGES.get(facts.model.output_activation, (-np.inf, np.inf))
    bottom, top = float(facts.batch.labels.low.min()), float(facts.batch.labels.high.max())
    margin = MARGIN * (top - bottom)
    if bottom >= low - margin and top <= high + margin:
        return None
    return {**told, "range": [low, high], "targets": [bottom, top],
            "problem": "targets lie outside what the activation can give"}  # fmt: skip


def _stands(facts: Facts, found: Evidence) -> bool:
    """Tell whether a softmax over one unit is wrong whatever is done about the labels.

    Labels of two values need one unit, and so another activation; those of more need more units.
    """
    return found["problem"] == _ONE_UNIT and _two_values(facts)


def _two_values(facts: Facts) -> bool:
    return len(np.unique(facts.batch.y)) == 2


def changes(facts: Facts) -> list[Change]:
    """Take the activation that the loss expects, or none."""
    model, labels = facts.model, facts.batch.labels
    if facts.target.kind == "multi_label" and model.loss in _SHARES:
        return [several_labels_change(RULE.id)]
    if model.from_logits:
        name = "linear"
    elif "binary" in model.loss or model.units == 1 or facts.target.kind == "multi_label":
        chances = facts.target.is_classes or facts.target.kind == "soft"
        chances = chances or ("binary" in model.loss and _two_values(facts))
        name = "sigmoid" if chances else "linear"
    elif "crossentropy" in model.loss or facts.target.is_classes:
        name = "softmax"
    elif model.output_activation == "softmax" and labels.low.min() >= 0 and labels.high.max() <= 1:
        name = "sigmoid"
    else:
        name = "linear"
    return [output_change(RULE.id, name)]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw what the activation gives beside the labels, where its range is the problem."""
    labels = facts.batch.labels
    ends = {"the labels": (labels.low.min(), labels.high.max())}
    if "range" in evidence:
        given = tuple(evidence["range"])
    elif "one unit" in evidence["problem"]:
        given = (1.0, 1.0)
    else:
        return None
    ends = {f"{evidence['activation']} gives": given, **ends}
    title = "The labels lie outside what the output can give."
    return ranges(title, ends, axis="Value", marked=["the labels"])


RULE = Rule(
    id="output_cannot_reach_target",
    title="The output cannot become what the labels are",
    why=(
        "The activation bounds what the network can say, and the labels lie beyond it or mean "
        "something else. The loss then pulls in vain, or its gradient is zero or infinite."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2; Humbatova et al. 2020",
    find=find,
    changes=changes,
    silences=SYMPTOMS | {"non_finite", "unsuited_loss", "too_little_capacity"},
    from_start=True,
    forbids=True,
    stands=_stands,
    drawing=drawing,
    of_outputs=True,
)
