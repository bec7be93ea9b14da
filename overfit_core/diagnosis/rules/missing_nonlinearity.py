"""Hidden layers that are linear."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import activation_change
from overfit_core.diagnosis.target import worst_r2
from overfit_core.training.result import R2_MEMORISED

_LINEAR = ("Dense", "Conv1D", "Conv2D", "Conv3D")
_BENDS = frozenset(
    {"MultiHeadAttention", "LSTM", "GRU", "MaxPooling1D", "MaxPooling2D", "PReLU", "ELU"}
)


def find(facts: Facts) -> Evidence | None:
    """Look for a net of linear layers only, on a batch that least squares cannot fit."""
    hidden, model = facts.model.hidden, facts.model
    bent = any(
        layer.activation
        for layer in model.layers
        if layer is not model.output and _inner(facts, layer)
    )
    if not hidden or bent or any(layer.kind not in _LINEAR for layer in hidden):
        return None
    if any(layer.kind in _BENDS for layer in model.layers) or _fits_a_plane(facts):
        return None
    return {"layers": [layer.name for layer in hidden], "activation": "linear"}


def _inner(facts: Facts, layer: object) -> bool:
    """Whether a layer comes before the output's own, so that its activation is not the output's."""
    output = facts.model.output
    if output is None:
        return True
    places = list(facts.model.layers)
    return places.index(layer) < places.index(output)  # type: ignore[arg-type]


def _fits_a_plane(facts: Facts) -> bool:
    x = np.concatenate(
        [np.asarray(a, float).reshape(facts.batch.samples, -1) for a in facts.batch.x.values()],
        axis=1,
    )
    y = np.asarray(facts.batch.y, float).reshape(facts.batch.samples, -1)
    if facts.target.kind == "class_numbers" and facts.target.classes:
        y = np.eye(facts.target.classes)[y[:, 0].astype(int)]
    x = np.column_stack([x, np.ones(len(x))])
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    if facts.target.is_classes:
        one = y.shape[1] == 1
        right = (fitted > 0.5) == (y > 0.5) if one else fitted.argmax(1) == y.argmax(1)
        return bool(np.all(right))
    return worst_r2(y, fitted) >= R2_MEMORISED


def changes(_facts: Facts) -> list[Change]:
    """Bend the hidden layers."""
    text = "Give the hidden layers an activation (ReLU)."
    return [activation_change(RULE.id, "linear", "relu", text)]


RULE = Rule(
    id="missing_nonlinearity",
    title="The hidden layers are linear",
    why=(
        "Linear layers behind each other are one linear layer, however many there are. This "
        "batch cannot be fitted by a plane."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, section 6.1",
    find=find,
    changes=changes,
    silences=frozenset({"too_little_capacity", "too_few_epochs", "learning_rate_too_low"}),
    from_start=True,
)
