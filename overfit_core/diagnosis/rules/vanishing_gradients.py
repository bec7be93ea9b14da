"""Gradients that do not reach the first layers."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import LAST, Change, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change, initialiser_change

FIRST = 5
RATIO = 1e-3
SMALL = 1e-4
_FLAT_ENDS = ("sigmoid", "tanh", "softsign", "hard_sigmoid")


def find(facts: Facts) -> Evidence | None:
    """Compare the gradients of the first layer and the last, in the first and last epochs."""
    run = facts.run
    layers = run.layers_with("gradient_norm") if run is not None else []
    if run is None or len(layers) < 3:
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
        initialiser_change(RULE.id, "HeNormal"),
    ]


RULE = Rule(
    id="vanishing_gradients",
    title="The gradient does not reach the first layers",
    why=(
        "Each layer multiplies the gradient by its slopes, and with many small ones nothing is "
        "left for the first layers. They stay as they were drawn."
    ),
    source="Glorot and Bengio 2010, Understanding the difficulty of training deep networks",
    find=find,
    changes=changes,
    silences=frozenset(
        {"learning_rate_too_low", "too_few_epochs", "too_little_capacity", "saturation"}
    ),
)
