"""What shows a fault of the batch to the eye."""

from __future__ import annotations

import statistics
from dataclasses import replace

import numpy as np
import pytest

from overfit_core.diagnosis.drawings import MOST_NAMES
from tests.diagnosis.programs import HEALTHY, NUMBERS, ONE_HOT, Program, X
from tests.diagnosis.test_drawings import assert_sound, drawn, without_training
from tests.diagnosis.test_rules import FAULTY


def test_columns_are_drawn_as_large_as_they_are() -> None:
    drawing, *_ = drawn("unscaled_inputs")
    x = FAULTY["unscaled_inputs"].x
    largest = [max(abs(float(v)) for v in x[:, place]) for place in (0, 1)]
    assert drawing.values == pytest.approx(tuple(largest))
    assert (drawing.names, drawing.marked) == (("column 0", "column 1"), (0,))
    assert drawing.band == (None, 10.0) and drawing.log


def test_columns_far_from_zero_are_drawn_in_standard_deviations() -> None:
    x = (X / 100 + [1.0, 0.0]).astype("float32")
    drawing = without_training("unscaled_inputs", replace(HEALTHY, x=x))
    assert drawing is not None and drawing.marked == (0,)
    expected = [abs(statistics.mean(c)) / statistics.pstdev(c) for c in x.T.astype(float).tolist()]
    assert drawing.values == pytest.approx(tuple(expected), rel=1e-4)


def test_columns_of_different_size_are_drawn_by_size_and_constant_ones_are_left_out() -> None:
    x = np.column_stack([np.full(len(X), 7.0), X[:, 0] * 0.001, X[:, 1]])
    drawing = without_training("unscaled_inputs", replace(HEALTHY, x=x))
    assert drawing is not None
    assert (drawing.names, drawing.marked) == (("column 1", "column 2"), (1,))
    assert drawing.values == pytest.approx((x[:, 1].std(), x[:, 2].std()))


def test_of_many_large_columns_the_worst_is_drawn() -> None:
    x = -np.tile(np.abs(X[:, :1]), (1, 60)) * 100
    x[:, 55] *= 3
    drawing = without_training("unscaled_inputs", replace(HEALTHY, x=x))
    assert drawing is not None
    assert_sound(drawing)
    assert f"{60 - MOST_NAMES} more" in drawing.title
    assert drawing.values[drawing.names.index("column 55")] == -x[:, 55].min()


def test_contradicting_samples_are_equal_and_have_other_labels() -> None:
    drawing, *_ = drawn("contradictory_labels")
    program = FAULTY["contradictory_labels"]
    assert drawing.names == ("sample 0", "sample 1")
    assert drawing.columns == ("x[:, 0]", "x[:, 1]", "y")
    for place, row in enumerate(drawing.values):
        assert row == (*(float(v) for v in program.x[place]), float(program.y[place, 0]))
    assert drawing.values[0][:2] == drawing.values[1][:2]
    assert drawing.values[0][2] != drawing.values[1][2]


def test_of_a_long_group_each_label_is_shown_once() -> None:
    x, y = X.copy(), HEALTHY.y.copy()
    x[:10], y[:10] = x[0], 0
    y[7] = 1
    drawing = without_training("contradictory_labels", replace(HEALTHY, x=x, y=y))
    assert drawing is not None and drawing.names == ("sample 0", "sample 7")


def test_one_hot_labels_are_shown_as_classes_and_wide_inputs_in_part() -> None:
    x = np.repeat(ONE_HOT.x, 6, axis=1)
    x[1] = x[0]
    drawing = without_training("contradictory_labels", replace(ONE_HOT, x=x))
    assert drawing is not None
    assert_sound(drawing)
    assert drawing.columns == (*(f"x[:, {place}]" for place in range(8)), "x[…]", "y, its class")
    assert [row[-1] for row in drawing.values] == [0.0, 1.0]
    assert [row[-2] for row in drawing.values] == [None, None]


def test_samples_with_bad_numbers_are_shown_with_what_is_beside_them() -> None:
    drawing, *_ = drawn("non_finite")
    x = FAULTY["non_finite"].x
    assert drawing.names == ("sample 3",)
    assert drawing.columns == ("x[:, 0]", "x[:, 1]")
    assert drawing.values == ((float(x[3, 0]), None),)


def test_labels_are_drawn_beside_what_the_loss_takes() -> None:
    drawing, *_ = drawn("label_loss_mismatch")
    assert (drawing.values, drawing.band, drawing.marked) == (((-1.0, 2.0),), (0.0, 1.0), (0,))
    beyond = without_training("label_loss_mismatch", replace(NUMBERS, y=NUMBERS.y + 1))
    assert beyond is not None
    assert (beyond.values, beyond.band) == (((1.0, 3.0),), (0.0, 2.0))


@pytest.mark.parametrize(
    ("program", "columns"),
    [
        (replace(NUMBERS, y=NUMBERS.y + 0.5), ("y",)),
        (replace(NUMBERS, y=ONE_HOT.y), ("y[:, 0]", "y[:, 1]", "y[:, 2]")),
        (replace(ONE_HOT, y=ONE_HOT.y * 2), ("y[:, 0]", "y[:, 1]", "y[:, 2]", "sum")),
    ],
)
def test_labels_of_a_wrong_form_are_shown(program: Program, columns: tuple[str, ...]) -> None:
    drawing = without_training("label_loss_mismatch", program)
    assert drawing is not None
    assert_sound(drawing)
    assert (drawing.kind, drawing.columns) == ("samples", columns)
