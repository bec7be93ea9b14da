"""Models that no spec describes, and arguments that are wrong."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from overfit_core import ModelError, RunSpec, run
from overfit_core.models.build import build_model
from overfit_core.training import overfit
from overfit_core.training.criterion import Criterion
from overfit_core.training.probes import PROBES
from overfit_core.training.structure import differs_in_training
from tests.training.oracle import ARTICLE_X, ARTICLE_Y, assert_equals_fit, dense_model

LAYERS = keras.layers


def two_outputs() -> keras.Model:
    inputs = keras.Input((2,))
    hidden = LAYERS.Dense(5, activation="tanh")(inputs)
    outputs = [LAYERS.Dense(1, name="left")(hidden), LAYERS.Dense(1, name="right")(hidden)]
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss=["mse", "mae"])
    return model


@pytest.mark.usefixtures("float64")
def test_the_losses_of_several_outputs_equal_fit() -> None:
    assert_equals_fit(two_outputs, ARTICLE_X, [ARTICLE_Y, 1 - ARTICLE_Y])


@pytest.mark.exhaustive
def test_mixed_precision_memorises_and_its_gradients_are_those_of_the_loss() -> None:
    keras.utils.set_random_seed(0)
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01))
    model = dense_model(scaled, dtype="mixed_float16")()
    history = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1_500, probes=["gradient_norm"])
    assert history["loss"][-1] < 0.1 < history["loss"][0]
    norms = [history[name] for name in history.columns if name.startswith("gradient_norm")]
    # Of the scaled loss they would be 32,768 times as large.
    assert 1e-6 < max(column[0] for column in norms) < 100


def two_inputs() -> keras.Model:
    z, a = keras.Input((2,), name="z"), keras.Input((2,), name="a")
    hidden = LAYERS.Subtract()([LAYERS.Dense(3)(z), LAYERS.Dense(3)(a)])
    model = keras.Model([z, a], LAYERS.Dense(1)(hidden))
    model.compile("sgd", loss="mse")
    return model


@pytest.mark.exhaustive
@pytest.mark.usefixtures("float64")
def test_inputs_by_place_and_by_name_are_not_taken_for_each_other() -> None:
    z, a = ARTICLE_X, ARTICLE_X[::-1] * 0.1
    assert_equals_fit(two_inputs, [z, a], ARTICLE_Y)
    assert_equals_fit(two_inputs, {"z": z, "a": a}, ARTICLE_Y)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("float64")
def test_weights_left_out_of_the_decay_equal_fit_beside_a_model_that_decays_all() -> None:
    make = dense_model(keras.optimizers.AdamW(0.01, weight_decay=0.1))

    def without_biases() -> keras.Model:
        model = make()
        model.optimizer.exclude_from_weight_decay(var_names=["bias"])
        return model

    assert_equals_fit(make, ARTICLE_X, ARTICLE_Y)
    assert_equals_fit(without_biases, ARTICLE_X, ARTICLE_Y)


@pytest.mark.exhaustive
def test_the_gradient_is_that_of_the_loss_also_where_the_loss_is_scaled() -> None:
    norms = []
    for factor in (None, 1024.0):
        keras.utils.set_random_seed(1)
        make = dense_model(keras.optimizers.SGD(0.01, loss_scale_factor=factor))
        history = overfit(make(), ARTICLE_X, ARTICLE_Y, epochs=3, probes=["gradient_norm"])
        norms.append([history[name] for name in history if name.startswith("gradient_norm/")])
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-4)


class Scaled(keras.Model):
    """A model with a weight of its own."""

    def __init__(self) -> None:
        super().__init__(name="scaled")
        self.dense = LAYERS.Dense(1)
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x: object) -> object:
        return self.dense(x) * self.scale


def test_a_weight_of_the_models_own_is_trained_and_measured_under_its_name() -> None:
    model = Scaled()
    model.compile("sgd", loss="mse")
    model(ARTICLE_X)
    history = overfit(model, ARTICLE_X / 8, ARTICLE_Y, epochs=3, probes=["weight_norm"])
    assert history["weight_norm/scaled"][0] == pytest.approx(1.0)
    assert float(model.scale) != 1.0


def test_what_is_no_number_is_not_right() -> None:
    nothing = np.full((2, 1), np.nan)
    assert not Criterion("binary").right(np.zeros((2, 1)), nothing).numpy().any()
    many = np.full((2, 3), np.nan)
    assert not Criterion("multiclass").right(np.zeros(2), many).numpy().any()


def test_logits_are_compared_with_zero() -> None:
    model = keras.Sequential([keras.Input((1,)), LAYERS.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    x, y = np.array([[0.2], [-0.2]]), np.array([[1], [0]])
    history = overfit(model, x, y, epochs=9, task="binary", stop_when_memorised=True)
    assert len(history) == 5


def test_a_wide_head_on_one_target_is_trained() -> None:
    spec = RunSpec.load(
        {"batch": {"source": "sine"}, "model": {"head": {"units": 4}}, "training": {"epochs": 5}}
    )
    assert run(spec).summary.epochs == 5


@pytest.mark.exhaustive
def test_a_run_with_a_moving_average_ends_with_the_average_as_fit_does() -> None:
    arguments = {"use_ema": True, "ema_momentum": 0.9}
    optimizer = {"name": "SGD", "learning_rate": 0.1, "arguments": arguments}
    spec = RunSpec.load({"training": {"epochs": 20}, "optimizer": optimizer})
    model = build_model(spec)
    x, y = ARTICLE_X.astype("float32"), ARTICLE_Y.reshape(-1, 1)
    history = model.fit(x, y, epochs=20, batch_size=4, verbose=0).history
    loss, _ = model.evaluate(x, y, verbose=0)

    result = run(spec)
    np.testing.assert_allclose(result.history["loss"], history["loss"], rtol=1e-4)
    assert result.summary.loss == pytest.approx(loss, rel=1e-4)
    assert result.summary.loss != pytest.approx(history["loss"][-1], rel=1e-3)


class OnlyInInference(LAYERS.Layer):
    """Raises when it is trained, so after everything was built."""

    def call(self, x: object, training: bool = False) -> object:
        if training:
            raise NotImplementedError("this layer cannot be trained")
        return x


def test_a_model_that_cannot_be_compiled_says_so_each_time() -> None:
    model = keras.Sequential([keras.Input((2,)), LAYERS.Dense(1), OnlyInInference()])
    model.compile("sgd", loss="mse")
    for _ in range(2):
        with pytest.raises(ModelError, match="this layer cannot be trained"):
            overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)


@pytest.mark.parametrize("asked", [{"snapshots": True}, {"task": "regression"}])
def test_samples_of_a_model_with_several_outputs_are_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="one output"):
        overfit(two_outputs(), ARTICLE_X, [ARTICLE_Y, ARTICLE_Y], epochs=1, **asked)


def test_a_model_without_trainable_weights_can_be_measured() -> None:
    model = keras.Sequential([keras.Input((2,)), LAYERS.Dense(3, activation="relu")])
    model.trainable = False
    model.compile("sgd", loss="mse")
    history = overfit(model, ARTICLE_X, np.zeros((4, 3)), epochs=2, probes=list(PROBES))
    kinds = {name.partition("/")[0] for name in history if "/" in name}
    assert kinds == {"dead_share"}
    assert len(history) == 2


@pytest.mark.parametrize(
    "layer",
    [LAYERS.RandomFlip(), LAYERS.SpectralNormalization(LAYERS.Dense(2)), LAYERS.Dropout(0.1)],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_that_differ_in_training_are_known(layer: keras.Layer) -> None:
    assert differs_in_training(keras.Sequential([keras.Input((4, 4, 1)), layer]))
    assert not differs_in_training(keras.Sequential([keras.Input((4,)), LAYERS.Dense(1)]))


def test_a_layer_frozen_after_the_optimizer_was_built_is_named_as_the_reason() -> None:
    model = dense_model()()
    overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)
    model.layers[1].trainable = False
    with pytest.raises(ModelError, match="Compile the model again"):
        overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": "classification"}, "no task 'classification'"),
        ({"backend": "XLA"}, "no backend 'XLA'"),
        ({"validation_data": (ARTICLE_X,)}, "has 1 parts"),
        ({"sample_weight": np.ones(1)}, "4 and 1 samples"),
    ],
)
def test_wrong_arguments_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises((ModelError, ValueError), match=said):
        overfit(dense_model()(), ARTICLE_X, ARTICLE_Y, epochs=1, **given)


def test_rows_of_different_length_are_no_array() -> None:
    for rows in ([[1, 2], [3]], [[[1, 2], [3]], [[1, 2], [3]]]):
        with pytest.raises(ModelError, match="x is no array"):
            overfit(dense_model()(), rows, ARTICLE_Y[:2], epochs=1)


def normalised(by: float) -> Callable[[], keras.Model]:
    def make() -> keras.Model:
        keras.utils.set_random_seed(0)
        scale = LAYERS.Normalization()
        scale.adapt(ARTICLE_X * by + 1)
        model = keras.Sequential([keras.Input((2,)), scale, LAYERS.Dense(1, "sigmoid")])
        model.compile("sgd", loss="mse")
        return model

    return make


@pytest.mark.usefixtures("float64")
def test_what_a_layer_was_adapted_to_is_part_of_the_program() -> None:
    # One after the other: the second must not get what was compiled for the first.
    for by in (1.0, 3.0):
        assert_equals_fit(normalised(by), ARTICLE_X, ARTICLE_Y, epochs=3)


def test_a_model_that_is_adapted_again_is_compiled_again() -> None:
    model = normalised(1.0)()
    before = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)
    again = normalised(3.0)()
    model.layers[0].adapt(ARTICLE_X * 3.0 + 1)
    model.set_weights(again.get_weights())
    after = overfit(model, ARTICLE_X, ARTICLE_Y, epochs=1)
    assert after["loss"][0] == overfit(again, ARTICLE_X, ARTICLE_Y, epochs=1)["loss"][0]
    assert after["loss"][0] != before["loss"][0]


@pytest.mark.parametrize("value", [1.0, 2.0])
def test_a_function_that_keras_wraps_is_told_from_another_of_the_same_name(value: float) -> None:
    def measure(y_true: object, y_pred: object) -> object:
        return keras.ops.zeros_like(y_true) + value

    model = dense_model()()
    model.compile("sgd", loss="mse", metrics=[keras.metrics.MeanMetricWrapper(measure, "own")])
    assert overfit(model, ARTICLE_X, ARTICLE_Y, epochs=2)["own"].tolist() == [value, value]
