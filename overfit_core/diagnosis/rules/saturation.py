"""Sigmoid and tanh units at the end of their range."""

from __future__ import annotations

from overfit_core.diagnosis.drawings import medians, probe_lines
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change, initialiser_change

SHARE = 0.5


def find(facts: Facts) -> Evidence | None:
    """Look for a hidden layer of which more than half of the outputs are at an end."""
    run = facts.run
    if run is None:
        return None
    for layer in run.layers_with("saturated_share"):
        share = run.column("saturated_share", layer)
        if layer not in facts.model.ends and len(share) and share[-1] > SHARE:
            return {"layer": layer, "share": float(share[-1]), "at_start": float(share[0])}
    return None


def changes(facts: Facts) -> list[Change]:
    """Take smaller kernels, or ReLUs."""
    names = {layer.activation for layer in facts.model.hidden} & {"sigmoid", "tanh"}
    return [
        initialiser_change(RULE.id, facts, "GlorotUniform"),
        *(activation_change(RULE.id, name, "relu") for name in sorted(names)),
    ]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw the share of outputs at an end by epoch."""
    last = medians(facts, "saturated_share", slice(-1, None))
    ends = facts.model.ends
    stuck = [name for name in last if last[name] > SHARE and name not in ends]
    return probe_lines(
        facts, "saturated_share", "Most outputs of a layer are stuck at an end.",
        axis="Saturated, share of outputs", marked=[evidence["layer"], *stuck], band=(None, SHARE),
    )  # fmt: skip


RULE = Rule(
    id="saturation",
    title="Units are stuck at the end of their range",
    why=(
        "Beyond ±5 a sigmoid passes on less than a thirtieth of its largest gradient, and a tanh "
        "less than a five-thousandth. A layer of such units hardly learns."
    ),
    source="Glorot and Bengio 2010, section 3; LeCun et al. 1998, section 4.4",
    find=find,
    changes=changes,
    silences=frozenset({"vanishing_gradients", "learning_rate_too_low", "too_little_capacity"}),
    drawing=drawing,
)
