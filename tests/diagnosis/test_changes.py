"""Changes: what is proposed, what it does, and that its line of code does the same."""

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
from overfit_core.diagnosis.changes import layers_of, setup_of
from overfit_core.diagnosis.facts import Change, Facts
from overfit_core.diagnosis.floor import Floor
from overfit_core.diagnosis.layer_changes import RATES
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.target import Target
from overfit_core.diagnosis.trials import Workshop
from tests.diagnosis.programs import HEALTHY, LAYERS, NUMBERS, ONE_HOT, X, Y

DRAW = np.random.default_rng(0)


def facts_of(model: keras.Model, x: Any, y: Any) -> Facts:  # noqa: ANN401
    named = x if isinstance(x, dict) else {"x": x}
    if isinstance(x, list):
        named = {f"x[{place}]": part for place, part in enumerate(x)}
    read = read_model(model, x)
    return Facts(look_at(named, y), read, Target("binary"), Floor(0.0, 1.0, None))


def compiled(*layers: Any, optimizer: Any = "adam", shape: Any = (4,)) -> keras.Model:  # noqa: ANN401
    model = keras.Sequential([keras.Input(shape), *layers])
    model.compile(optimizer, "binary_crossentropy")
    return model


def made(setting: str, value: Any) -> Change:  # noqa: ANN401
    return Change("a_rule", setting, value, "", "")


def run(code: str, **names: Any) -> dict[str, Any]:  # noqa: ANN401
    """Run a line of code as a reader would."""
    exec(code, names := {"np": np, "keras": keras, **names})
    return names


# 4. Learning rates.


@pytest.mark.exhaustive
def test_the_rate_of_a_schedule_is_the_median_of_the_run() -> None:
    warm_up = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1e-6, warmup_steps=20)
    model = HEALTHY.model()
    model.compile(keras.optimizers.Adam(warm_up), "binary_crossentropy")
    report = check(model, X, Y, epochs=50, seeds=1)
    used = float(np.median(report.history["learning_rate"]))
    rates = [one for f in report.fixes for one in f.changes if "learning_rate" in one.setting]
    assert rates
    assert all(change.value > 0 for change in rates)
    raised = next(change for change in rates if change.text.startswith("Multiply"))
    assert raised.value == pytest.approx(10 * used, rel=1e-2)
    assert "constant in place of the schedule" in raised.text


def test_no_rate_is_proposed_that_is_the_same() -> None:
    never = keras.optimizers.schedules.ExponentialDecay(0.0, 10, 0.5)
    model = compiled(LAYERS.Dense(1), optimizer=keras.optimizers.SGD(never))
    facts = facts_of(model, np.ones((3, 4), "float32"), np.ones((3, 1)))
    assert proposals.rate_changes("a_rule", facts, (10, 0.1)) == []
    with pytest.raises(ValueError, match="above 0"):
        setup_of(model, X, Y, 1).changed(made("optimizer.learning_rate", 0.0))


def test_rates_are_shown_as_people_write_them() -> None:
    facts = facts_of(HEALTHY.model(), X, Y)
    assert facts.model.learning_rate == 0.01
    (change,) = proposals.rate_changes("a_rule", facts, (10,))
    assert change.text == "Multiply the learning rate by 10: 0.01 becomes 0.1."
    assert change.code == "keras.optimizers.Adam(learning_rate=0.1)"


# 5. What is read is what is written.

