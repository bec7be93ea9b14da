"""Equal samples of a spec are given one label, unless they are equal because they should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from overfit_core.batches import bundled, make_batch
from overfit_core.batches.known import KNOWN
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.spec_changes import applicable, with_changes
from overfit_core.spec import RunSpec
from tests.diagnosis.test_spec_changes import changed


def contradicting(source: str, **batch: Any) -> tuple[RunSpec, Change]:  # noqa: ANN401
    """A spec, and the change that a check of its run proposes."""
    spec = RunSpec.load({"batch": {"source": source, "samples": 12, **batch}})
    made = make_batch(spec.batch)
    pairs = look_at({"x": made.x}, made.y).contradictions.pairs
    assert pairs
    return spec, changed("labels.like_first", [list(pair) for pair in pairs])


@pytest.mark.parametrize(
    ("source", "batch"),
    [
        ("moons", {"label_noise": 0.5}),
        ("sine", {"scaling": "standard"}),
        ("xor", {}),
        ("iris", {}),
        ("iris", {"label_noise": 0.5}),
        ("diabetes", {}),
    ],
)
def test_samples_that_repeat_others_because_they_should_are_let_be(
    source: str, batch: dict[str, Any]
) -> None:
    spec, change = contradicting(source, contradictions=2, **batch)
    made = with_changes(spec, [change])
    assert made == RunSpec.load({"batch": {"source": source, "samples": 12, **batch}})
    rows = make_batch(made.batch)
    assert look_at({"x": rows.x}, rows.y).contradictions.pairs == ()


@pytest.mark.parametrize("contradictions", [0, 1])
def test_samples_that_are_equal_for_another_reason_stay_contradictory(contradictions: int) -> None:
    spec, change = contradicting("xor", label_noise=0.6, contradictions=contradictions)
    with pytest.raises(ValueError, match="source or label noise"):
        with_changes(spec, [change])


def test_bundled_samples_with_new_labels_are_told_from_repeated_ones() -> None:
    spec, change = contradicting("iris", contradictions=2, label_noise=0.5)
    assert applicable(spec, [change])
    more = replace(change, value=[*change.value, [3, 4]])
    assert not applicable(spec, [more])


@pytest.mark.parametrize("source", KNOWN)
def test_bundled_data_do_not_contradict_themselves(source: str) -> None:
    rows = getattr(bundled, source)(0, {})
    assert look_at({"x": rows.x}, rows.y).contradictions.pairs == ()
