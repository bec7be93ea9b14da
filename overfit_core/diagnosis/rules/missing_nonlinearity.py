"""Hidden layers that are linear."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule
from overfit_core.diagnosis.graph_facts import LINEAR
from overfit_core.diagnosis.proposals import activation_change
from overfit_core.diagnosis.target import worst_r2
from overfit_core.training.result import R2_MEMORISED

MOST_NUMBERS = 10_000_000
"""Inputs and labels that hold more, as columns, are not fitted: that would take seconds."""


def find(facts: Facts) -> Evidence | None:
    """Look for a net of linear layers only, on a batch that least squares cannot fit."""
    for name, own in facts.outputs.items():
        if (found := find(own)) is not None:
            return {"output": name, **found}
    hidden, model = facts.model.hidden, facts.model
    if not hidden or not model.transparent or model.output is None:
        return None
    # What comes behind the output's layer bends the output, not what it is made from.
    before = model.layers[: model.layers.index(model.output)]
    inner = [layer for layer in before if layer.name not in model.ends]
    if any(layer.activation or layer.kind not in LINEAR for layer in inner):
        return None
    if not _is_beyond_a_plane(facts):
        return None
    return {"layers": [layer.name for layer in hidden], "activation": "linear"}


def _is_beyond_a_plane(facts: Facts) -> bool:
    """Tell whether least squares does not fit the batch; False where that is not worked out."""
    samples, target = facts.batch.samples, facts.target
    columns = sum(int(np.prod(np.shape(a)[1:])) for a in facts.batch.x.values())
    y = np.asarray(facts.batch.y, float).reshape(samples, -1)
    numbers = target.kind == "class_numbers"
    answers = y.shape[1] * (target.classes or 1 if numbers else 1)
    if samples * max(columns + 1, answers) > MOST_NUMBERS or columns >= MOST_NUMBERS:
        return False
    parts = [np.asarray(a, float).reshape(samples, -1) for a in facts.batch.x.values()]
    x = np.column_stack([*parts, np.ones(samples)])
    if numbers:
        y = (y[..., None] == np.arange(target.classes or 1)).astype(float)
    flat = y.reshape(samples, -1)
    fitted = x @ np.linalg.lstsq(x, flat, rcond=None)[0]
    if not target.is_classes:
        return worst_r2(flat, fitted) < R2_MEMORISED
    if not numbers and target.kind != "one_hot":
        middle = (flat.min() + flat.max()) / 2
        return bool(((fitted > middle) != (flat > middle)).any())
    rows = (samples, -1, target.classes or 1)
    return bool((fitted.reshape(rows).argmax(-1) != flat.reshape(rows).argmax(-1)).any())


def changes(_facts: Facts) -> list[Change]:
    """Bend the hidden layers."""
    text = "Give the hidden layers an activation (ReLU)."
    return [activation_change(RULE.id, "linear", "relu", text)]


RULE = Rule(
    id="missing_nonlinearity",
    title="The hidden layers are linear",
    why=(
        "Linear layers behind each other are one linear layer, however many there are. Least "
        "squares, which finds the plane that lies closest, does not fit this batch."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, section 6.1",
    find=find,
    changes=changes,
    silences=frozenset({"too_little_capacity", "too_few_epochs", "learning_rate_too_low"}),
    from_start=True,
    forbids=True,
)
