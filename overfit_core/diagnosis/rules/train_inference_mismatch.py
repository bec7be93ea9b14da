"""A network that is right in training mode only."""

from __future__ import annotations

from overfit_core.diagnosis.drawings import lines, spans_decades
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import epochs_change

LONGER = 4
"""So many times the epochs let the averages follow."""


def find(facts: Facts) -> Evidence | None:
    """Look for batch normalisation in a net that is right in training mode and wrong without it.

    Of several outputs one is enough: what holds another one back may be something else.
    """
    for name, own in facts.outputs.items():
        if (found := find(own)) is not None:
            return {"output": name, **found}
    norms = [layer.name for layer in facts.model.layers if layer.kind == "BatchNormalization"]
    run = facts.run
    if run is None or not norms or run.attained or not run.attained_in_training:
        return None
    return {"layers": norms, "score_in_inference": run.score, "loss_in_inference": run.loss,
            "loss_in_training": float(run.history["loss"][-1])}  # fmt: skip


def changes(facts: Facts) -> list[Change]:
    """Let the averages follow faster, or give them longer."""
    assert facts.run is not None
    text = "Let the averages of batch normalisation follow faster: momentum 0.5."
    code = "BatchNormalization(momentum=0.5)"
    return [
        Change(RULE.id, "batch_normalization.momentum", 0.5, text, code),
        epochs_change(RULE.id, facts.run.planned, LONGER * facts.run.planned),
    ]


def drawing(facts: Facts, _evidence: Evidence) -> Drawing | None:
    """Draw the loss in training mode and in inference mode."""
    if facts.run is None or "inference_loss" not in facts.run.history:
        return None
    loss, in_use = facts.run.history["loss"], facts.run.history["inference_loss"]
    return lines(
        "The loss in use stays far above that in training.",
        {"training mode": loss, "inference mode": in_use},
        axis="Loss", marked=["inference mode"], log=spans_decades([*loss, *in_use]),
    )  # fmt: skip


RULE = Rule(
    id="train_inference_mismatch",
    title="It is right in training, and wrong in use",
    why=(
        "Batch normalisation trains with the batch's own mean and variance, and is used with "
        "moving averages of them. These are still far from what the layers have become."
    ),
    source="Ioffe and Szegedy 2015, Batch normalization, section 3.1; Keras, BatchNormalization",
    find=find,
    changes=changes,
    silences=frozenset(
        {
            "regularisation",
            "learning_rate_too_high",
            "too_few_epochs",
            "learning_rate_too_low",
            "too_little_capacity",
        }
    ),
    drawing=drawing,
)
