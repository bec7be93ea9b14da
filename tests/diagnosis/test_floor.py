"""What a batch allows, against a brute search of the best answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.target import target_of

X = np.array([[0.0], [0.0], [0.0], [1.0], [2.0]], "float32")
SOFT = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5], [1.0, 0.0], [0.3, 0.7]], "float32")
LOSSES = {
    "mean_squared_error": SOFT * 7,
    "mean_absolute_error": SOFT * 7,
    "binary_crossentropy": SOFT,
    "categorical_crossentropy": SOFT,
    "sparse_categorical_crossentropy": np.array([0, 1, 1, 0, 1]),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_no_answers_have_a_smaller_loss_than_the_floor(loss: str) -> None:
    """Every answer on a fine grid is tried for each distinct input, by Keras's own loss."""
    y = LOSSES[loss]
    target = target_of(y, loss=loss, units=2, same_rank=y.ndim == 2)
    floor = floor_of(look_at({"x": X}, y), target, loss).loss
    of = keras.losses.get(loss)
    one_by_one = loss in ("mean_squared_error", "mean_absolute_error", "binary_crossentropy")
    grid = np.linspace(0, 7 if loss.startswith("mean") else 1, 1401)
    total = 0.0
    for place in ([0, 1, 2], [3], [4]):
        parts = np.split(y[place], 2, axis=1) if one_by_one else [y[place]]
        for part in parts:
            rows = (lambda p: [p]) if one_by_one else (lambda p: [p, 1 - p])
            tried = [
                float(np.mean(of(part, np.array([rows(p)] * len(part), "float64")))) for p in grid
            ]
            total += min(tried) * len(part) / len(parts)
    assert total / len(y) == pytest.approx(floor, abs=1e-4)


def test_the_best_accuracy_is_that_of_the_commonest_label_of_each_group() -> None:
    y = np.array([0, 1, 1, 0, 1])
    target = target_of(y, loss="sparse_categorical_crossentropy", units=2, same_rank=False)
    assert floor_of(look_at({"x": X}, y), target, "").accuracy == 0.8


def test_the_best_r2_leaves_out_what_equal_samples_differ_by() -> None:
    y = np.array([[0.0], [2.0], [4.0], [10.0], [-6.0]])
    target = target_of(y, loss="mean_squared_error", units=1, same_rank=True)
    floor = floor_of(look_at({"x": X}, y), target, "mean_squared_error")
    answers = np.array([[2.0], [2.0], [2.0], [10.0], [-6.0]])
    assert floor.r2 == pytest.approx(1 - ((y - answers) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert floor.loss == pytest.approx(((y - answers) ** 2).mean())


CE, SQUARES = "binary_crossentropy", "mean_squared_error"


@pytest.mark.parametrize(
    ("y", "loss", "units", "same_rank", "kind"),
    [
        ([[0], [1]], CE, 1, True, "binary"),
        ([[-1], [1]], "hinge", 1, True, "binary"),
        ([0, 1, 2], "categorical_crossentropy", 3, False, "class_numbers"),
        ([[0, 1], [1, 0]], SQUARES, 2, True, "one_hot"),
        ([[1, 1], [1, 0]], CE, 2, True, "multi_label"),
        ([[0.2], [0.9]], CE, 1, True, "soft"),
        ([[0.2], [0.9]], SQUARES, 1, True, "regression"),
        ([[3], [9]], SQUARES, 1, True, "regression"),
    ],
)
def test_what_labels_mean(
    y: list[object], loss: str, units: int, same_rank: bool, kind: str
) -> None:
    assert target_of(np.array(y), loss=loss, units=units, same_rank=same_rank).kind == kind
