"""Sigmoid and tanh units at the end of their range."""

from __future__ import annotations

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change, initialiser_change

SHARE = 0.5


def find(facts: Facts) -> Evidence | None:
    """Look for a hidden layer of which more than half of the outputs are at an end."""
    run = facts.run
    if run is None:
        return None
    output = facts.model.output.name if facts.model.output else ""
    for layer in run.layers_with("saturated_share"):
        share = run.column("saturated_share", layer)
        if layer != output and len(share) and share[-1] > SHARE:
            return {"layer": layer, "share": float(share[-1]), "at_start": float(share[0])}
    return None


def changes(facts: Facts) -> list[Change]:
    """Take smaller kernels, or ReLUs."""
    names = {layer.activation for layer in facts.model.hidden} & {"sigmoid", "tanh"}
    return [
        initialiser_change(RULE.id, "GlorotUniform"),
        *(activation_change(RULE.id, name, "relu") for name in sorted(names)),
    ]


RULE = Rule(
    id="saturation",
    title="Units are stuck at the end of their range",
    why=(
        "Beyond ±5 a sigmoid or a tanh is flat, and passes on less than a hundredth of its "
        "largest gradient. A layer of such units hardly learns."
    ),
    source="Glorot and Bengio 2010, section 3; LeCun et al. 1998, section 4.4",
    find=find,
    changes=changes,
    silences=frozenset({"vanishing_gradients", "learning_rate_too_low", "too_little_capacity"}),
)
