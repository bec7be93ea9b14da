"""Rules that look at the batch: shapes that Keras makes equal, sizes beyond sense, token ids."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core.diagnosis import check
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.rules import missing_nonlinearity as linear
from overfit_core.diagnosis.target import target_of
from tests.diagnosis.programs import LAYERS, NUMBERS, Array
from tests.diagnosis.test_drawings import facts_of

BY_ID = {rule.id: rule for rule in RULES}
DRAW = np.random.default_rng(0)
STEPS = DRAW.normal(size=(6, 5, 2)).astype("float32")
BITS = (DRAW.random((6, 5)) > 0.5).astype("float32")


def seen(model: keras.Model, x: Any, y: Array) -> Facts:  # noqa: ANN401
    """What is seen from the start."""
    named = x if isinstance(x, dict) else {"x": x}
    batch, read = look_at(named, y), read_model(model, x)
    same_rank = y.ndim == len(read.output_shape) + 1
    target = target_of(y, loss=read.loss, units=read.units, same_rank=same_rank)
    return Facts(batch, read, target, floor_of(batch, target, read.loss, read.loss_settings))


def per_step(loss: str, *, squeezed: bool = False, units: int = 1) -> keras.Model:
    keras.utils.set_random_seed(1)
    end = [LAYERS.Reshape((5,))] if squeezed else []
    layers = [LAYERS.LSTM(16, return_sequences=True), LAYERS.Dense(units, "sigmoid"), *end]
    model = keras.Sequential([keras.Input((5, 2)), *layers])
    model.compile(keras.optimizers.Adam(0.03), loss=loss)
    return model


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mean_squared_error"])
@pytest.mark.parametrize("squeezed", [False, True])
def test_a_last_axis_of_one_is_what_keras_takes_away_or_adds(loss: str, squeezed: bool) -> None:
    model = per_step(loss, squeezed=squeezed)
    y = BITS[..., None] if squeezed else BITS
    assert BY_ID["label_loss_mismatch"].find(seen(model, STEPS, y)) is None
    # Keras gives the same loss as for equal shapes.
    answers = model(STEPS)
    equal = keras.losses.get(loss)(BITS.reshape(answers.shape), answers)
    assert float(model.compute_loss(STEPS, y, answers)) == pytest.approx(float(np.mean(equal)))


def test_labels_without_the_last_axis_are_memorised() -> None:
    report = check(per_step("binary_crossentropy"), STEPS, BITS, epochs=500, seeds=1)
    assert report.memorised and report.causes == ()


def test_shapes_that_keras_broadcasts_differ() -> None:
    model = per_step("mean_squared_error", units=3)
    evidence = BY_ID["label_loss_mismatch"].find(seen(model, STEPS, BITS[..., None] * 2.5))
    assert evidence is not None
    assert (evidence["problem"], evidence["shape_of_labels"], evidence["shape_of_output"]) == (
        "shapes differ", [5, 1], [5, 3]
    )  # fmt: skip


def test_the_row_that_does_not_sum_to_one_is_named_with_its_step() -> None:
    y = np.eye(3, dtype="float32")[DRAW.integers(0, 3, (6, 5))]
    y[4, 2] = [0.5, 0.5, 0.75]
    model = per_step("categorical_crossentropy", units=3)
    evidence = BY_ID["label_loss_mismatch"].find(seen(model, STEPS, y))
    problem = "rows do not sum to 1"
    assert evidence == {"problem": problem, "sample": 4, "step": 2, "sum": 1.75}


@pytest.mark.parametrize(("largest", "proposed"), [(40, True), (70_000_000, False)])
def test_no_output_of_millions_of_units_is_proposed(largest: int, proposed: bool) -> None:
    y = NUMBERS.y.copy()
    y[0], y[1] = 0, largest
    facts, _ = facts_of(replace(NUMBERS, y=y), train=False)
    settings = [change.setting for change in BY_ID["label_loss_mismatch"].changes(facts)]
    assert ("output.units" in settings) == proposed


@pytest.mark.exhaustive
def test_classes_below_zero_are_counted_from_zero_and_given_no_output_that_is_there() -> None:
    keras.utils.set_random_seed(1)
    layers = [LAYERS.Dense(32, "tanh"), LAYERS.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile(keras.optimizers.Adam(0.03), loss="sparse_categorical_crossentropy")
    x, y = DRAW.normal(size=(9, 2)), np.arange(9) % 3 - 1
    (fix,) = check(model, x, y, epochs=600, seeds=1).fixes
    assert (fix.changes[0].setting, fix.outcome) == ("labels", "memorised")
    facts = seen(model, x, np.where(y < 0, -9, y))
    assert BY_ID["label_loss_mismatch"].find(facts) is not None
    assert BY_ID["label_loss_mismatch"].changes(facts) == []


def test_many_classes_are_not_written_out_to_see_whether_a_plane_fits_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts, _ = facts_of(replace(NUMBERS, hidden=None, y=NUMBERS.y), train=False)
    many = replace(facts, target=replace(facts.target, classes=50_000_000))
    began = time.monotonic()
    assert linear.find(many) is None
    assert time.monotonic() - began < 1
    monkeypatch.setattr(linear, "MOST_NUMBERS", 10)
    assert not linear._is_beyond_a_plane(facts)


def test_rows_of_several_steps_and_labels_are_fitted_each_by_itself() -> None:
    model = keras.Sequential([keras.Input((2,)), LAYERS.Dense(4), LAYERS.Dense(2, "sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    plane = np.stack([corners[:, 0], corners[:, 1]], axis=1)
    xor = np.stack([corners[:, 0], (corners.sum(axis=1) == 1).astype("float32")], axis=1)
    rule = BY_ID["missing_nonlinearity"]
    assert rule.find(seen(model, corners, plane)) is None
    assert rule.find(seen(model, corners, xor)) is not None


def _tokens_and_numbers(*, scales: bool = False) -> keras.Model:
    words, sizes = keras.Input((4,), name="words"), keras.Input((2,), name="sizes")
    read = LAYERS.Flatten()(LAYERS.Embedding(60, 3)(words))
    sized = LAYERS.Rescaling(0.01)(sizes) if scales else sizes
    model = keras.Model([words, sizes], LAYERS.Dense(1)(LAYERS.Concatenate()([read, sized])))
    model.compile("adam", loss="mean_squared_error")
    return model


def test_token_ids_are_never_scaled_and_what_the_network_scales_neither() -> None:
    words = DRAW.integers(0, 60, (6, 4))
    model = keras.Sequential(
        [keras.Input((4,)), LAYERS.Embedding(60, 3), LAYERS.Flatten(), LAYERS.Dense(1)]
    )
    model.compile("adam", loss="mean_squared_error")
    y, rule = DRAW.normal(size=(6, 1)), BY_ID["unscaled_inputs"]
    facts = seen(model, words, y)
    assert rule.find(facts) is None and rule.changes(facts) == []
    both = {"words": words, "sizes": DRAW.normal(size=(6, 2)) * 1000}
    facts = seen(_tokens_and_numbers(), both, y)
    evidence = rule.find(facts)
    assert evidence is not None and evidence["input"] == "sizes"
    assert len(rule.changes(facts)) == 1
    facts = seen(_tokens_and_numbers(scales=True), both, y)
    assert rule.find(facts) is None and rule.changes(facts) == []
