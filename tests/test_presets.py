"""Each preset is run, and what it says under `look_for` is checked in the figures."""

import re
from functools import cache
from math import log
from typing import Any

import numpy as np
import pytest

from overfit_core import run
from overfit_core.models.costs import training_seconds
from overfit_core.models.summary import summarise
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from overfit_core.training.result import RunResult


@cache
def outcome(preset: str) -> RunResult:
    """The preset's run; each is made once."""
    return run(PRESETS[preset].spec)


def changed(preset: str, part: str, **settings: Any) -> RunSpec:  # noqa: ANN401
    """The preset's spec with some settings of one part changed."""
    data = PRESETS[preset].spec.model_dump()
    return RunSpec.load(data | {part: data[part] | settings})


def all_right_from(result: RunResult) -> int:
    """First epoch from which every sample is right before every update to come; 0 = never."""
    wrong = np.flatnonzero(result.history["accuracy"] < 1.0)
    last_wrong = int(wrong[-1]) + 1 if len(wrong) else 0
    return 0 if last_wrong == len(result.history) else last_wrong + 1


def test_article_1_is_still_wrong_on_two_of_four() -> None:
    summary = outcome("article-1").summary
    assert summary.accuracy == 0.5
    assert summary.loss == pytest.approx(0.57, abs=0.01)


def test_article_2_has_all_four_right_only_just() -> None:
    result = outcome("article-2")
    assert result.summary.accuracy == 1.0
    assert all_right_from(result) == pytest.approx(410, abs=15)
    assert result.summary.loss == pytest.approx(0.18, abs=0.02)


@pytest.mark.exhaustive
def test_article_2_fails_from_about_one_start_in_three() -> None:
    starts = [run(changed("article-2", "training", seed=seed)).summary for seed in range(30)]
    failed = sum(summary.memorised_epoch is None for summary in starts)
    assert 7 <= failed <= 13


def test_article_3_is_nowhere_near_and_starts_where_article_2_starts() -> None:
    result = outcome("article-3")
    assert result.summary.loss == pytest.approx(0.60, abs=0.01)
    assert result.history["accuracy"].max() <= 0.75
    assert result.history["loss"][0] == outcome("article-2").history["loss"][0]


def test_adam_against_sgd_is_example_2_beside_example_3() -> None:
    specs = PRESETS["adam-against-sgd"].specs
    assert specs == (PRESETS["article-2"].spec, PRESETS["article-3"].spec)
    adam, sgd = (run(spec) for spec in specs)
    assert adam.history["loss"][0] == sgd.history["loss"][0]
    assert all_right_from(adam) == pytest.approx(410, abs=15)
    assert sgd.summary.loss == pytest.approx(0.60, abs=0.01)


def test_article_1_mended_is_right_from_about_epoch_12() -> None:
    assert all_right_from(outcome("article-1-mended")) == pytest.approx(12, abs=3)
    assert PRESETS["article-1-mended"].spec.model == PRESETS["article-1"].spec.model


def test_xor_too_small_ends_at_the_floor_that_one_cut_has() -> None:
    floor = (2 * log(3 / 2) + log(3)) / 4
    result = outcome("xor-too-small")
    assert result.history["accuracy"].max() == 0.75
    assert floor < result.summary.loss < floor + 0.001
    assert f"{floor:.3f}" in PRESETS["xor-too-small"].look_for


def test_xor_is_right_from_about_epoch_24() -> None:
    result = outcome("xor")
    assert all_right_from(result) == pytest.approx(24, abs=3)
    assert result.summary.loss < 0.001


def test_digits_cnn_learns_the_last_digit_seven_times_later_than_the_first() -> None:
    result = outcome("digits-cnn")
    assert all_right_from(result) == pytest.approx(73, abs=5)
    learned = np.sort(np.asarray(result.samples.learned_epoch))
    assert learned[0] > 0 and learned[4] <= 10
    assert learned[-1] / learned[4] > 6


@pytest.mark.exhaustive
def test_sensor_lstm_goes_a_bumpy_way() -> None:
    result = outcome("sensor-lstm")
    assert all_right_from(result) == pytest.approx(62, abs=6)
    assert (np.diff(result.history["accuracy"][:70]) < 0).sum() >= 5


@pytest.mark.exhaustive
def test_sensor_conv1d_needs_an_eighth_of_the_parameters_and_a_quarter_of_the_epochs() -> None:
    result = outcome("sensor-conv1d")
    assert all_right_from(result) == pytest.approx(15, abs=3)
    assert 3 < all_right_from(outcome("sensor-lstm")) / all_right_from(result) < 5.5
    sizes = [summarise(PRESETS[name].spec).parameters for name in ("sensor-lstm", "sensor-conv1d")]
    assert sizes[0] / sizes[1] == pytest.approx(8, abs=0.6)