RANDOM: dict[str, Callable[[], Any]] = {
    "LSTM, dropout": lambda: LAYERS.LSTM(3, dropout=0.4),
    "GRU, recurrent dropout": lambda: LAYERS.GRU(3, recurrent_dropout=0.4),
    "noise": lambda: LAYERS.GaussianNoise(0.4),
    "dropout by noise": lambda: LAYERS.GaussianDropout(0.4),
    "whole channels": lambda: LAYERS.SpatialDropout1D(0.4),
    "alpha": lambda: LAYERS.AlphaDropout(0.4),
    "both ways": lambda: LAYERS.Bidirectional(LAYERS.LSTM(3, dropout=0.4)),
    "every step": lambda: LAYERS.TimeDistributed(LAYERS.Dropout(0.4)),
}
PENALISED: dict[str, Callable[[], Any]] = {
    "from state to state": lambda: LAYERS.LSTM(3, recurrent_regularizer="l2"),
    "embeddings": lambda: LAYERS.Embedding(9, 3, embeddings_regularizer="l2"),
    "scales": lambda: LAYERS.BatchNormalization(gamma_regularizer="l2"),
    "depth": lambda: LAYERS.SeparableConv1D(3, 1, depthwise_regularizer="l2"),
    "activity": lambda: LAYERS.ActivityRegularization(l2=0.1),
}


@pytest.mark.parametrize("kind", RANDOM)
def test_what_is_random_is_seen_and_can_be_left_out(kind: str) -> None:
    model = compiled(RANDOM[kind](), LAYERS.Flatten(), LAYERS.Dense(1), shape=(5, 2))
    x, y = np.ones((3, 5, 2), "float32"), np.ones((3, 1))
    assert [layer.rate for layer in read_model(model, x).layers if layer.rate] == [0.4]
    setup = setup_of(model, x, y, 1).changed(made("layers.rate", 0.0))
    assert setup.config is not None
    left = [one["config"].get(name) or 0 for one in layers_of(setup.config) for name in RATES]
    assert max(left) == 0
    change = proposals.rates_change("a_rule", facts_of(model, x, y))
    assert "0.0)" in change.code
    assert ("noise" in change.text) == (kind == "noise")


@pytest.mark.parametrize("kind", PENALISED)
def test_every_penalty_is_seen_and_can_be_left_out(kind: str) -> None:
    shape = (5,) if kind == "embeddings" else (5, 2)
    model = compiled(PENALISED[kind](), LAYERS.Flatten(), LAYERS.Dense(1), shape=shape)
    x, y = np.ones((3, *shape), "float32"), np.ones((3, 1))
    assert any(layer.penalised for layer in read_model(model, x).layers)
    setup = setup_of(model, x, y, 1).changed(made("layers.regularizer", None))
    copied = Workshop(model).build(setup, 0)
    copied(x, training=True)
    assert sum(float(np.asarray(loss)) for loss in copied.losses) == 0


# 6. The line of code is the change.


def test_the_code_of_an_initialiser_says_what_becomes_of_biases() -> None:
    facts = facts_of(HEALTHY.model(), X, Y)
    change = proposals.initialiser_change("a_rule", facts, "HeUniform")
    assert change.code == 'kernel_initializer="he_uniform", bias_initializer="zeros"'


@pytest.mark.parametrize(
    ("given", "after"), [("orthogonal", "Orthogonal"), ("zeros", "Orthogonal")]
)
def test_kernels_from_state_to_state_stay_unless_they_are_all_alike(given: str, after: str) -> None:
    layer = LAYERS.LSTM(3, kernel_initializer="ones", recurrent_initializer=given)
    model = compiled(layer, LAYERS.Dense(1), shape=(5, 2))
    x, y = np.ones((3, 5, 2), "float32"), np.ones((3, 1))
    change = proposals.initialiser_change("a_rule", facts_of(model, x, y), "HeUniform")
    config = setup_of(model, x, y, 1).changed(change).config
    assert config is not None
    lstm = next(one["config"] for one in layers_of(config) if one["class_name"] == "LSTM")
    assert lstm["kernel_initializer"]["class_name"] == "HeUniform"
    assert lstm["recurrent_initializer"]["class_name"] == after
    assert ("recurrent_initializer" in change.code) == (given == "zeros")


