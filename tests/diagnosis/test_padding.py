"""Padded steps stay padding: when inputs and targets are standardised, and in what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core import check
from overfit_core.diagnosis import proposals
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.floor import Floor
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.padding import ALL, kept_steps, padding_of
from overfit_core.diagnosis.rules import unscaled_inputs, unscaled_targets
from overfit_core.diagnosis.scaling import SHIFT, scaled_inputs
from overfit_core.diagnosis.target import Target
from overfit_core.diagnosis.trials import Workshop
from tests.diagnosis.programs import LAYERS, Array
from tests.diagnosis.test_changes import run

SAMPLES, STEPS = 5, 6
KEPT = np.arange(STEPS) < np.array([[3], [6], [1], [4], [3]])


def _steps(padding: float = 0.0, mean: float = 500.0) -> Array:
    x = np.random.default_rng(1).normal(mean, 100, (SAMPLES, STEPS, 2)).astype("float32")
    x[~KEPT] = padding
    return x


def _model(padding: float = 0.0, **compiled: Any) -> keras.Model:  # noqa: ANN401
    keras.utils.set_random_seed(3)
    layers = [LAYERS.Masking(padding), LAYERS.SimpleRNN(24, return_sequences=True)]
    model = keras.Sequential([keras.Input((STEPS, 2)), *layers, LAYERS.Dense(1)])
    model.compile(**{"optimizer": keras.optimizers.Adam(0.02), "loss": "mse", **compiled})
    return model


def _facts(model: keras.Model, x: Array, y: Array) -> Facts:
    read = read_model(model, x)
    batch = look_at({"x": x}, y, read.mask, padding=read.padding)
    return Facts(batch, read, Target("regression"), Floor(0.0, None, 1.0))


def _two_inputs() -> keras.Model:
    inner = keras.Sequential([keras.Input((STEPS, 2)), LAYERS.Masking(-1.0), LAYERS.LSTM(2)])
    plain, padded = keras.Input((3,), name="plain"), keras.Input((STEPS, 2), name="padded")
    return keras.Model([plain, padded], LAYERS.Concatenate()([plain, inner(padded)]))


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.mask = LAYERS.Masking(2.0)

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return self.mask(x)


def _behind_a_layer() -> keras.Model:
    layers = [LAYERS.Dense(2), LAYERS.Masking(), LAYERS.LSTM(2)]
    return keras.Sequential([keras.Input((STEPS, 2)), *layers])


PADDED: dict[str, tuple[Callable[[], keras.Model], dict[str, float]]] = {
    "one input": (_model, {"x": 0.0, "x[0]": 0.0}),
    "the second input, inside a model": (_two_inputs, {"x[1]": -1.0, "padded": -1.0}),
    "a class of its own": (Own, {ALL: 2.0}),
    "numbers that a layer has made": (_behind_a_layer, {}),
}


@pytest.mark.parametrize("kind", PADDED)
def test_the_inputs_that_are_padded_are_those_that_masking_looks_at(kind: str) -> None:
    make, expected = PADDED[kind]
    found = dict(padding_of(make()))
    assert {name: found.get(name) for name in expected} == expected
    assert bool(found) == bool(expected)
    assert not {"plain", "x[0]"} & set(found) or kind == "one input"


@pytest.mark.parametrize("padding", [0.0, -999.25])
def test_padded_steps_stay_padding_and_the_others_are_standardised(padding: float) -> None:
    x, model = _steps(padding), _model(padding)
    facts = _facts(model, x, np.ones((SAMPLES, STEPS, 1)))
    change = proposals.inputs_change("a_rule", facts)
    assert change.text.endswith("padded steps stay as they are.")
    tried = setup_of(model, x, facts.batch.y, 1).changed(change).x
    for scaled in (tried, run(change.code, x=x)["x"].astype("float32")):
        np.testing.assert_array_equal(scaled[~KEPT], x[~KEPT])
        rows = x[KEPT].astype(float)
        by_hand = (rows - rows.mean(axis=0)) / rows.std(axis=0)
        np.testing.assert_allclose(scaled[KEPT], by_hand, atol=1e-4)
        np.testing.assert_array_equal(read_model(model, scaled).mask, KEPT)


def test_a_step_that_would_look_like_padding_is_moved() -> None:
    x = np.array([[[1.0], [2.0], [3.0], [0.0]]], "float32")
    layers = [LAYERS.Masking(), LAYERS.LSTM(2), LAYERS.Dense(1)]
    model = keras.Sequential([keras.Input((4, 1)), *layers])
    model.compile("adam", "mse")
    change = proposals.inputs_change("a_rule", _facts(model, x, np.ones((1, 1))))
    scaled = scaled_inputs(x, frozenset(), {"x": 0.0})
    assert scaled[0, :, 0] == pytest.approx([SHIFT - 1.5**0.5, SHIFT, SHIFT + 1.5**0.5, 0])
    np.testing.assert_allclose(run(change.code, x=x)["x"], scaled, atol=1e-6)


def test_nothing_but_padding_and_no_padding_are_no_sequences() -> None:
    assert kept_steps(np.zeros((2, 3, 1)), 0.0) is None
    assert kept_steps(np.ones((2, 3, 1)), 0.0) is None
    assert kept_steps(np.zeros(3), 0.0) is None
    assert kept_steps(_steps(), None) is None
    np.testing.assert_array_equal(kept_steps(_steps(), 0.0), KEPT)


def test_only_padded_inputs_of_several_keep_steps() -> None:
    model = _two_inputs()
    model.compile("adam", "mse")
    plain = np.arange(3.0 * SAMPLES).reshape(SAMPLES, 3)
    plain[1] = -1.0
    x = {"plain": plain, "padded": _steps(-1.0)}
    setup = setup_of(model, x, np.ones((SAMPLES, 5)), 1)
    batch = look_at(x, np.ones((SAMPLES, 5)))
    facts = Facts(batch, read_model(model, x), Target("regression"), Floor(0.0, None, 1.0))
    change = proposals.inputs_change("a_rule", facts)
    tried, written = setup.changed(change).x, run(change.code, x=x)["x"]
    for scaled in (tried, written):
        assert scaled["plain"].mean() == pytest.approx(0, abs=1e-6)
        assert (scaled["plain"][1] != -1).all()
        np.testing.assert_array_equal(scaled["padded"][~KEPT], -1.0)
        assert scaled["padded"][KEPT].std() == pytest.approx(1, abs=1e-4)


def test_padding_is_no_size_of_a_column() -> None:
    x = _steps(-999.0, mean=0.0) / 100
    x[~KEPT] = -999.0
    facts = _facts(_model(-999.0), x, np.ones((SAMPLES, STEPS, 1)))
    assert unscaled_inputs.find(facts) is None
    facts = replace(facts, batch=look_at({"x": x}, facts.batch.y))
    assert unscaled_inputs.find(facts) is not None


@pytest.mark.exhaustive
def test_a_padded_batch_is_memorised_with_its_inputs_standardised() -> None:
    y = np.random.default_rng(5).normal(size=(SAMPLES, STEPS, 1))
    report = check(_model(), _steps(mean=5_000.0), y, epochs=300, seeds=1, budget_seconds=60.0)
    assert report.causes[0].rule == "unscaled_inputs"
    best = report.fixes[0]
    assert (best.changes[0].setting, best.outcome) == ("inputs", "memorised")
    mended = run(best.changes[0].code, x=_steps(mean=5_000.0))["x"]
    assert check(_model(), mended, y, epochs=600, seeds=1).memorised


def _targets(filling: float, mean: float) -> Array:
    y = np.random.default_rng(2).normal(mean, 1, (SAMPLES, STEPS, 1))
    return np.where(KEPT[..., None], y, filling)


def _trained(y: Array, **compiled: Any) -> Facts:  # noqa: ANN401
    model, x = _model(**compiled), _steps() / 500
    facts = _facts(model, x, y)
    run = Workshop(model).train(setup_of(model, x, y, 40), 0, facts.target)
    return replace(facts, run=run)


def test_targets_that_are_masked_are_not_unscaled() -> None:
    # Behind the end of the sequences stands a number that no prediction comes near.
    facts = _trained(_targets(-1e4, 0.0))
    assert unscaled_targets.find(facts) is None
    assert unscaled_targets.find(replace(facts, batch=replace(facts.batch, mask=None))) is None


def test_large_targets_are_unscaled_whatever_is_masked() -> None:
    found = [unscaled_targets.find(_trained(_targets(filling, 100.0))) for filling in (0.0, 1e6)]
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0]["mean"] == pytest.approx(100, rel=0.01)


def test_spans_are_those_of_the_steps_that_count() -> None:
    # The last step counts in one sample alone; elsewhere the predictions are right.
    y = _targets(0.0, 100.0)
    facts = _trained(y)
    assert facts.run is not None
    right = np.where(KEPT[..., None], y, -1e9)
    assert unscaled_targets.find(replace(facts, run=replace(facts.run, prediction=right))) is None
    near = np.where(KEPT[..., None], y[KEPT].mean(), -1e9)
    found = unscaled_targets.find(replace(facts, run=replace(facts.run, prediction=near)))
    assert found is not None
    assert found["share_of_span"] == 0
    drawn = unscaled_targets.drawing(replace(facts, run=replace(facts.run, prediction=near)), found)
    assert drawn is not None
    ends = [end for pair in drawn.values for end in pair]
    assert 90 < min(ends) <= max(ends) < 110


@pytest.mark.parametrize("columns", [True, False])
def test_masked_targets_are_standardised_by_those_that_count(columns: bool) -> None:
    y, model, x = _targets(-7.0, 100.0), _model(), _steps() / 500
    y = y if columns else y[..., 0]
    facts = _facts(model, x, y)
    change = proposals.targets_change("a_rule", facts)
    setup = replace(setup_of(model, x, y, 1), masks=(facts.batch.mask,))
    by_hand = (y[KEPT] - y[KEPT].mean()) / y[KEPT].std()
    for scaled in (setup.changed(change).y, run(change.code, x=x, y=y, model=model)["y"]):
        np.testing.assert_allclose(scaled[KEPT], by_hand, atol=1e-6)
        np.testing.assert_array_equal(scaled[~KEPT], -7.0)


def test_samples_that_are_left_out_take_their_mask_along() -> None:
    y, model, x = _targets(-7.0, 100.0), _model(), _steps()
    setup = replace(setup_of(model, x, y, 1), masks=(KEPT,))
    fewer = setup.changed(proposals.samples_change("a_rule", _facts(model, x, y), [0, 3]))
    np.testing.assert_array_equal(fewer.masks[0], KEPT[[0, 3]])
