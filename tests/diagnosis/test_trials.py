"""Trials: what is trained is what the caller would train, and the model stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core import check
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.copying import LONGEST, shortened
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import Workshop
from tests.diagnosis.programs import HEALTHY, LAYERS, X, Y

BINARY = "binary_crossentropy"


def first_losses(model: keras.Model, epochs: int) -> Any:  # noqa: ANN401
    """What a check's own run of a model records."""
    target = target_of(Y, loss=BINARY, units=1, same_rank=True)
    return Workshop(model).train(setup_of(model, X, Y, epochs), 0, target).history["loss"]


def _sequential(*layers: Any, optimizer: Any = None, seed: int = 1) -> keras.Model:  # noqa: ANN401
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss=BINARY)
    return model


def _tanh(x: Any) -> Any:  # noqa: ANN401
    return 1.1 * keras.ops.tanh(x)


class Small(keras.initializers.Initializer):
    def __call__(self, shape: Any, dtype: Any = None) -> Any:  # noqa: ANN401
        return 0.5 * keras.random.normal(shape, seed=3, dtype=dtype)


class OwnAdam(keras.optimizers.Adam):
    pass


class Bare(keras.layers.Layer):
    """It cannot say how it is made."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.inner, self.function = LAYERS.Dense(32, "tanh"), function

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return self.inner(self.function(x))


class Forgetful(keras.layers.Layer):
    """It does not say all that it is made with."""

    def __init__(self, scale: float = 1.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.scale = scale

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return self.scale * x

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = LAYERS.Dense(32, "tanh"), LAYERS.Dense(1, "sigmoid")

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return self.out(self.hidden(x))


def _mixed() -> keras.Model:
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        hidden, out = LAYERS.Dense(32, "tanh"), LAYERS.Dense(1, "sigmoid", dtype="float32")
        return _sequential(hidden, out)
    finally:
        keras.mixed_precision.set_dtype_policy("float32")


def _subclassed() -> keras.Model:
    model = Subclassed()
    model.compile(keras.optimizers.Adam(0.01), loss=BINARY)
    model(X)
    return model


def _two_of_one_name() -> keras.Model:
    first, second = (lambda x: keras.ops.tanh(x)), (lambda x: keras.ops.sigmoid(x))
    return _sequential(LAYERS.Dense(32, first), LAYERS.Dense(1, second))


def _normalized() -> keras.Model:
    layer = LAYERS.Normalization()
    layer.adapt(X * 100)
    return _sequential(layer, LAYERS.Dense(32, "tanh"), LAYERS.Dense(1, "sigmoid"))


def _out() -> Any:  # noqa: ANN401
    return LAYERS.Dense(1, "sigmoid")


HARD: dict[str, Callable[[], keras.Model]] = {
    "mixed precision": _mixed,
    "a function": lambda: _sequential(LAYERS.Dense(32, _tanh), _out()),
    "two functions of one name": _two_of_one_name,
    "an initialiser": lambda: _sequential(
        LAYERS.Dense(32, "tanh", kernel_initializer=Small()), _out()
    ),
    "an optimizer": lambda: _sequential(
        LAYERS.Dense(32, "tanh"), _out(), optimizer=OwnAdam(0.01)
    ),
    "a lambda": lambda: _sequential(
        LAYERS.Lambda(lambda x: 2 * x), LAYERS.Dense(32, "tanh"), _out()
    ),
    "no configuration": lambda: _sequential(Bare(lambda x: 2 * x), _out()),
    "half a configuration": lambda: _sequential(
        Forgetful(2.0), LAYERS.Dense(32, "tanh"), _out()
    ),
    "a class": _subclassed,
    "an adapted layer": _normalized,
}  # fmt: skip


def _state(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(v).copy() for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", HARD)
def test_what_fit_trains_is_trained_and_the_model_stays_as_it_was(kind: str) -> None:
    keras.utils.set_random_seed(1)
    model = HARD[kind]()
    before, attributes, built = _state(model), dict(vars(model)), model.optimizer.built
    history = first_losses(model, 6)
    assert model.optimizer.built == built
    assert vars(model).keys() == attributes.keys()
    assert [n for n, value in vars(model).items() if value is not attributes[n]] == []
    for was, now in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(was, now)
    losses = model.fit(X, Y, epochs=6, batch_size=len(X), verbose=0).history["loss"]
    tolerance = 2e-3 if kind == "mixed precision" else 1e-5
    np.testing.assert_allclose(history, losses, rtol=tolerance)


@pytest.mark.exhaustive
def test_the_state_of_an_optimizer_and_of_random_layers_is_put_back() -> None:
    keras.utils.set_random_seed(1)
    model = _sequential(Bare(lambda x: x), LAYERS.Dropout(0.2, seed=4), _out())
    model.fit(X, Y, epochs=2, verbose=0)
    before = _state(model)
    assert len(first_losses(model, 5)) == 5
    for was, now in zip(before, _state(model), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.exhaustive
def test_a_changed_run_that_cannot_be_copied_is_not_tried_and_says_why() -> None:
    model = _sequential(Bare(lambda x: x), LAYERS.Dropout(0.99), _out())
    report = check(model, X, Y, epochs=30, seeds=3, budget_seconds=20.0)
    (fix,) = [fix for fix in report.fixes if fix.changes[0].setting == "layers.rate"]
    assert not fix.tried
    assert fix.sentence().startswith("not tried: The model cannot say how it is made")
    assert Fix.from_dict(fix.to_dict()) == fix


@pytest.mark.exhaustive
def test_a_model_that_cannot_be_copied_is_mended_with_its_own_weights() -> None:
    slow = keras.optimizers.Adam(1e-4)
    report = check(_sequential(Bare(lambda x: x), _out(), optimizer=slow), X, Y, epochs=60)
    best = report.fixes[0]
    assert (best.rule, best.outcome) == ("learning_rate_too_low", "memorised")
    assert best.sentence().endswith("on 1 of 1 seeds tried (3 asked)")


@pytest.mark.exhaustive
def test_two_runs_of_a_model_that_is_lent_are_two_programs() -> None:
    """Programs of foreign code are known by the identity of parts that may be gone."""
    model = _sequential(Bare(lambda x: x), _out())
    setup, workshop = setup_of(model, X, Y, 2), Workshop(model)
    target = target_of(Y, loss=BINARY, units=1, same_rank=True)
    first = [
        workshop.train(replace(setup, loss=loss), 0, target).history["loss"][0]
        for loss in (BINARY, "mean_squared_error") * 4
    ]
    assert len({round(float(loss), 4) for loss in first}) == 2
    assert first[:2] * 4 == first


@pytest.mark.exhaustive
def test_the_rate_of_mixed_precision_is_that_of_the_optimizer_inside() -> None:
    model = _mixed()
    model.optimizer.learning_rate = 1e-4
    assert read_model(model, X).learning_rate == 1e-4
    assert read_model(model, X).optimizer == "Adam"
    report = check(model, X, Y, epochs=60, seeds=1, budget_seconds=30.0)
    assert report.fixes[0].outcome == "memorised"
    assert report.fixes[0].code.startswith("keras.optimizers.Adam(learning_rate=")


def test_errors_are_short_and_without_configurations() -> None:
    dumped = "It failed. config={'a': {'b': 1}, 'c': '{'}. Exception encountered: no such thing"
    assert shortened(dumped.replace("'{'", "''")) == (
        "It failed. Exception encountered: no such thing"
    )
    long = shortened("One sentence. " + "word " * 200)
    assert long == "One sentence."
    assert len(shortened("word " * 200)) <= LONGEST + 2

    class Broken(keras.layers.Layer):
        def call(self, x: Any) -> Any:  # noqa: ANN401
            raise ValueError("no such thing " * 100)

    model = keras.Sequential([Broken(), _out()])
    model.compile("adam", BINARY)
    report = check(model, X, Y, epochs=3)
    assert all(len(str(cause.evidence.get("error", ""))) <= LONGEST + 2 for cause in report.causes)


@pytest.mark.exhaustive
@pytest.mark.parametrize("weights", [0.25, [0.25], 3.0])
def test_the_first_losses_are_those_of_fit_with_loss_weights(weights: Any) -> None:  # noqa: ANN401
    model = HEALTHY.model()
    model.compile(keras.optimizers.Adam(0.01), BINARY, loss_weights=weights)
    checked = first_losses(model, 5)
    losses = model.fit(X, Y, epochs=5, batch_size=len(X), verbose=0).history["loss"]
    np.testing.assert_allclose(checked, losses, rtol=1e-5)


@pytest.mark.exhaustive
def test_weights_that_are_kept_from_decay_are_kept_from_it() -> None:
    model = HEALTHY.model()
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=5.0)
    optimizer.exclude_from_weight_decay([model.layers[0].kernel])
    model.compile(optimizer, BINARY)
    checked = first_losses(model, 5)
    losses = model.fit(X, Y, epochs=5, batch_size=len(X), verbose=0).history["loss"]
    np.testing.assert_allclose(checked, losses, rtol=1e-5)
