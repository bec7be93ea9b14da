"""Models and batches of many kinds are checked."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from overfit_core import check
from overfit_core.diagnosis.model_facts import read_model
from tests.diagnosis.programs import LAYERS, X, Y


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


@pytest.mark.few(2)
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


@pytest.mark.few(1)
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


@pytest.mark.exhaustive
def test_an_output_that_is_named_takes_labels_by_name() -> None:
    into = keras.Input((2,))
    out = LAYERS.Dense(1, "sigmoid", name="out")(LAYERS.Dense(32, "tanh")(into))
    for loss in ("binary_crossentropy", {"out": "binary_crossentropy"}):
        model = keras.Model(into, out)
        model.compile(keras.optimizers.Adam(0.05), loss=loss)
        report = check(model, X, {"out": Y}, epochs=200, seeds=1)
        assert report.memorised
    for nested in ({"out": out}, [out]):
        model = keras.Model(into, nested)
        model.compile(keras.optimizers.Adam(0.05), loss="binary_crossentropy")
        for labels in ({"out": Y}, [Y], Y):
            report = check(model, X, labels, epochs=200, seeds=1)
            assert report.memorised, report.to_markdown()


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
