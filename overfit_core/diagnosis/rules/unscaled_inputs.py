"""Columns of the inputs that are large, far from zero, or of very different size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from overfit_core.diagnosis.batch_facts import Columns
from overfit_core.diagnosis.drawings import bars
from overfit_core.diagnosis.facts import SYMPTOMS, Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import inputs_change
from overfit_core.diagnosis.scaling import is_token

LARGE = 10.0
FAR = 10.0
APART = 100.0
SMALL = 0.25
"""The largest column is compared with the largest of so many small ones: of many columns a few are
always small, like pixels that are seldom more than black."""


def find(facts: Facts) -> Evidence | None:
    """Measure every column that is not constant."""
    for name in _measured(facts):
        columns = facts.batch.columns[name]
        found = _problem(columns, facts.batch.column)
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


def _measured(facts: Facts) -> list[str]:
    """Return the inputs that are to be scaled: no token ids, and none if the network scales."""
    if any(layer.kind in ("Normalization", "Rescaling") for layer in facts.model.layers):
        return []
    return [name for name in facts.batch.columns if not is_token(name, facts.model.tokens)]


def _problem(columns: Columns, named: Callable[[int], str]) -> tuple[int, str] | None:
    """Return the worst column and what is wrong with it; constant ones are left out."""
    varying = ~columns.constant
    if not varying.any():
        return None
    largest = np.where(varying, columns.largest, 0.0)
    column = int(largest.argmax())
    if largest[column] > LARGE:
        return column, f"{named(column)} reaches {largest[column]:,.4g}"
    std = np.where(varying, columns.std, 1.0)
    far = np.where(varying, np.abs(columns.mean) / std, 0.0)
    column = int(far.argmax())
    if far[column] > FAR:
        return column, f"{named(column)} lies {far[column]:,.3g} standard deviations from 0"
    sizes = columns.std[varying]
    apart = sizes.max() / np.quantile(sizes, SMALL, method="lower")
    if apart > APART:
        column = int(np.where(varying, columns.std, 0.0).argmax())
        return column, f"columns differ in size by {apart:,.3g} times"
    return None


def changes(facts: Facts) -> list[Change]:
    """Standardise each column."""
    return [inputs_change(RULE.id, facts)] if _measured(facts) else []


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw for each column what is wrong with one: its size, or how far it lies from 0."""
    columns, worst = facts.batch.columns[evidence["input"]], int(evidence["column"])
    named, problem = facts.batch.column, evidence["problem"]
    places = [int(place) for place in np.flatnonzero(~columns.constant)]
    title, axis, limit = "Columns of the inputs are large.", "Largest absolute value", LARGE
    sizes = columns.largest
    if "from 0" in problem:
        title, axis, limit = "Columns lie far from 0.", "Standard deviations from 0", FAR
        sizes = np.abs(columns.mean) / np.maximum(columns.std, 1e-300)
    elif "differ" in problem:
        title, axis, limit = "Columns are of very different size.", "Standard deviation", np.inf
        sizes = columns.std
    bad = [worst, *(place for place in places if sizes[place] > limit)]
    return bars(
        title, {named(place): sizes[place] for place in places}, axis=axis,
        marked=[named(place) for place in bad],
        band=(None, limit) if np.isfinite(limit) else None, log=True,
    )  # fmt: skip


RULE = Rule(
    id="unscaled_inputs",
    title="The inputs are not scaled",
    why=(
        "The gradient of a weight is in proportion to its input, so one learning rate cannot suit "
        "columns that are large or far from zero. Units saturate or die, or the loss blows up."
    ),
    source="LeCun et al. 1998, Efficient BackProp, section 4.3",
    find=find,
    changes=changes,
    silences=SYMPTOMS | {"non_finite", "too_little_capacity"},
    from_start=True,
    drawing=drawing,
)
