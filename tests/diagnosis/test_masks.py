"""What a layer has masked does not count: in the verdict, the score, the floor and the labels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras.src.backend import set_keras_mask

from overfit_core import Report, check
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.masks import counted_in, mask_of, without_filling
from overfit_core.diagnosis.model_facts import LossSettings, read_model
from overfit_core.diagnosis.target import Kind, Target, attained, score_of, target_of
from tests.diagnosis.programs import LAYERS, Array

SAMPLES, STEPS = 5, 6
DRAW = np.random.default_rng(0)
MASK = np.arange(STEPS) < np.array([[3], [6], [0], [4], [3]])
"""The third sample is nothing but filling."""
SPARSE = "sparse_categorical_crossentropy"


def _answers(kind: Kind) -> tuple[Array, Array]:
    """Labels, and answers that are right where they count and wrong elsewhere."""
    if kind == "class_numbers":
        y = DRAW.integers(0, 3, (SAMPLES, STEPS))
        return y, np.eye(3)[np.where(MASK, y, (y + 1) % 3)]
    if kind == "one_hot":
        y = np.eye(3)[DRAW.integers(0, 3, (SAMPLES, STEPS))]
        return y, np.where(MASK[..., None], y, np.roll(y, 1, axis=-1))
    if kind == "regression":
        y = DRAW.normal(size=(SAMPLES, STEPS, 2))
        return y, np.where(MASK[..., None], y, y + 100)
    y = DRAW.integers(0, 2, (SAMPLES, STEPS, 2)).astype(float)
    return y, np.where(MASK[..., None], y, 1 - y)


@pytest.mark.parametrize(
    "kind", ["class_numbers", "one_hot", "binary", "multi_label", "regression"]
)
def test_only_what_counts_can_be_wrong(kind: Kind) -> None:
    target, (y, right) = Target(kind), _answers(kind)
    assert not attained(target, y, right)
    assert attained(target, y, right, MASK)
    assert score_of(target, y, right, MASK) == 1
    assert target.right(y, right, MASK).all()
    for place in np.argwhere(MASK):
        wrong = right.copy()
        wrong[tuple(place)] = right[tuple(place)][::-1] + 0.5
        if target.is_classes:
            wrong[tuple(place)] = np.roll(y[tuple(place)], 1) if kind == "one_hot" else 0.25
        if kind == "class_numbers":
            wrong[tuple(place)] = np.eye(3)[(y[tuple(place)] + 1) % 3]
        if kind in ("binary", "multi_label"):
            wrong[tuple(place)] = 1 - y[tuple(place)]
        assert not attained(target, y, wrong, MASK), place
        expected = np.arange(SAMPLES) != place[0]
        np.testing.assert_array_equal(target.right(y, wrong, MASK), expected)
        if target.is_classes:
            # Of five samples one is nothing but filling.
            assert score_of(target, y, wrong, MASK) == 3 / 4


def test_r2_of_the_worst_output_is_that_of_the_numbers_that_count() -> None:
    y = DRAW.normal(size=(SAMPLES, STEPS, 2))
    answers = y + DRAW.normal(scale=0.3, size=y.shape)
    by_hand = []
    for step, output in np.ndindex(STEPS, 2):
        kept = MASK[:, step]
        labels, given = y[kept, step, output], answers[kept, step, output]
        if len(labels) > 1:
            spread = np.square(labels - labels.mean()).mean()
            by_hand.append((np.square(given - labels).mean(), spread))
        else:
            by_hand.append((np.square(given - labels).mean(), None))
    usual = np.mean([spread for _, spread in by_hand if spread is not None])
    worst = min(1 - error / (usual if spread is None else spread) for error, spread in by_hand)
    assert score_of(Target("regression"), y, answers, MASK) == pytest.approx(worst)
    agrees = Target("regression").criterion.all_right(y, answers, None, MASK)
    assert bool(agrees) == (worst >= 0.99)


def _labels(loss: str) -> Array:
    if loss == SPARSE:
        return DRAW.integers(0, 3, (SAMPLES, STEPS)).astype(float)
    if loss == "categorical_crossentropy":
        return np.eye(3)[DRAW.integers(0, 3, (SAMPLES, STEPS))]
    low = 0.0 if loss == "binary_crossentropy" else -1.0
    return DRAW.uniform(low, 1, (SAMPLES, STEPS, 2))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
@pytest.mark.parametrize(
    "loss",
    ["mean_squared_error", "binary_crossentropy", "categorical_crossentropy", SPARSE],
)
def test_the_floor_is_keras_loss_of_the_best_answers_under_the_mask(
    loss: str, reduction: str
) -> None:
    y, x = _labels(loss), DRAW.normal(size=(SAMPLES, STEPS, 2))
    mask = MASK.copy()
    # The first and the last sample are equal, and so their answers.
    x[-1] = x[0]
    y[~mask] = 7.0
    rows = np.eye(8)[y.astype(int)][..., :3] if loss == SPARSE else y
    best = rows.copy()
    best[[0, -1]] = rows[[0, -1]].mean(axis=0)
    # What does not count may be answered anyhow.
    best[~mask] = 0.5
    answers = keras.ops.convert_to_tensor(best)
    set_keras_mask(answers, keras.ops.convert_to_tensor(mask))
    kept = np.where(mask if loss == SPARSE else mask[..., None], y, 0)
    classes: dict[str, Any] = {
        "mean_squared_error": keras.losses.MeanSquaredError,
        "binary_crossentropy": keras.losses.BinaryCrossentropy,
        "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
        SPARSE: keras.losses.SparseCategoricalCrossentropy,
    }
    expected = float(classes[loss](reduction=reduction, dtype="float64")(kept, answers))
    target = target_of(kept, loss=loss, units=best.shape[-1], same_rank=loss != SPARSE)
    batch = look_at({"x": x}, y, mask)
    floor = floor_of(batch, target, loss, LossSettings(0.0, reduction))
    assert floor.loss == pytest.approx(expected, abs=1e-5)
    assert expected > 0.01


def test_the_best_accuracy_is_that_of_the_samples_that_count() -> None:
    x = np.zeros((SAMPLES, STEPS, 1))
    y = np.zeros((SAMPLES, STEPS))
    y[1, 0] = 1
    y[~MASK] = 9
    batch = look_at({"x": x}, y, MASK)
    floor = floor_of(batch, Target("class_numbers", classes=3), SPARSE)
    assert floor.accuracy == 3 / 4
    assert batch.contradictions.pairs == ((0, 1, 2, 3, 4),)
    y[1, 0] = 0
    assert look_at({"x": x}, y, MASK).contradictions.pairs == ()


def test_labels_that_do_not_count_are_not_looked_at() -> None:
    y = DRAW.integers(0, 2, (SAMPLES, STEPS, 1))
    filled = np.where(MASK[..., None], y, -1)
    facts = look_at({"x": np.zeros((SAMPLES, STEPS, 1))}, filled, MASK)
    assert (facts.labels.low.min(), facts.labels.high.max()) == (0, 1)
    assert set(np.unique(facts.meant)) == {0, 1}
    np.testing.assert_array_equal(facts.meant[MASK], y[MASK])
    rows = np.where(MASK[..., None], np.eye(3)[DRAW.integers(0, 3, (SAMPLES, STEPS))], 0)
    assert (without_filling(rows, MASK).sum(axis=-1) == 1).all()
    assert without_filling(rows, None) is rows


def test_a_mask_that_does_not_fit_an_array_is_none_of_it() -> None:
    assert counted_in(MASK, (SAMPLES, 3)) is None
    assert counted_in(MASK, (SAMPLES,)) is None
    assert counted_in(None, (SAMPLES, STEPS)) is None
    counted = counted_in(MASK, (SAMPLES, STEPS, 2))
    assert counted is not None
    np.testing.assert_array_equal(counted[..., 1], MASK)


def _tagger(y: Array, units: int = 2, loss: str = SPARSE) -> tuple[keras.Model, Array]:
    """A network that tags each step of padded sequences, and its inputs."""
    x = np.random.default_rng(1).normal(size=(SAMPLES, STEPS, 3)).astype("float32")
    x[~MASK] = 0
    keras.utils.set_random_seed(3)
    layers = [LAYERS.Masking(), LAYERS.SimpleRNN(24, return_sequences=True)]
    output = LAYERS.Dense(units, None if loss == "mean_squared_error" else "softmax")
    model = keras.Sequential([keras.Input((STEPS, 3)), *layers, output])
    model.compile(keras.optimizers.Adam(0.02), loss=loss)
    return model, x


def _checked(y: Array, **more: Any) -> Report:  # noqa: ANN401
    model, x = _tagger(y, **more)
    return check(model, x, y.astype("float32"), epochs=200, seeds=1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("loss", [SPARSE, "mean_squared_error"])
def test_a_verdict_does_not_depend_on_the_labels_of_what_is_masked(loss: str) -> None:
    draw = np.random.default_rng(5)
    y = draw.integers(0, 2, (SAMPLES, STEPS)) if loss == SPARSE else draw.normal(
        size=(SAMPLES, STEPS, 2)
    )  # fmt: skip
    counted = MASK if loss == SPARSE else MASK[..., None]
    reports = [_checked(np.where(counted, y, filling), loss=loss) for filling in (0, 1)]
    first, second = reports
    assert first.memorised, first.to_markdown()
    assert (first.epoch, first.loss, first.floor) == (second.epoch, second.loss, second.floor)
    assert (first.accuracy, first.r2) == (second.accuracy, second.r2)
    # And the loss is the one that fit reports.
    model, x = _tagger(y, loss=loss)
    losses = model.fit(x, np.where(counted, y, 0), epochs=5, batch_size=SAMPLES, verbose=0)
    np.testing.assert_allclose(first.history["loss"][:5], losses.history["loss"], rtol=1e-4)


@pytest.mark.exhaustive
def test_a_batch_is_memorised_in_the_epoch_in_which_all_that_counts_is_right() -> None:
    y = np.where(MASK, np.random.default_rng(5).integers(0, 2, (SAMPLES, STEPS)), 0)
    report = _checked(y)
    model, x = _tagger(y)
    right = []
    for _ in range(report.epochs):
        answers = np.asarray(model(x, training=False)).argmax(axis=-1)
        right.append(bool((answers == y)[MASK].all()))
        model.train_on_batch(x, y)
    running = [n + 1 for n in range(len(right) - 4) if all(right[n : n + 5])]
    assert report.epoch == running[0]


def test_the_mask_of_a_model_is_read_off_its_output() -> None:
    y = np.zeros((SAMPLES, STEPS))
    model, x = _tagger(y)
    np.testing.assert_array_equal(read_model(model, x).mask, MASK)
    np.testing.assert_array_equal(mask_of(model(x)), MASK)
    last = keras.Sequential(
        [keras.Input((4,)), LAYERS.Embedding(5, 3, mask_zero=True), LAYERS.LSTM(2), LAYERS.Dense(1)]
    )
    last.compile("adam", "mean_squared_error")
    assert read_model(last, np.array([[1, 2, 0, 0]])).mask is None


def test_rows_of_zeros_behind_the_end_of_a_sequence_are_no_fault() -> None:
    rows = np.eye(2)[np.random.default_rng(5).integers(0, 2, (SAMPLES, STEPS))]
    report = _checked(np.where(MASK[..., None], rows, 0), loss="categorical_crossentropy")
    assert report.memorised, report.to_markdown()
