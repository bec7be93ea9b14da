"""NaN or infinity in the batch, or in training before any step could be to blame."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.batch_facts import SHOWN_SAMPLES
from overfit_core.diagnosis.drawings import MOST_COLUMNS, headed, sample_rows
from overfit_core.diagnosis.facts import SYMPTOMS, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import samples_change
from overfit_core.diagnosis.rules.learning_rate_too_high import STEP
from overfit_core.training.types import AnyArray

_MEASURES = {"weights": "weight_norm", "gradient": "gradient_norm"}


def find(facts: Facts) -> Evidence | None:
    """Look for numbers that are not finite in the batch, and in the first epochs.

    The first epoch is measured before the first step, and the second behind one step alone: where
    that was small beside the weights, it is not what blew the loss up. Later on it may be.
    """
    if facts.batch.bad:
        return {"places": list(facts.batch.bad)}
    run = facts.run
    if run is None or not run.epochs:
        return None
    steps = [run.column("update_ratio", layer)[0] for layer in run.layers_with("update_ratio")]
    # NaN is no small step, but then the first epoch says it already.
    small = all(step < STEP for step in steps)
    for epoch in range(min(run.epochs, 2 if small else 1)):
        for what, measure in _MEASURES.items():
            for layer in run.layers_with(measure):
                if not np.isfinite(run.column(measure, layer)[epoch]):
                    return {"epoch": epoch + 1, "what": what, "layer": layer}
        if not np.isfinite(run.history["loss"][epoch]):
            return {"epoch": epoch + 1, "what": "loss"}
    return None


def changes(facts: Facts) -> list[Change]:
    """Leave out the samples that hold such numbers: the caller knows a better value."""
    if not facts.batch.bad:
        return []
    arrays = facts.batch.arrays
    sound = np.logical_and.reduce(
        [np.isfinite(np.asarray(a, float).reshape(len(a), -1)).all(axis=1) for _, a in arrays]
    )
    if not sound.any():
        return []
    kept = [int(place) for place in np.flatnonzero(sound)]
    return [samples_change(RULE.id, facts, kept)]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Show the first samples that hold such numbers."""
    if "places" not in evidence:
        return None
    rows = {
        name: np.asarray(values, float).reshape(facts.batch.samples, -1)
        for name, values in facts.batch.arrays
    }
    bad = np.logical_or.reduce([~np.isfinite(part).all(axis=1) for part in rows.values()])
    shown = [int(place) for place in np.flatnonzero(bad)[:SHOWN_SAMPLES]]
    columns: dict[str, AnyArray | None] = {}
    for name, values in facts.batch.arrays:
        sound = np.isfinite(rows[name][shown]).all(axis=0)
        if not sound.all():
            # What is bad comes before what is beside it.
            kept = np.argsort(sound, kind="stable")[:MOST_COLUMNS]
            columns |= headed(name, values, sorted(int(place) for place in kept))
    return sample_rows("Samples hold numbers that are not finite.", shown, columns)


RULE = Rule(
    id="non_finite",
    title="There is NaN or infinity from the start",
    why=(
        "One such number, in the batch or made by the network or its loss, makes the loss and "
        "then the weights NaN as well. No step leads back from there."
    ),
    source="IEEE 754, section 6.2: sums and products with NaN are NaN",
    find=find,
    changes=changes,
    silences=SYMPTOMS,
    from_start=True,
    drawing=drawing,
)
