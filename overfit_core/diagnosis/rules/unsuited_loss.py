"""A loss that is not made for these labels."""

from __future__ import annotations

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import loss_change
from overfit_core.diagnosis.target import HINGES

_FOR_NUMBERS = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
        "cosine_similarity",
    }
)
_SHARES = ("sigmoid", "softmax")


def find(facts: Facts) -> Evidence | None:
    """Look for a loss of numbers on chances of classes, or of classes on numbers."""
    loss, given = facts.model.loss, facts.model.output_activation
    if facts.target.is_classes and given in _SHARES and (loss in _FOR_NUMBERS or loss in HINGES):
        return {"loss": loss, "activation": given, "labels": "classes"}
    if facts.target.kind == "regression" and ("crossentropy" in loss or loss in HINGES):
        return {"loss": loss, "activation": given, "labels": "numbers"}
    if facts.target.kind == "regression" and loss == "mean_absolute_percentage_error":
        smallest = float(abs(facts.batch.meant).min())
        return {"loss": loss, "smallest_target": smallest} if smallest < 1e-3 else None
    return None


def changes(facts: Facts) -> list[Change]:
    """Take the loss that belongs to the output."""
    name = "mean_squared_error"
    if facts.target.is_classes:
        one = facts.model.output_activation == "sigmoid"
        several = "sparse_" if facts.target.kind == "class_numbers" else ""
        name = "binary_crossentropy" if one else f"{several}categorical_crossentropy"
    return [loss_change(RULE.id, name)]


RULE = Rule(
    id="unsuited_loss",
    title="The loss is not made for these labels",
    why=(
        "On chances a loss of distances goes flat where the network is surely wrong, and a "
        "cross-entropy keeps its gradient there. On other numbers a cross-entropy is smallest "
        "elsewhere than at the right answers, and a share of a target near 0 has no bounds."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, section 6.2.1.1; Golik et al. 2013",
    find=find,
    changes=changes,
    silences=frozenset({"learning_rate_too_low", "too_few_epochs", "too_little_capacity"}),
    from_start=True,
    of_outputs=True,
)
