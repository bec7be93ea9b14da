"""A check as a whole: the article's examples, hard batches, models of many kinds, bad input."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import keras
import numpy as np
import pytest

from overfit_core import ModelError, Report, check, check_spec, run
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.presets import PRESETS
from overfit_core.testing import assert_memorises
from tests.diagnosis.programs import HEALTHY, LAYERS, NUMBERS, X, Y


@pytest.mark.parametrize("example", ["article-1", "article-3"])
def test_an_example_that_does_not_memorise_has_a_cause_and_a_fix_that_does(example: str) -> None:
    report = check_spec(PRESETS[example].spec, budget_seconds=60.0)
    assert not report.memorised
    assert report.causes
    best = report.fixes[0]
    assert (best.outcome, best.seeds_memorised, best.seeds) == ("memorised", 3, 3)
    assert best.tried


def test_the_example_that_memorises_is_left_alone_and_is_the_run_itself() -> None:
    spec = PRESETS["article-2"].spec
    report, result = check_spec(spec), run(spec)
    assert report.epoch == result.summary.memorised_epoch
    assert report.causes == report.fixes == ()
    np.testing.assert_allclose(report.history["loss"][:20], result.history["loss"][:20], rtol=1e-4)


def test_contradictory_labels_are_impossible_and_the_best_accuracy_is_named() -> None:
    x, y = X.copy(), Y.copy()
    x[1] = x[0]
    report = check(HEALTHY.model(), x, y, epochs=300, seeds=1)
    assert report.verdict == "impossible"
    assert report.best_accuracy == pytest.approx(1 - 1 / len(x))
    assert report.causes[0].rule == "contradictory_labels"
    assert report.causes[0].evidence["samples"] == [[0, 1]]
    assert report.fixes[0].outcome == "memorised"
    assert "at best 95.83 %" in report.sentence()


def test_an_autoencoder_with_soft_targets_is_memorised_at_its_entropy_floor() -> None:
    x = np.random.default_rng(0).random((8, 6), "float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6,)), LAYERS.Dense(64, "tanh"), LAYERS.Dense(6, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    report = check(model, x, x, epochs=1_500)
    entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x)).mean()
    assert report.floor == pytest.approx(entropy, rel=1e-4)
    assert report.memorised
    assert report.excess is not None
    assert 0 <= report.excess < 0.01


def _sequence() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6, 2)), LAYERS.LSTM(16, return_sequences=True), LAYERS.Dense(3, "softmax")]
    )


def _image() -> keras.Model:
    layers = [LAYERS.Conv2D(8, 3, activation="relu"), LAYERS.Flatten(), LAYERS.Dense(2, "sigmoid")]
    return keras.Sequential([keras.Input((5, 5, 1)), *layers])


def _branches() -> keras.Model:
    left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
    joined = LAYERS.Concatenate()([LAYERS.Dense(8, "tanh")(left), LAYERS.Dense(8, "tanh")(right)])
    return keras.Model([left, right], LAYERS.Dense(1)(joined))


def _kinds() -> dict[str, tuple[keras.Model, object, np.ndarray, str]]:
    draw = np.random.default_rng(0)
    parts = [draw.normal(size=(6, n)).astype("float32") for n in (2, 3)]
    steps = draw.normal(size=(4, 6, 2)).astype("float32")
    images = draw.normal(size=(6, 5, 5, 1)).astype("float32")
    labels = draw.integers(0, 2, (6, 2)).astype("float32")
    labels[0] = 1
    return {
        "a label for each step": (
            _sequence(), steps, draw.integers(0, 3, (4, 6)), "sparse_categorical_crossentropy"
        ),
        "several labels at a time": (_image(), images, labels, "binary_crossentropy"),
        "two inputs": (_branches(), parts, draw.normal(size=(6, 1)), "mean_squared_error"),
        "two inputs by name": (
            _branches(), dict(zip(("left", "right"), parts, strict=True)),
            draw.normal(size=(6, 1)), "mean_squared_error",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", _kinds())
def test_models_and_batches_of_many_kinds_are_memorised(kind: str) -> None:
    model, x, y, loss = _kinds()[kind]
    model.compile(keras.optimizers.Adam(0.02), loss=loss)
    report = check(model, x, y, epochs=600)
    assert report.memorised, report.to_markdown()
    if report.accuracy is not None:
        assert report.accuracy == 1.0


def test_an_autoencoder_with_a_constant_column_is_memorised() -> None:
    x = np.random.default_rng(0).random((8, 6), "float32")
    x[:, 2] = 0
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6,)), LAYERS.Dense(48, "tanh"), LAYERS.Dense(6, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="mean_squared_error")
    report = check(model, x, x, epochs=1_000, seeds=1)
    assert report.memorised, report.to_markdown()
    assert report.r2 is not None
    assert 0.99 <= report.r2 < 1


class OwnModel(keras.Model):
    """Made by a class of the caller's, with no shape of its output anywhere."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.hidden, self.out = LAYERS.Dense(units, "tanh"), LAYERS.Dense(1, "sigmoid")

    def build(self, shape: tuple[int, ...]) -> None:
        self.hidden.build(shape)
        self.out.build((*shape[:-1], self.hidden.units))
        self.built = True

    def call(self, x: object) -> object:
        return self.out(self.hidden(x))


