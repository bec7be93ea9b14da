"""Columns of the inputs that are large, far from zero, or of very different size."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.batch_facts import Columns
from overfit_core.diagnosis.facts import Change, Evidence, Facts, Rule

LARGE = 10.0
FAR = 10.0
APART = 100.0


def find(facts: Facts) -> Evidence | None:
    """Measure every column that is not constant."""
    if any(
        layer.kind in ("Normalization", "Rescaling", "Embedding") for layer in facts.model.layers
    ):
        return None
    for name, columns in facts.batch.columns.items():
        found = _problem(columns)
        if found is not None:
            column, problem = found
            return {
                "input": name,
                "column": column,
                "problem": problem,
                "largest": float(columns.largest[column]),
                "mean": float(columns.mean[column]),
                "std": float(columns.std[column]),
            }
    return None


def _problem(columns: Columns) -> tuple[int, str] | None:
    """Return the worst column and what is wrong with it; constant ones are left out."""
    varying = ~columns.constant
    if not varying.any():
        return None
    largest = np.where(varying, columns.largest, 0.0)
    column = int(largest.argmax())
    if largest[column] > LARGE:
        return column, f"column {column} reaches {largest[column]:,.4g}"
    std = np.where(varying, columns.std, 1.0)
    far = np.where(varying, np.abs(columns.mean) / std, 0.0)
    column = int(far.argmax())
    if far[column] > FAR:
        return column, f"column {column} lies {far[column]:,.3g} standard deviations from 0"
    sizes = columns.std[varying]
    if sizes.max() / sizes.min() > APART:
        column = int(np.where(varying, columns.std, 0.0).argmax())
        return column, f"columns differ in size by {sizes.max() / sizes.min():,.3g} times"
    return None


def changes(_facts: Facts) -> list[Change]:
    """Standardise each column."""
    text = "Standardise the inputs: mean 0 and standard deviation 1 per column."
    code = "x = (x - x.mean(0)) / x.std(0)"
    return [Change(RULE.id, "inputs", "standardise", text, code)]


RULE = Rule(
    id="unscaled_inputs",
    title="The inputs are not scaled",
    why=(
        "The gradient of a weight is as large as its input, so one learning rate cannot suit "
        "columns that are large or far from zero. Units saturate or die, or the loss blows up."
    ),
    source="LeCun et al. 1998, Efficient BackProp, section 4.3",
    find=find,
    changes=changes,
    silences=frozenset(
        {
            "dead_relu",
            "saturation",
            "learning_rate_too_high",
            "learning_rate_too_low",
            "vanishing_gradients",
            "too_few_epochs",
            "too_little_capacity",
        }
    ),
    from_start=True,
)
