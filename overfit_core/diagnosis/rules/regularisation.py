"""Dropout and penalties that hold the fit back."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import bars
from overfit_core.diagnosis.facts import LAST, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import rates_change
from overfit_core.diagnosis.rules.too_few_epochs import FALL, falling
from overfit_core.diagnosis.trained import Trained

PENALTY = 0.5
"""Penalties that are a larger share of the loss hold it up."""


def find(facts: Facts) -> Evidence | None:
    """Look for penalties that are most of a loss at rest, and for dropout that makes it higher."""
    run, rates = facts.run, {n.name: n.rate for n in facts.model.layers if n.rate}
    if run is None or not run.epochs or run.attained:
        return None
    share = run.penalty / run.loss if run.loss > 0 and run.penalty > 0 else 0.0
    if share > PENALTY and falling(run.losses, facts.floor.loss) < FALL:
        return {"penalty": run.penalty, "loss": run.loss, "share": share}
    in_training, in_use = _both_losses(run)
    if rates and in_training > in_use:
        layer = max(rates, key=lambda name: rates[name])
        return {"layer": layer, "rate": rates[layer], "dropout": rates,
                "loss_in_training": in_training, "loss_in_use": in_use}  # fmt: skip
    return None


def _both_losses(run: Trained) -> tuple[float, float]:
    """Return the loss in training and in inference mode: medians of the last epochs."""
    if "inference_loss" not in run.history:
        return 0.0, 0.0
    loss, in_use = (run.history[name][-LAST:] for name in ("loss", "inference_loss"))
    return float(np.median(loss)), float(np.median(in_use))


def changes(facts: Facts) -> list[Change]:
    """Take what holds back away; for this check, not for good."""
    made = []
    if any(layer.rate for layer in facts.model.layers):
        made.append(rates_change(RULE.id, facts))
    if any(layer.penalised for layer in facts.model.layers):
        text = "Leave the penalties out for this check."
        made.append(Change(RULE.id, "layers.regularizer", None, text, "kernel_regularizer=None"))
    return made


def drawing(_facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw what the loss is made of, or how much each layer drops."""
    if "penalty" in evidence:
        penalty = evidence["penalty"]
        parts = {"penalties": penalty, "the rest": evidence["loss"] - penalty}
        title = "Penalties are most of the loss."
        return bars(title, parts, axis="Part of the loss", marked=["penalties"])
    title, rates = "Dropout leaves out units at each step.", evidence["dropout"]
    most = [name for name in rates if rates[name] == evidence["rate"]]
    return bars(title, rates, axis="Share that is dropped", marked=most)


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
    drawing=drawing,
)
