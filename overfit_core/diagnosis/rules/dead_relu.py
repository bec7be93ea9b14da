"""ReLU units that are zero for every sample."""

from __future__ import annotations

from overfit_core.diagnosis.drawings import medians, probe_lines
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change, initialiser_change

DEAD = 0.999
"""A layer with this share of dead units passes nothing on."""
MANY = 0.5
"""A layer with this share of them is worth a word beside another cause; healthy nets have such."""


def find(facts: Facts) -> Evidence | None:
    """Look for a layer of which every unit is zero at the end."""
    run = facts.run
    if run is None:
        return None
    for layer in run.layers_with("dead_share"):
        share = run.column("dead_share", layer)
        if len(share) and share[-1] >= DEAD:
            since = int((share >= DEAD).argmax()) + 1
            return {"layer": layer, "share": float(share[-1]), "since_epoch": since}
    return None


def mostly_dead(facts: Facts) -> dict[str, float]:
    """Return the share of dead units at the end, of each layer that is dead by half or more."""
    last = medians(facts, "dead_share", slice(-1, None))
    return {name: share for name, share in last.items() if MANY <= share < DEAD}


def changes(facts: Facts) -> list[Change]:
    """Give the units a slope on both sides, or start them anew."""
    text = "Take leaky ReLUs, which have a slope on both sides."
    return [
        activation_change(RULE.id, "relu", "leaky_relu", text),
        initialiser_change(RULE.id, facts, "HeUniform"),
    ]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw the share of dead units by epoch."""
    last = medians(facts, "dead_share", slice(-1, None))
    dead = [evidence["layer"], *(name for name in last if last[name] >= DEAD)]
    return probe_lines(
        facts, "dead_share", "All units of a layer are zero.",
        axis="Dead units, share of the layer", marked=dead,
    )  # fmt: skip


RULE = Rule(
    id="dead_relu",
    title="A layer of ReLUs is dead",
    why=(
        "Every unit of the layer is zero for every sample, and a ReLU has no gradient there. "
        "Through it nothing before it learns any more, and it gives the same for every sample."
    ),
    source="Lu et al. 2019, Dying ReLU and initialization",
    find=find,
    changes=changes,
    silences=frozenset(
        {"vanishing_gradients", "learning_rate_too_low", "too_few_epochs", "too_little_capacity"}
    ),
    drawing=drawing,
)
