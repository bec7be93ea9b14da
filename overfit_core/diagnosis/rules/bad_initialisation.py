"""Kernels that start without any difference between units, or far too large."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import bars, spans_decades
from overfit_core.diagnosis.facts import SYMPTOMS, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import initialiser_change
from overfit_core.diagnosis.rules.unscaled_inputs import find as scaled_badly

FIRST_LOSS = 10.0
"""A first loss so many times that of a uniform guess is too large."""
TINY = 1e-10
WIDE = 1.0
"""Standard deviation of a kernel above which it is wide.

A first loss is also far too large where inputs are not scaled, which goes first: the start is to
blame only where inputs are, and a kernel is wider than any that Glorot's initialiser draws.
"""


def find(facts: Facts) -> Evidence | None:
    """Look for kernels without variance, and for a first loss far above a uniform guess."""
    flat = [
        name for name, std in facts.model.kernels.items() if std < TINY and _several(facts, name)
    ]
    if flat:
        return {"layers": flat, "standard_deviation": 0.0}
    guess = _uniform_guess(facts)
    if guess is None or facts.run is None or not facts.run.epochs:
        return None
    first = float(facts.run.history["loss"][0])
    wide = max(facts.model.kernels.values(), default=0.0)
    if first > FIRST_LOSS * guess and wide > WIDE and scaled_badly(facts) is None:
        return {"first_loss": first, "uniform_guess": guess, "largest_standard_deviation": wide}
    return None


def _several(facts: Facts, name: str) -> bool:
    """A kernel of one number, or one that leads to one unit, has no symmetry to break."""
    layer = facts.model.layer(name)
    return layer is not facts.model.output and layer.weights > 2 and (layer.units or 0) > 1


def _uniform_guess(facts: Facts) -> float | None:
    """Return the loss of the same chance for each class; None for losses of numbers."""
    if not facts.target.is_classes or "crossentropy" not in facts.model.loss:
        return None
    classes = 2 if "binary" in facts.model.loss else facts.target.classes or 2
    return float(np.log(max(classes, 2)))


def changes(facts: Facts) -> list[Change]:
    """Draw the kernels at random, in a size that keeps the signal's."""
    return [initialiser_change(RULE.id, facts, "GlorotUniform")]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw how far the weights of each kernel lie apart at the start."""
    kernels, flat = facts.model.kernels, evidence.get("layers")
    wide = sorted((name for name in kernels if kernels[name] > WIDE), key=lambda n: -kernels[n])
    title = "Kernels start far too large." if flat is None else "Kernels start all alike."
    return bars(
        title, kernels, axis="Standard deviation of the kernel at the start",
        marked=wide if flat is None else flat, band=(None, WIDE) if flat is None else None,
        log=spans_decades(list(kernels.values())),
    )  # fmt: skip


RULE = Rule(
    id="bad_initialisation",
    title="The weights start where they cannot learn well",
    why=(
        "Units that start alike are told apart by the weights behind them alone, and kernels of "
        "zeros pass no gradient on to the layers before them. Kernels that are far too large "
        "saturate what follows, or blow it up."
    ),
    source="Glorot and Bengio 2010; Goodfellow, Bengio and Courville, Deep Learning, section 8.4",
    find=find,
    changes=changes,
    silences=SYMPTOMS | {"non_finite", "too_little_capacity"},
    drawing=drawing,
)