@pytest.mark.parametrize("built", [True, False])
def test_a_model_of_a_class_of_its_own_is_a_report(built: bool) -> None:
    keras.utils.set_random_seed(1)
    model = OwnModel(32)
    if built:
        model(X)
    model.compile(keras.optimizers.Adam(0.05), loss="binary_crossentropy")
    weights = [w.copy() for w in model.get_weights()]
    report = check(model, X, Y, epochs=200, seeds=1)
    assert report.memorised, report.to_markdown()
    # What is not built cannot be copied either: it is built, and left at its initial weights.
    for before, after in zip(weights, model.get_weights(), strict=built):
        np.testing.assert_array_equal(before, after)


def test_an_output_that_is_named_takes_labels_by_name() -> None:
    into = keras.Input((2,))
    out = LAYERS.Dense(1, "sigmoid", name="out")(LAYERS.Dense(32, "tanh")(into))
    for loss in ("binary_crossentropy", {"out": "binary_crossentropy"}):
        model = keras.Model(into, out)
        model.compile(keras.optimizers.Adam(0.05), loss=loss)
        report = check(model, X, {"out": Y}, epochs=200, seeds=1)
        assert report.memorised
    model = keras.Model(into, {"out": out})
    model.compile("adam", loss="binary_crossentropy")
    error = check(model, X, {"out": Y}).causes[0].evidence["error"]
    assert "output is a dict" in error