@pytest.mark.parametrize("form", ["one", "list", "dict"])
def test_the_code_that_leaves_samples_out_looks_at_labels_too(form: str) -> None:
    a, b, y = DRAW.normal(size=(5, 2)), DRAW.normal(size=(5, 3, 3)), np.arange(5.0)
    a[1, 0], y[3] = np.inf, np.nan
    x: Any = {"one": a, "list": [a, b], "dict": {"a": a, "b": b}}[form]
    facts = facts_of(HEALTHY.model(), X, Y)
    named = {"one": {"x": a}, "list": {"x[0]": a, "x[1]": b}, "dict": x}[form]
    facts = replace(facts, batch=look_at(named, y))
    change = proposals.samples_change("a_rule", facts, [0, 2, 4])
    assert change.text == "Leave out the 2 samples that hold NaN or infinity."
    after, setup = run(change.code, x=x, y=y), setup_of(HEALTHY.model(), x, y, 1).changed(change)
    np.testing.assert_array_equal(after["y"], setup.y)
    for ours, theirs in zip(*map(keras.tree.flatten, (after["x"], setup.x)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_sample_is_one_sample() -> None:
    x = X.copy()
    x[3, 1] = np.nan
    facts = facts_of(HEALTHY.model(), x, Y)
    kept = [place for place in range(len(x)) if place != 3]
    text = proposals.samples_change("a_rule", facts, kept).text
    assert text == "Leave out the sample that holds NaN or infinity."


# 8. The output is the model's own.


def test_the_output_is_the_layer_that_the_model_ends_with() -> None:
    dense = LAYERS.EinsumDense("ab,bc->ac", 3, bias_axes="c", activation="relu", name="last")
    model = compiled(LAYERS.Dense(5, "tanh", name="first"), dense)
    x, y = np.ones((3, 4), "float32"), np.ones((3, 3))
    assert read_model(model, x).output.name == "last"
    setup = setup_of(model, x, y, 1)
    assert setup.layers.changed == "last"
    config = setup.changed(made("output.activation", "softmax")).config
    assert config is not None
    given = {one["config"]["name"]: one["config"].get("activation") for one in layers_of(config)}
    assert (given["first"], given["last"]) == ("tanh", "softmax")
    wider = Workshop(model).build(setup.changed(made("layers.times", 2)), 0)
    assert wider.get_layer("first").units == 10
    assert wider.output_shape == model.output_shape


def test_a_model_without_an_output_layer_is_not_taken_for_another_one() -> None:
    inputs = keras.Input((4,))
    ends = [LAYERS.Dense(1, "relu", name=name)(inputs) for name in ("left", "right")]
    model = keras.Model(inputs, LAYERS.Add()(ends))
    model.compile("adam", "mean_squared_error")
    setup = setup_of(model, np.ones((3, 4)), np.ones((3, 1)), 1)
    for setting, value in (("output.activation", "linear"), ("output.units", 2)):
        with pytest.raises(ValueError, match="no layer that makes"):
            setup.changed(made(setting, value))


# 9. Labels that count from one.


@pytest.mark.few(1)
@pytest.mark.parametrize("program", [HEALTHY, ONE_HOT])
def test_yes_no_labels_and_one_hot_rows_that_are_one_too_large_are_mended(program: Any) -> None:  # noqa: ANN401
    model = program.model()
    report = check(model, program.x, program.y + 1, epochs=program.epochs, seeds=1)
    best = report.fixes[0]
    assert report.causes[0].rule == "label_loss_mismatch"
    assert (best.outcome, best.code) == ("memorised", "y = y - y.min()")


@pytest.mark.exhaustive
def test_labels_that_are_no_shifted_classes_are_not_shifted() -> None:
    report = check(HEALTHY.model(), X, 3 * Y - 1, epochs=20, seeds=1, budget_seconds=2.0)
    assert not any(one.setting == "labels" for fix in report.fixes for one in fix.changes)


@pytest.mark.exhaustive
def test_class_numbers_still_count_from_zero() -> None:
    report = check(NUMBERS.model(), NUMBERS.x, NUMBERS.y + 1, epochs=200, seeds=1)
    assert report.fixes[0].code == "y = y - y.min()"
