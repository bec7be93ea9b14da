"""Labels that the loss does not take."""

from __future__ import annotations

import numpy as np

from overfit_core.diagnosis.drawings import headed, ranges, sample_rows
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.proposals import classes_change, loss_change, several_labels_change
from overfit_core.diagnosis.target import CROSS_ENTROPIES

SUM_TOLERANCE = 1e-3
ROWS = 3
"""So many labels are shown."""
MOST_UNITS = 100_000
"""No larger output is proposed: such numbers are no classes."""
MOST_CLASSES = 20
"""Class numbers 0 to one less, all there: more are taken for numbers."""


def find(facts: Facts) -> Evidence | None:
    """Compare the labels' values and shape with what the loss is defined for."""
    y, model = np.asarray(facts.batch.y, float), facts.model
    if model.loss == "sparse_categorical_crossentropy":
        # The loss refuses a number that is no class, whether it counts or not.
        return _class_numbers(y, float(np.nanmin(y)), float(np.nanmax(y)), model.units)
    shape = _shape(facts)
    if shape is not None:
        return shape
    y = np.asarray(facts.batch.meant, float)
    low, high = float(np.nanmin(y)), float(np.nanmax(y))
    if model.loss == "categorical_crossentropy" and y.ndim > 1 and not facts.batch.bad:
        sums = y.sum(axis=-1)
        if np.abs(sums - 1).max() > SUM_TOLERANCE:
            worst = np.unravel_index(np.abs(sums - 1).argmax(), sums.shape)
            place = {"sample": int(worst[0])}
            if len(worst) > 1:
                place["step"] = int(worst[1])
            return {"problem": "rows do not sum to 1", **place, "sum": float(sums[worst])}
    if model.loss in CROSS_ENTROPIES and (low < 0 or high > 1):
        return {"problem": "labels outside 0 to 1", "low": low, "high": high}
    return None


def _class_numbers(y: np.ndarray, low: float, high: float, units: int) -> Evidence | None:
    if y.ndim > 1 and y.shape[-1] == units > 1:
        return {"problem": "one-hot rows where class numbers are expected", "columns": units}
    if not np.all(y == np.round(y)):
        return {"problem": "class numbers must be whole", "low": low, "high": high}
    if low < 0 or high >= units:
        return {
            "problem": "class numbers beyond the outputs",
            "low": low,
            "high": high,
            "units": units,
        }
    return None


def _shape(facts: Facts) -> Evidence | None:
    """Find labels that are broadcast against the output, or that name classes to several units."""
    labels, output = facts.batch.y.shape[1:], facts.model.output_shape
    if labels == output or labels == (*output, 1) or (*labels, 1) == output:
        # Keras takes or gives a last axis of one where the other side has it.
        return None
    problem = "shapes differ"
    if facts.target.kind == "class_numbers":
        problem = "class numbers where one column per class is expected"
    # Not under "output", which is the name of the output where there are several.
    return {
        "problem": problem, "shape_of_labels": list(labels), "shape_of_output": list(output)
    }  # fmt: skip


def changes(facts: Facts) -> list[Change]:
    """Bring the loss to the labels, or the labels to the loss."""
    evidence = find(facts) or {}
    problem = str(evidence.get("problem", ""))
    if problem.startswith("one-hot rows"):
        return [loss_change(RULE.id, "categorical_crossentropy")]
    if problem.startswith("class numbers where"):
        text, code = "Write the labels as one-hot rows.", "y = keras.utils.to_categorical(y)"
        return [
            loss_change(RULE.id, "sparse_categorical_crossentropy"),
            Change(RULE.id, "labels", "one_hot", text, code),
        ]
    if problem.startswith("class numbers beyond"):
        return _for_numbers_beyond(facts)
    if problem.startswith("labels outside"):
        return [
            *_yes_or_no(facts), *_from_zero(facts), *_for_classes(facts), _loss_for_numbers(facts)
        ]  # fmt: skip
    if problem.startswith("rows do not"):
        multi = facts.target.kind == "multi_label"
        return [*_from_zero(facts), *([several_labels_change(RULE.id)] if multi else [])]
    if problem.startswith("class numbers must"):
        return _numbered(facts)
    return []


def _yes_or_no(facts: Facts) -> list[Change]:
    """Write -1 and 1, as hinge losses take them, as 0 and 1."""
    if not np.array_equal(np.unique(facts.batch.y), (-1, 1)) or facts.model.units != 1:
        return []
    text = "Write the labels -1 and 1 as 0 and 1."
    return [Change(RULE.id, "labels", "yes_or_no", text, "y = (y > 0).astype(y.dtype)")]