def test_the_length_of_a_sequence_is_that_of_the_batch() -> None:
    steps = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    model = keras.Sequential(
        [keras.Input((None, 2)), LAYERS.LSTM(4, return_sequences=True), LAYERS.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.Adam(1e-6), loss="categorical_crossentropy")
    y = np.eye(3, dtype="float32")[np.arange(24).reshape(4, 6) % 3]
    assert read_model(model, steps).output_shape == (6, 3)
    report = check(model, steps, y, epochs=2, seeds=1, budget_seconds=0.1)
    assert "label_loss_mismatch" not in [cause.rule for cause in report.causes]


def test_a_recurrent_layer_that_remembers_is_left_as_it_was() -> None:
    model = keras.Sequential(
        [keras.Input(batch_shape=(4, 6, 2)), LAYERS.LSTM(4, stateful=True), LAYERS.Dense(1)]
    )
    model.compile("sgd", loss="mean_squared_error")
    before = [np.asarray(v) for v in model.non_trainable_variables]
    assert read_model(model, np.ones((4, 6, 2), "float32")).output_shape == (1,)
    for old, new in zip(before, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_cannot_be_read_is_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("setup_of", "look_at", "read_model", "floor_of"):
        with monkeypatch.context() as patched:

            def broken(*_given: object, name: str = name) -> None:
                raise AttributeError(f"nothing to {name}")

            patched.setattr(f"overfit_core.diagnosis.examination.{name}", broken)
            report = check(HEALTHY.model(), X, Y, epochs=2)
        assert report.verdict == "impossible"
        assert f"AttributeError: nothing to {name}" in report.causes[0].evidence["error"]


def test_the_model_and_the_random_state_stay_as_they_were() -> None:
    model = HEALTHY.model()
    weights = [w.copy() for w in model.get_weights()]
    state = random.getstate()
    report = check(model, X * 1000, Y, epochs=60, seeds=2, budget_seconds=5.0)
    assert report.fixes
    assert random.getstate() == state
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert int(model.optimizer.iterations) == 0


def test_what_cannot_be_trained_is_a_report() -> None:
    report = check(HEALTHY.model(), np.ones((4, 7), "float32"), Y[:4], epochs=10)
    assert report.verdict == "impossible"
    assert report.causes[0].rule == "does_not_run"
    assert "7" in report.causes[0].evidence["error"]
    assert report.loss is None

    def broken(y_true: object, y_pred: object) -> object:
        raise RuntimeError("no such loss")

    model = HEALTHY.model()
    model.compile("adam", loss=broken)
    report = check(model, X, Y, epochs=10)
    assert "no such loss" in report.causes[0].evidence["error"]


def test_a_fix_that_was_not_run_is_never_said_to_work() -> None:
    program = replace(HEALTHY, rate=1e-6)
    report = check(program.model(), X, Y, epochs=50, budget_seconds=1e-3)
    assert report.fixes
    for fix in report.fixes:
        assert fix.tried == (fix.outcome is not None)
        assert fix.tried or fix.sentence() == "not tried"


def test_progress_is_told_and_trials_can_be_stopped() -> None:
    program, told = replace(HEALTHY, rate=1e-6), []

    def tried() -> int:
        return sum(fix.tried for fix in told[-1].fixes) if told else 0

    report = check(
        program.model(), X, Y, epochs=50, budget_seconds=60.0, seeds=1,
        on_progress=told.append, should_stop=lambda: tried() >= 2,
    )  # fmt: skip
    assert sum(fix.tried for fix in report.fixes) == 2
    assert told[0].verdict == report.verdict
    assert told[0].fixes == ()
    being_tried = {one.trying.code for one in told if one.trying}
    assert being_tried == {fix.code for fix in report.fixes if fix.tried}
    assert report.trying is None


def test_a_report_is_read_back_as_it_was_written() -> None:
    report = check((replace(HEALTHY, rate=1e-6)).model(), X, Y, epochs=50, seeds=1)
    again = Report.from_json(report.to_json())
    assert again.causes
    assert again.fixes
    assert again.to_json() == report.to_json()
    assert again.to_markdown() == report.to_markdown()


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([[1.0, 2.0], [1.0]], [[0.0], [1.0]], "differ in length"),
        (np.ones((3, 2)), np.array(["a", "b", "c"]), "give numbers"),
        (np.ones((3, 2)), np.ones((2, 1)), "3 and 2 samples"),
        (np.ones((0, 2)), np.ones((0, 1)), "at least one sample"),
    ],
)
def test_what_is_no_batch_is_a_report(x: object, y: object, said: str) -> None:
    report = check(HEALTHY.model(), x, y)
    assert report.verdict == "impossible"
    assert said in report.causes[0].evidence["error"]


def test_a_report_is_read_by_people_and_by_programs() -> None:
    report = check(replace(NUMBERS, rate=1e-6).model(), NUMBERS.x, NUMBERS.y, epochs=50, seeds=1)
    data = json.loads(report.to_json())
    assert data["verdict"] == report.verdict
    assert data["causes"][0]["rule"] == report.causes[0].rule
    assert data["fixes"][0]["change"][0]["setting"] == "optimizer.learning_rate"
    text = report.to_markdown()
    assert report.causes[0].title in text
    assert report.fixes[0].code in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"seeds": 0}, "seeds must be at least 1"),
        ({"budget_seconds": 0}, "budget_seconds must be above 0"),
    ],
)
def test_numbers_out_of_range_are_named(given: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(HEALTHY.model(), X, Y, **given)  # type: ignore[arg-type]


def test_what_is_no_compiled_model_is_refused() -> None:
    with pytest.raises(ModelError, match="not compiled"):
        check(keras.Sequential([keras.Input((2,)), LAYERS.Dense(1)]), X, Y)


def test_a_test_suite_fails_with_the_report_as_its_message() -> None:
    assert assert_memorises(HEALTHY.model(), X, Y, epochs=300).memorised
    with pytest.raises(AssertionError, match="The inputs are not scaled"):
        assert_memorises(HEALTHY.model(), X * 1000, Y, epochs=60, budget_seconds=3.0)


def test_class_numbers_beyond_the_outputs_are_a_report() -> None:
    report = check(NUMBERS.model(), NUMBERS.x, NUMBERS.y + 1, epochs=50, seeds=1)
    assert report.causes[0].rule == "label_loss_mismatch"
    assert report.causes[0].evidence["high"] == 3
    assert report.fixes[0].outcome == "memorised"
