"""Equal samples with different labels."""

from __future__ import annotations

from overfit_core.diagnosis.batch_facts import SHOWN_SAMPLES
from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule
from overfit_core.training.result import R2_MEMORISED


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


RULE = Rule(
    id="contradictory_labels",
    title="Equal samples have different labels",
    why=(
        "A network gives equal inputs equal outputs, so it can be right on one of the labels at "
        "most. The loss has a floor that no training goes below."
    ),
    source="Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
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
)