def _numbered(facts: Facts) -> list[Change]:
    """Number the values, where there are no more of them than outputs."""
    if len(np.unique(facts.batch.y)) > facts.model.units or not np.isfinite(facts.batch.y).all():
        return []
    text = "Number the labels' values from 0: they are classes that were scaled."
    code = "y = np.unique(y, return_inverse=True)[1].reshape(y.shape)"
    return [Change(RULE.id, "labels", "numbered", text, code)]


def _from_zero(facts: Facts) -> list[Change]:
    """Count from 0 where that leaves nothing but 0 and 1."""
    y = np.asarray(facts.batch.y, float)
    if y.min() == 0 or not np.isin(y - y.min(), (0, 1)).all():
        return []
    return [Change(RULE.id, "labels", "from_zero", "Count the classes from 0.", "y = y - y.min()")]


def _for_numbers_beyond(facts: Facts) -> list[Change]:
    """Class numbers that the outputs do not reach: count from 0, or give them more outputs."""
    y, made = np.asarray(facts.batch.y, float), []
    if y.min() != 0 and y.max() - y.min() < facts.model.units:
        code = "y = y - y.min()"
        made.append(Change(RULE.id, "labels", "from_zero", "Count the classes from 0.", code))
    units = int(y.max()) + 1
    if not facts.model.units < units <= MOST_UNITS:
        return made
    text = f"Give the output {units} units, one per class."
    return [*made, Change(RULE.id, "output.units", units, text, f"Dense({units}, …)")]


def _for_classes(facts: Facts) -> list[Change]:
    """Class numbers for a loss of yes or no: one output for each class."""
    y = np.asarray(facts.batch.y, float)
    numbers = np.unique(y)
    classes = int(y.max()) + 1
    every = 2 < classes <= MOST_CLASSES and np.array_equal(numbers, np.arange(classes))
    return [classes_change(RULE.id, classes)] if every and facts.model.units == 1 else []


def _loss_for_numbers(facts: Facts) -> Change:
    """A cross-entropy on numbers: they are classes to tell apart, or a regression."""
    whole = bool(np.all(facts.batch.y == np.round(facts.batch.y))) and facts.batch.y.min() >= 0
    classes = whole and facts.model.units > 1
    name = "sparse_categorical_crossentropy" if classes else "mean_squared_error"
    return loss_change(RULE.id, name)


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw labels beside what the loss takes, or show them where their form is wrong."""
    problem, y = str(evidence["problem"]), np.asarray(facts.batch.y, float)
    rows = y.reshape(len(y), -1)
    if "low" in evidence and "whole" not in problem:
        top = evidence["units"] - 1.0 if "units" in evidence else 1.0
        ends = {_name(rows, p): (rows[:, p].min(), rows[:, p].max()) for p in range(rows.shape[1])}
        beyond = [name for name, (low, high) in ends.items() if low < 0 or high > top]
        title = "Labels lie outside what the loss takes."
        return ranges(title, ends, axis="Label", marked=beyond, band=(0.0, top))
    if "whole" in problem:
        places = np.flatnonzero((rows != np.round(rows)).any(axis=1))[:ROWS]
        return sample_rows("Class numbers are not whole.", list(places), headed("y", y))
    if "sample" in evidence and y.ndim == 2:
        columns = headed("y", y) | {"sum": rows.sum(axis=1)}
        return sample_rows("The row does not sum to 1.", [evidence["sample"]], columns)
    if "one-hot" in problem:
        return sample_rows("The labels are rows.", range(min(ROWS, len(y))), headed("y", y))
    return None


def _name(rows: np.ndarray, place: int) -> str:
    return "the labels" if rows.shape[1] == 1 else f"column {place} of the labels"


RULE = Rule(
    id="label_loss_mismatch",
    title="The labels are not what the loss is defined for",
    why=(
        "The loss still gives a number, by broadcasting or outside its domain, and its smallest "
        "value lies elsewhere than at the right answers. Training then works towards the wrong "
        "goal."
    ),
    source="Keras, documentation of the losses; Islam et al. 2019, A comprehensive study on deep "
    "learning bug characteristics",
    find=find,
    changes=changes,
    silences=frozenset(
        {
            "non_finite",
            "output_cannot_reach_target",
            "unsuited_loss",
            "learning_rate_too_high",
            "learning_rate_too_low",
            "too_few_epochs",
            "too_little_capacity",
            "unscaled_targets",
        }
    ),
    from_start=True,
    forbids=True,
    drawing=drawing,
    of_outputs=True,
)