@pytest.mark.exhaustive
def test_sensor_attention_ends_far_below_the_others() -> None:
    result = outcome("sensor-attention")
    assert all_right_from(result) == pytest.approx(35, abs=5)
    assert 3e-6 < result.summary.loss < 3e-5
    others = [outcome(name).summary.loss for name in ("sensor-lstm", "sensor-conv1d")]
    assert result.summary.loss < min(others) / 5


def test_random_labels_are_memorised_and_not_learned() -> None:
    result = outcome("random-labels")
    assert all_right_from(result) == pytest.approx(10, abs=3)
    assert result.history["val_accuracy"][-1] == pytest.approx(0.1, abs=0.05)


def test_dropout_hides_in_training_what_inference_shows() -> None:
    result = outcome("dropout")
    assert result.history["accuracy"].max() < 1.0
    inference = result.history["inference_accuracy"]
    assert np.flatnonzero(inference < 1.0)[-1] + 2 == pytest.approx(34, abs=8)


def test_dead_relus_get_no_gradient_at_all() -> None:
    history = outcome("dead-relus").history
    assert (history["dead_share/dense_1"] == 1.0).all()
    assert (history["gradient_norm/dense_1"] == 0.0).all()
    assert (history["gradient_norm/head"] == 0.0).all()
    np.testing.assert_allclose(history["loss"], log(2), rtol=1e-6)


def test_learning_rate_too_high_leaves_the_numbers_within_six_epochs() -> None:
    result = outcome("learning-rate-too-high")
    assert result.summary.non_finite_epoch == 6
    assert result.history["loss"][0] == pytest.approx(0.8, abs=0.05)
    assert (np.diff(result.history["loss"]) > 0).all()
    mended = run(changed("learning-rate-too-high", "optimizer", learning_rate=0.1)).summary
    assert mended.r2 is not None and mended.r2 > 0.9


def test_unscaled_inputs_are_lost_at_the_first_step_and_scaled_ones_are_not() -> None:
    result = outcome("unscaled-inputs")
    assert result.history["loss"][1] > 1000
    np.testing.assert_allclose(result.history["loss"][10:], 0.69, atol=0.01)
    x = np.abs(result.samples.x)
    assert x.min() < 0.1 and x.max() > 1000
    mended = run(changed("unscaled-inputs", "batch", scaling="standard"))
    assert 0 < all_right_from(mended) < 100


def test_sine_is_fitted_and_comes_down_smoothly() -> None:
    result = outcome("sine")
    assert result.summary.r2 is not None and result.summary.r2 > 0.999
    assert result.summary.memorised_epoch == pytest.approx(261, abs=20)
    constant = run(changed("sine", "optimizer", schedule={"kind": "constant"}))
    rises = [(np.diff(r.history["loss"][500:]) > 0).sum() for r in (result, constant)]
    assert rises[0] < 10 < 50 < rises[1]


def test_iris_is_memorised_and_then_overfitted() -> None:
    result = outcome("iris")
    assert all_right_from(result) == pytest.approx(106, abs=6)
    assert (np.asarray(result.samples.learned_epoch) <= 50).mean() > 0.9
    held_out = result.history["val_loss"]
    assert held_out.argmin() + 1 == pytest.approx(80, abs=10)
    assert held_out[-1] > 2 * held_out.min()


def test_zero_weights_never_move() -> None:
    history = outcome("zero-weights").history
    assert (history["gradient_norm/dense_1"] == 0.0).all()
    assert (history["gradient_norm/head"] == 0.0).all()
    layers = [{"kind": "dense", "units": 16, "activation": "tanh"}]
    mended = run(changed("zero-weights", "model", layers=layers, head={}))
    assert mended.summary.loss < 0.9 * log(2)


@pytest.mark.exhaustive
def test_vanishing_gradients_leave_the_first_layer_with_next_to_nothing() -> None:
    result = outcome("vanishing-gradients")
    first, head = (result.history[f"gradient_norm/{name}"][0] for name in ("dense_1", "head"))
    assert head > 10_000 * first
    assert result.summary.loss == pytest.approx(0.693, abs=0.001)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_a_title_two_sentences_and_no_name_of_its_own(preset: str) -> None:
    entry = PRESETS[preset]
    assert entry.id == preset and entry.title
    assert len(re.findall(r"\.(?= [A-Z]|$)", entry.look_for)) == 2
    assert entry.spec.name is None
    assert len(entry.spec.link_code()) < 120


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_done_in_a_few_seconds(preset: str) -> None:
    assert training_seconds(PRESETS[preset].spec) < 5.0


def test_every_preset_has_a_test_of_its_claim() -> None:
    names = "\n".join(name for name in globals() if name.startswith("test_"))
    for preset in PRESETS:
        assert preset.replace("-", "_") in names


def test_the_articles_examples_come_first_and_the_second_is_the_default() -> None:
    assert list(PRESETS)[:3] == ["article-1", "article-2", "article-3"]
    assert PRESETS["article-2"].spec == RunSpec()
