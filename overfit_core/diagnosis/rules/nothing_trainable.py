"""Weights that training does not move."""

from __future__ import annotations

from overfit_core.diagnosis.drawings import bars
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule

RATE = 1e-3
"""Keras's own learning rate for Adam."""


def find(facts: Facts) -> Evidence | None:
    """Look for a model without trainable weights, for frozen layers, and for weights at rest."""
    frozen = [layer.name for layer in facts.model.layers if layer.frozen]
    if not facts.model.trainable:
        return {"trainable": 0, "frozen": frozen}
    if _rests(facts):
        rate = facts.model.learning_rate
        return {"trainable": facts.model.trainable, "frozen": frozen, "learning_rate": rate,
                "largest_update": 0.0}  # fmt: skip
    return {"frozen": frozen, "trainable": facts.model.trainable} if frozen else None


def _rests(facts: Facts) -> bool:
    """Tell whether no weight ever moved though all layers had a gradient.

    A single layer that rests has no gradient, or one that vanishes: other rules say why.
    """
    run = facts.run
    layers = run.layers_with("update_ratio") if run is not None else []
    if run is None or not layers or run.non_finite is not None:
        return False
    return all(
        not run.column("update_ratio", layer).any() and run.column("gradient_norm", layer).any()
        for layer in layers
    )


def _counts_if_thawed(evidence: Evidence) -> bool:
    """Tell whether part of the network is trained: that may be enough, as in fine-tuning."""
    return bool(evidence["trainable"]) and "largest_update" not in evidence


def changes(facts: Facts) -> list[Change]:
    """Let every layer be trained, by steps that are not zero."""
    made = []
    if any(layer.frozen for layer in facts.model.layers):
        text = "Let the frozen layers be trained, and compile again."
        made.append(Change(RULE.id, "layers.trainable", True, text, "layer.trainable = True"))
    if _rests(facts):
        text = f"Take a learning rate that moves the weights: {RATE:g}."
        code = f"{facts.model.optimizer}(learning_rate={RATE:g})"
        made.append(Change(RULE.id, "optimizer.learning_rate", RATE, text, code))
    return made


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw how many weights of each layer are trained."""
    if not evidence["frozen"]:
        return None
    holding = [layer for layer in facts.model.layers if layer.weights or layer.frozen]
    return bars(
        "Frozen layers train no weights.", {layer.name: layer.weights for layer in holding},
        axis="Trainable weights", marked=evidence["frozen"],
    )  # fmt: skip


RULE = Rule(
    id="nothing_trainable",
    title="Weights are not trained",
    why=(
        "Weights that no step moves stay as they were at the start, whatever the loss says. "
        "What is left to train may be too little to tell the samples apart."
    ),
    source="Keras guide, Transfer learning and fine-tuning",
    find=find,
    changes=changes,
    silences=frozenset({"too_little_capacity", "learning_rate_too_low", "too_few_epochs"}),
    from_start=True,
    doubtful=_counts_if_thawed,
    drawing=drawing,
)
