"""Gradients that do not reach the first layers."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import bars, medians
from overfit_core.diagnosis.facts import LAST, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change, initialiser_change

FIRST = 5
RATIO = 1e-3
SMALL = 1e-4
DEEP = 3
"""With fewer layers nothing lies between the first and the last that could shrink a gradient."""
_FLAT_ENDS = ("sigmoid", "tanh", "softsign", "hard_sigmoid")


def find(facts: Facts) -> Evidence | None:
    """Compare the gradients of the first layer and the last, in the first and last epochs."""
    run = facts.run
    layers = run.layers_with("gradient_norm") if run is not None else []
    if run is None or len(layers) < DEEP:
        return None
    ends = [run.column("gradient_norm", layer) for layer in (layers[0], layers[-1])]
    for when, part in (("first epochs", slice(FIRST)), ("last epochs", slice(-LAST, None))):
        first, last = (float(np.median(norms[part])) for norms in ends)
        if np.isfinite(first) and last > 0 and first < SMALL and first / last < RATIO:
            shown = {"layer": layers[0], "gradient_norm": first, "last_layer": layers[-1]}
            return {**shown, "ratio": first / last, "when": when}
    return None


def changes(facts: Facts) -> list[Change]:
    """Take activations that pass gradients on, and kernels in the size for them."""
    given = {layer.activation for layer in facts.model.hidden}
    return [
        *(activation_change(RULE.id, name, "relu") for name in _FLAT_ENDS if name in given),
        initialiser_change(RULE.id, facts, "HeNormal"),
    ]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw the gradient of each layer, from the input on."""
    when = evidence["when"]
    part = slice(FIRST) if when == "first epochs" else slice(-LAST, None)
    return bars(
        "The gradient shrinks on its way to the first layer.",
        medians(facts, "gradient_norm", part),
        axis=f"Gradient norm, L2, median of the {when}", marked=[evidence["layer"]], log=True,
    )  # fmt: skip


RULE = Rule(
    id="vanishing_gradients",
    title="The gradient does not reach the first layers",
    why=(
        "Each layer multiplies the gradient by its slopes and weights, and where these are small "
        "next to nothing is left for the first layers. They stay about as they were drawn."
    ),
    source="Glorot and Bengio 2010, Understanding the difficulty of training deep networks",
    find=find,
    changes=changes,
    silences=frozenset(
        {"learning_rate_too_low", "too_few_epochs", "too_little_capacity", "saturation"}
    ),
    drawing=drawing,
)
