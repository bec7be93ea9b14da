"""Equal samples with different labels.

A batch in which all labels are the same is no fault here: the bias of the output alone memorises
it, so that it can only be the reason why nothing was learned where something else is wrong as well.
"""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.batch_facts import SHOWN_SAMPLES
from overfit_core.diagnosis.drawings import MOST_COLUMNS, headed, sample_rows
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.training.result import R2_MEMORISED
from overfit_core.training.types import AnyArray

GROUPS, PER_GROUP = 2, 3
"""So many groups of equal samples are shown, and so many labels of each."""


def find(facts: Facts) -> Evidence | None:
    """Look for equal inputs whose labels keep the batch from being right."""
    pairs, floor = facts.batch.contradictions.pairs, facts.floor
    if not pairs:
        return None
    if floor.r2 is not None and floor.r2 >= R2_MEMORISED:
        return None
    best = (
        {"best_accuracy": floor.accuracy} if floor.accuracy is not None else {"best_r2": floor.r2}
    )
    return {"samples": [list(pair) for pair in pairs[:SHOWN_SAMPLES]], "floor": floor.loss, **best}


def changes(facts: Facts) -> list[Change]:
    """Give equal samples one label, to show that nothing else is wrong."""
    groups = [list(pair) for pair in facts.batch.contradictions.pairs]
    text = "Give equal samples one label (here: that of the first), or inputs that tell them apart."
    return [Change(RULE.id, "labels.like_first", groups, text, "y[j] = y[i]  # where x[i] == x[j]")]


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Show of the first groups one sample for each label."""
    y = np.asarray(facts.batch.y, float).reshape(facts.batch.samples, -1)
    shown: list[int] = []
    for group in evidence["samples"][:GROUPS]:
        _, first = np.unique(y[group], axis=0, return_index=True)
        shown += sorted(group[place] for place in first)[:PER_GROUP]
    most = max(1, MOST_COLUMNS // len(facts.batch.x))
    columns: dict[str, AnyArray | None] = {}
    for name, values in facts.batch.x.items():
        columns |= headed(name, values, most=most)
    if facts.target.kind == "one_hot":
        columns["y, its class"] = y.argmax(axis=1)
    else:
        apart = np.flatnonzero((y[shown] != y[shown[0]]).any(axis=0))
        columns |= headed("y", facts.batch.y, [int(place) for place in apart])
    return sample_rows("The inputs are equal, the labels are not.", shown, columns)


RULE = Rule(
    id="contradictory_labels",
    title="Equal samples have different labels",
    why=(
        "A network gives equal inputs equal outputs, so it can be right on one of the labels at "
        "most. The loss has a floor that no training goes below."
    ),
    source="Bishop 2006, Pattern Recognition and Machine Learning, section 1.5",
    find=find,
    changes=changes,
    silences=frozenset(
        {
            "too_little_capacity",
            "learning_rate_too_low",
            "learning_rate_too_high",
            "too_few_epochs",
            "regularisation",
            "missing_nonlinearity",
        }
    ),
    from_start=True,
    drawing=drawing,
    of_outputs=True,
)
