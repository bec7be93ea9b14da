"""What programs of other people showed to be missing: faults of labels and outputs that hide each
other, rates that are thousands of times too high, columns that are few and small."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from overfit_core.diagnosis import check
from overfit_core.diagnosis.blame import holding
from overfit_core.diagnosis.rules.label_loss_mismatch import RULE as LABELS
from overfit_core.diagnosis.rules.output_cannot_reach_target import RULE as OUTPUT
from overfit_core.diagnosis.rules.unscaled_inputs import RULE as INPUTS
from overfit_core.diagnosis.spec_changes import with_changes
from overfit_core.spec import RunSpec
from tests.diagnosis.programs import HEALTHY, NUMBERS, ONE_HOT, Program, X, Y
from tests.diagnosis.test_drawings import facts_of

TAGS = np.concatenate([Y, 1 - Y, Y], axis=1)
"""The rows add up to 1 and to 2 in turn."""
SEVERAL = Program(
    X, TAGS, output="softmax", outputs=3, loss="categorical_crossentropy", epochs=300
)  # fmt: skip
SIGNS = replace(HEALTHY, y=2 * Y - 1, output="softmax")
SCALED = replace(NUMBERS, y=(NUMBERS.y / 255).astype("float32"))


def test_labels_of_minus_one_and_one_and_a_softmax_over_one_unit_are_both_mended() -> None:
    with pytest.warns(UserWarning, match="softmax"):
        report = check(SIGNS.model(), SIGNS.x, SIGNS.y, epochs=300, seeds=1)
    assert [cause.rule for cause in report.causes] == [LABELS.id, OUTPUT.id]
    fix = report.fixes[0]
    assert fix.outcome == "memorised"
    assert [change.value for change in fix.changes] == ["yes_or_no", "sigmoid"]
    assert fix.changes[0].code == "y = (y > 0).astype(y.dtype)"


def test_a_label_mismatch_still_explains_an_output_that_is_out_of_range() -> None:
    facts, _ = facts_of(replace(SIGNS, output="relu"), train=False)
    assert OUTPUT.find(facts) is not None
    assert [rule.id for rule in holding(facts).rules] == [LABELS.id]


@pytest.mark.exhaustive
def test_class_numbers_that_were_scaled_are_numbered_again() -> None:
    fix = check(SCALED.model(), SCALED.x, SCALED.y, epochs=200, seeds=1).fixes[0]
    assert fix.outcome == "memorised"
    assert [change.value for change in fix.changes] == ["numbered"]
    y = SCALED.y
    written = eval(fix.changes[0].code.removeprefix("y = "), {"np": np, "y": y})
    np.testing.assert_array_equal(written, NUMBERS.y)


def test_more_values_than_outputs_are_no_classes() -> None:
    many = np.linspace(0, 1, len(NUMBERS.x), dtype="float32")
    facts, _ = facts_of(replace(NUMBERS, y=many), train=False)
    assert LABELS.find(facts) is not None
    assert LABELS.changes(facts) == []


@pytest.mark.exhaustive
def test_several_labels_get_a_sigmoid_together_with_its_loss() -> None:
    report = check(SEVERAL.model(), SEVERAL.x, SEVERAL.y, epochs=300, seeds=1)
    assert report.causes[0].rule == LABELS.id
    fix = report.fixes[0]
    assert fix.outcome == "memorised"
    assert [change.setting for change in fix.changes] == ["output.several_labels"]
    changed = with_changes(RunSpec.load({"batch": {"source": "xor"}}), fix.changes)
    assert changed.model.head.activation == "sigmoid"
    assert changed.model.loss == "binary_crossentropy"


def test_a_softmax_cannot_reach_rows_that_do_not_add_up_to_one_under_any_loss() -> None:
    squares = replace(SEVERAL, loss="mean_squared_error")
    facts, _ = facts_of(squares, train=False)
    found = OUTPUT.find(facts)
    assert found is not None
    assert found["sums"] == [1.0, 2.0]
    assert [change.value for change in OUTPUT.changes(facts)] == ["sigmoid"]
    facts, _ = facts_of(replace(squares, y=3 * TAGS), train=False)
    assert [change.value for change in OUTPUT.changes(facts)] == ["linear"]
    facts, _ = facts_of(replace(ONE_HOT, loss="mean_squared_error"), train=False)
    assert OUTPUT.find(facts) is None


def test_a_rate_that_is_thousands_of_times_too_high_is_found_where_the_loss_ends_in_nan() -> None:
    keras.utils.set_random_seed(1)
    x = np.linspace(-1, 1, 16, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(500.0), loss="mean_squared_error")
    report = check(model, x, 2 * x + 1, epochs=300, seeds=1)
    assert report.verdict == "diverged"
    assert report.causes[0].rule == "learning_rate_too_high"
    change = report.fixes[0].changes[0]
    assert report.fixes[0].outcome == "memorised"
    # On a parabola of curvature 2 any step below 1 comes nearer.
    assert change.value == pytest.approx(0.5)


@pytest.mark.parametrize(("small", "found"), [(1, False), (4, False), (6, True), (20, True)])
def test_a_few_small_columns_among_many_are_no_fault(small: int, found: bool) -> None:
    x = np.random.default_rng(0).uniform(size=(24, 21)).astype("float32")
    x[:, :small] *= 1e-4
    facts, _ = facts_of(replace(HEALTHY, x=x), train=False)
    assert (INPUTS.find(facts) is not None) == found
