"""Weights that training does not move."""

from __future__ import annotations

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule


def find(facts: Facts) -> Evidence | None:
    """Look for a model without trainable weights, or frozen layers."""
    frozen = [layer.name for layer in facts.model.layers if layer.frozen]
    if not facts.model.trainable:
        return {"trainable": 0, "frozen": frozen}
    if not frozen:
        return None
    return {"frozen": frozen, "trainable": facts.model.trainable}


def changes(facts: Facts) -> list[Change]:
    """Let every layer be trained."""
    if not any(layer.frozen for layer in facts.model.layers):
        return []
    text = "Let the frozen layers be trained, and compile again."
    return [Change(RULE.id, "layers.trainable", True, text, "layer.trainable = True")]


RULE = Rule(
    id="nothing_trainable",
    title="Layers are frozen",
    why=(
        "Weights that are not trainable stay as they were at the start, whatever the loss says. "
        "What is left to train may be too little to tell the samples apart."
    ),
    source="Keras guide, Transfer learning and fine-tuning",
    find=find,
    changes=changes,
    silences=frozenset({"too_little_capacity", "learning_rate_too_low", "too_few_epochs"}),
    from_start=True,
)
