"""Dropout and penalties that hold the fit back."""

from __future__ import annotations

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule

PENALTY = 0.5


def find(facts: Facts) -> Evidence | None:
    """Look for penalties that are most of the loss, and for dropout in a net that cannot learn."""
    run, rates = facts.run, {n.name: n.rate for n in facts.model.layers if n.rate}
    if run is None:
        return None
    share = run.penalty / run.loss if run.loss > 0 and run.penalty > 0 else 0.0
    if share > PENALTY:
        return {"penalty": run.penalty, "loss": run.loss, "share": share}
    if rates and not run.attained:
        layer = max(rates, key=lambda name: rates[name])
        return {"layer": layer, "rate": rates[layer], "dropout": rates}
    return None


def changes(facts: Facts) -> list[Change]:
    """Take what holds back away; for this check, not for good."""
    made = []
    if any(layer.rate for layer in facts.model.layers):
        text = "Leave dropout out for this check."
        made.append(Change(RULE.id, "layers.rate", 0.0, text, "Dropout(0.0)"))
    if any(layer.penalised for layer in facts.model.layers):
        text = "Leave the penalties out for this check."
        made.append(Change(RULE.id, "layers.regularizer", None, text, "kernel_regularizer=None"))
    return made


RULE = Rule(
    id="regularisation",
    title="Regularisation holds the fit back",
    why=(
        "Dropout and penalties are there to keep a network from memorising. On one batch that "
        "is the very thing it is asked to do."
    ),
    source="Srivastava et al. 2014, Dropout; Karpathy 2019, A recipe for training neural networks",
    find=find,
    changes=changes,
    suspicion=True,
)
