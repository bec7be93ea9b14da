"""An output that cannot become what the labels are."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import ranges
from overfit_core.diagnosis.facts import SYMPTOMS, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.graph_facts import UNKNOWN
from overfit_core.diagnosis.proposals import loss_change, output_change

MARGIN = 0.01
"""Targets may lie outside the range by this share of their span."""
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0), "relu": (0.0, np.inf), "relu6": (0.0, 6.0), "softplus": (0.0, np.inf),
    "elu": (-1.0, np.inf), "exponential": (0.0, np.inf),
}  # fmt: skip
"""What an activation can give."""
_SHARES = ("categorical_crossentropy", "sparse_categorical_crossentropy")


def find(facts: Facts) -> Evidence | None:
    """Compare the output's activation with the loss and with the labels' range."""
    model, given = facts.model, facts.model.output_activation
    told = {"activation": given, "loss": model.loss}
    if given == UNKNOWN:
        return None
    if given == "softmax" and model.units == 1:
        return {**told, "problem": "softmax over one unit is always 1"}
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
    return _out_of_range(facts, told)


def _out_of_range(facts: Facts, told: Evidence) -> Evidence | None:
    low, high = RANGES.get(facts.model.output_activation, (-np.inf, np.inf))
    bottom, top = float(facts.batch.labels.low.min()), float(facts.batch.labels.high.max())
    margin = MARGIN * (top - bottom)
    if bottom >= low - margin and top <= high + margin:
        return None
    return {**told, "range": [low, high], "targets": [bottom, top],
            "problem": "targets lie outside what the activation can give"}  # fmt: skip


def changes(facts: Facts) -> list[Change]:
    """Take the activation that the loss expects, or none."""
    model = facts.model
    if model.from_logits:
        name = "linear"
    elif "binary" in model.loss or model.units == 1 or facts.target.kind == "multi_label":
        name = "sigmoid" if facts.target.is_classes or facts.target.kind == "soft" else "linear"
    elif "crossentropy" in model.loss or facts.target.is_classes:
        name = "softmax"
    else:
        name = "linear"
    made = [output_change(RULE.id, name)]
    if facts.target.kind == "multi_label" and model.loss in _SHARES:
        made.append(loss_change(RULE.id, "binary_crossentropy"))
    return made


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
    drawing=drawing,
    of_outputs=True,
)
