"""NaN or infinity in the batch, or from some epoch on in training."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule


def find(facts: Facts) -> Evidence | None:
    """Look for numbers that are not finite in the batch."""
    return {"places": list(facts.batch.bad)} if facts.batch.bad else None


def changes(facts: Facts) -> list[Change]:
    """Leave out the samples that hold such numbers: the caller knows a better value."""
    arrays = [*facts.batch.x.values(), facts.batch.y]
    sound = np.logical_and.reduce(
        [np.isfinite(np.asarray(a, float).reshape(len(a), -1)).all(axis=1) for a in arrays]
    )
    if not sound.any():
        return []
    kept = [int(place) for place in np.flatnonzero(sound)]
    text = f"Leave out the {len(sound) - len(kept)} samples that hold NaN or infinity."
    code = "keep = np.isfinite(x).reshape(len(x), -1).all(1); x, y = x[keep], y[keep]"
    return [Change(RULE.id, "samples", kept, text, code)]


RULE = Rule(
    id="non_finite",
    title="The batch holds NaN or infinity",
    why=(
        "One such number makes the loss, and then every weight, NaN at the first step. No "
        "setting of the network can mend that."
    ),
    source="IEEE 754: every operation with NaN gives NaN",
    find=find,
    changes=changes,
    from_start=True,
)
