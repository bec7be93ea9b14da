"""What a batch allows, against a brute search of the best answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.floor import Floor, floor_of
from overfit_core.diagnosis.model_facts import LossSettings, read_model
from overfit_core.diagnosis.target import target_of
from overfit_core.training.criterion import Criterion
from overfit_core.training.result import NO_SPREAD, R2_MEMORISED, spread, worst_r2

X = np.array([[0.0], [0.0], [0.0], [1.0], [2.0]], "float32")
SOFT = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5], [1.0, 0.0], [0.3, 0.7]], "float32")
LOSSES = {
    "mean_squared_error": SOFT * 7,
    "mean_absolute_error": SOFT * 7,
    "binary_crossentropy": SOFT,
    "categorical_crossentropy": SOFT,
    "sparse_categorical_crossentropy": np.array([0, 1, 1, 0, 1]),
}


@pytest.mark.exhaustive
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


SEQUENCE = np.array([[0, 1], [1, 1], [1, 0], [0, 0], [1, 1]])
"""Class numbers for two steps of each of the five samples of ``X``, the first three equal."""
STEPS = np.stack([SOFT, SOFT[::-1]], axis=1)
"""Shares for two steps."""


def _best(loss: keras.losses.Loss, y: np.ndarray) -> float:
    """The least mean loss of any answers on a grid: one for each step of each distinct input."""
    grid = np.linspace(0, 1, 1001)
    answers = np.stack([grid, 1 - grid], axis=-1)
    total = 0.0
    for place in ([0, 1, 2], [3], [4]):
        for step in range(y.shape[1]):
            labels = y[place, step]
            tried = np.zeros(len(grid))
            for label in labels:
                many = np.repeat(label[None], len(grid), axis=0)
                tried += np.asarray(loss.call(many, answers))
            total += tried.min()
    return total / (y.shape[0] * y.shape[1])


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
@pytest.mark.parametrize(
    ("name", "y", "smoothing"),
    [
        ("sparse_categorical_crossentropy", SEQUENCE, 0.0),
        ("categorical_crossentropy", STEPS, 0.0),
        ("categorical_crossentropy", STEPS, 0.2),
        ("categorical_crossentropy", np.eye(2)[SEQUENCE], 0.2),
        ("binary_crossentropy", np.eye(2)[SEQUENCE], 0.0),
        ("binary_crossentropy", np.eye(2)[SEQUENCE], 0.3),
    ],
)
def test_sequences_and_the_settings_of_the_loss_have_their_floor(
    name: str, y: np.ndarray, smoothing: float, reduction: str
) -> None:
    given = {"label_smoothing": smoothing} if smoothing else {}
    kind = "".join(part.capitalize() for part in name.split("_"))
    loss = getattr(keras.losses, kind)(reduction=reduction, dtype="float64", **given)
    target = target_of(y, loss=name, units=2, same_rank=y.ndim == 3)
    settings = LossSettings(smoothing, reduction)
    floor = floor_of(look_at({"x": X}, y), target, name, settings).loss
    times = y.shape[0] * y.shape[1] if reduction == "sum" else 1
    assert floor == pytest.approx(_best(loss, y) * times, abs=1e-4 * times)


def test_keras_itself_adds_up_as_many_losses_as_the_floor_of_a_sum_does() -> None:
    y = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    for shape in ((5,), (5, 1)):
        labels, answers = y.reshape(shape), np.full((5, 1), 0.5)
        answers[:3] = 2 / 3
        answers[3:, 0] = [1.0, 0.0]
        loss = float(keras.losses.BinaryCrossentropy(reduction="sum")(labels, answers))
        target = target_of(labels, loss=CE, units=1, same_rank=len(shape) == 2)
        floor = floor_of(look_at({"x": X}, labels), target, CE, LossSettings(0.0, "sum"))
        assert floor.loss == pytest.approx(loss, abs=1e-4)


def test_settings_are_read_off_the_compiled_loss() -> None:
    loss = keras.losses.BinaryCrossentropy(label_smoothing=0.1, reduction="sum")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")])
    for given in (loss, [loss], {model.layers[-1].name: loss}):
        model.compile("sgd", loss=given)
        facts = read_model(model, X)
        assert facts.loss_settings == LossSettings(0.1, "sum")
        assert facts.loss == CE
    model.compile("sgd", loss=CE)
    assert read_model(model, X).loss_settings == LossSettings()


def test_class_numbers_of_a_large_dictionary_take_no_memory() -> None:
    y = np.array([0, 7, 70_000_000, 3, 49_999])
    name = "sparse_categorical_crossentropy"
    target = target_of(y, loss=name, units=2, same_rank=False)
    floor = floor_of(look_at({"x": X}, y), target, name)
    assert floor.loss == pytest.approx(3 / 5 * np.log(3))
    assert floor.accuracy == pytest.approx(3 / 5)


def test_one_hot_rows_are_made_as_long_as_they_fit() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    change = Change("", "labels", "one_hot", "", "")
    words = np.array([[3], [49_999], [0]])
    made = setup_of(model, X[:3], words, 1).changed(change).y
    assert made.shape == (3, 50_000)
    np.testing.assert_array_equal(made.argmax(axis=1), words[:, 0])
    assert made.sum() == 3
    with pytest.raises(ValueError, match="limit is 50,000,000"):
        setup_of(model, X[:3], words * 1_000, 1).changed(change)


def test_labels_that_are_no_shares_have_no_floor_of_entropy() -> None:
    y = np.array([[2.0], [3.0], [2.0], [1.0], [0.0]])
    target = target_of(y, loss=CE, units=1, same_rank=True)
    assert floor_of(look_at({"x": X}, y), target, CE).loss == 0
    y[1] = np.nan
    assert floor_of(look_at({"x": X}, y), target, CE) == Floor(0.0, None, None)


@pytest.mark.parametrize(
    ("y", "tolerance"),
    [
        ([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]], [8 / 3, 8 / 3]),
        ([[0.1, 0.3]] * 7, [0.05, 0.05]),
        ([[2.0, 4.0]], [10.0, 10.0]),
        ([[0.0], [0.0]], [NO_SPREAD]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_targets_are_right_within_a_tolerance_the_same_for_all_who_judge(
    y: list[list[float]], tolerance: list[float], dtype: str
) -> None:
    labels = np.array(y, dtype)
    np.testing.assert_allclose(spread(labels), tolerance, rtol=1e-5)
    for share, right in ((0.98, True), (1.02, False)):
        answers = labels + np.sqrt(0.01 * share * spread(labels)).astype(dtype)
        assert (worst_r2(labels, answers) >= R2_MEMORISED) == right
        criterion = Criterion("regression")
        each = criterion.right(labels, answers)
        assert bool(criterion.all_right(labels, answers, each)) == right
        assert np.asarray(each).all() == right


def test_a_constant_column_forbids_nothing() -> None:
    y = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    y[:3, 0] = 0
    target = target_of(y, loss=SQUARES, units=2, same_rank=True)
    assert floor_of(look_at({"x": X}, y), target, SQUARES).r2 == 1
