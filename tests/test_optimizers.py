"""The catalogue against the installed Keras, and what it says to bad values."""

import inspect
from typing import Any

import numpy as np
import pytest

from overfit_core.errors import SpecError
from overfit_core.optimizers import OPTIMIZERS, Argument, Value, build_optimizer
from overfit_core.schedules import Exponential
from overfit_core.spec import OptimizerSpec, RunSpec

ALL = [(entry.name, argument) for entry in OPTIMIZERS.values() for argument in entry.arguments]
ALL_IDS = [f"{name}-{argument.name}" for name, argument in ALL]

REQUIRED: dict[str, dict[str, Any]] = {
    "nesterov": {"momentum": 0.9},
    "ema_overwrite_frequency": {"use_ema": True},
}
"""What has to be on before an argument may be."""


def another_value(argument: Argument) -> Value:
    """A value in range that is not the default."""
    if argument.type == "bool":
        return not argument.default
    if argument.type == "names":
        return "head,dense_1"
    assert argument.minimum is not None and argument.maximum is not None
    if argument.type == "int":
        return 3 if argument.default != 3 else 4
    middle = 0.5 * (argument.minimum + argument.maximum)
    return min(middle, 0.25) if argument.default != min(middle, 0.25) else middle / 2


def test_the_catalogue_holds_every_optimizer_of_keras() -> None:
    import keras

    bases = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}
    known = {
        name
        for name, value in vars(keras.optimizers).items()
        if inspect.isclass(value) and issubclass(value, keras.optimizers.Optimizer)
    }
    assert known - bases == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_arguments_and_defaults_are_those_of_the_keras_class(name: str) -> None:
    import keras

    signature = inspect.signature(getattr(keras.optimizers, name)).parameters.values()
    theirs = {p.name: p.default for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD}
    del theirs["name"]
    ours = {argument.name: argument.default for argument in OPTIMIZERS[name].arguments}
    assert ours | {"learning_rate": OPTIMIZERS[name].learning_rate} == theirs


@pytest.mark.parametrize(("name", "argument"), ALL, ids=ALL_IDS)
def test_every_argument_reaches_keras_and_comes_back_from_its_config(
    name: str, argument: Argument
) -> None:
    value = another_value(argument)
    needed = REQUIRED.get(argument.name, {})
    spec = OptimizerSpec(name=name, learning_rate=0.125, arguments={argument.name: value, **needed})
    optimizer = build_optimizer(spec)
    config = optimizer.get_config()
    expected = value.split(",") if argument.type == "names" else value
    assert config[argument.name] == expected
    assert config["learning_rate"] == 0.125
    again = type(optimizer).from_config(config).get_config()
    assert again == config


def one_step(spec: OptimizerSpec) -> tuple[np.ndarray, np.ndarray]:
    """Weights before and after one update of a small net."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, kernel_initializer="ones")])
    optimizer = build_optimizer(spec)
    before = model.trainable_variables[0].numpy().copy()
    gradients = [keras.ops.ones_like(v) * 0.5 for v in model.trainable_variables]
    optimizer.apply(gradients, model.trainable_variables)
    return before, model.trainable_variables[0].numpy()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_a_step_against_the_gradient(name: str) -> None:
    before, after = one_step(OptimizerSpec(name=name, learning_rate=0.1))
    assert np.isfinite(after).all()
    assert (after < before).all()


def test_one_step_of_sgd_is_the_learning_rate_times_the_gradient() -> None:
    before, after = one_step(OptimizerSpec(name="SGD", learning_rate=0.1))
    np.testing.assert_allclose(after, before - 0.1 * 0.5, rtol=1e-6)


def test_the_schedule_becomes_a_keras_schedule() -> None:
    import keras

    spec = OptimizerSpec(learning_rate=0.5, schedule=Exponential(decay_steps=7))
    schedule = build_optimizer(spec).get_config()["learning_rate"]
    assert schedule["class_name"] == keras.optimizers.schedules.ExponentialDecay.__name__
    assert schedule["config"]["initial_learning_rate"] == 0.5


def test_defaults_are_left_out_and_numbers_take_the_catalogues_type() -> None:
    spec = OptimizerSpec(name="SGD", arguments={"momentum": 1, "nesterov": False, "clipnorm": None})
    assert spec.arguments == {"momentum": 1.0}
    assert isinstance(spec.arguments["momentum"], float)


@pytest.mark.parametrize(("name", "argument"), ALL, ids=ALL_IDS)
def test_a_value_past_its_range_is_refused_with_the_value_and_the_range(
    name: str, argument: Argument
) -> None:
    bad = "maybe?" if argument.maximum is None else argument.maximum * 2 + 1
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"optimizer": {"name": name, "arguments": {argument.name: bad}}})
    problem = caught.value.problems[0]
    assert problem.path == ("optimizer", "arguments", argument.name)
    assert problem.value == bad
    assert repr(bad) in problem.message
    assert "Choose" in problem.message or "must be" in problem.message


@pytest.mark.parametrize(
    ("name", "arguments", "at", "says"),
    [
        ("Adam", {"clipnorm": 1.0, "clipvalue": 1.0}, "clipnorm", "Keep one of them"),
        ("SGD", {"nesterov": True}, "nesterov", "Set momentum to 0.9, or turn nesterov off"),
        ("Adam", {"ema_overwrite_frequency": 5}, "ema_overwrite_frequency", "Turn use_ema on"),
        ("Adam", {"momentum": 0.9}, "momentum", "no argument of Adam called 'momentum'"),
        ("Adam", {"beta_1": float("nan")}, "beta_1", "out of range"),
        ("Adam", {"beta_1": float("inf")}, "beta_1", "out of range"),
        ("Adam", {"beta_1": True}, "beta_1", "must be a number, not True"),
        ("Adam", {"beta_1": [1] * 10_000}, "beta_1", "must be a number"),
        ("Adam", {"beta_1": None}, "beta_1", "cannot be off"),
        ("AdamW", {"weight_decay": None}, "weight_decay", "cannot be off"),
        ("Adam", {"gradient_accumulation_steps": 2.5}, "gradient_accumulation_steps", "whole"),
        ("Adam", {"gradient_accumulation_steps": 10**400}, "gradient_accumulation_steps", "range"),
        ("Muon", {"exclude_layers": "(a+)+$"}, "exclude_layers", "layer names"),
    ],
)
def test_what_cannot_be_is_named_with_a_way_out(
    name: str, arguments: dict[str, Any], at: str, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"optimizer": {"name": name, "arguments": arguments}})
    problem = next(p for p in caught.value.problems if p.path[-1] == at)
    assert problem.path == ("optimizer", "arguments", at)
    assert says in problem.message
    assert len(problem.message) < 600


def test_an_unknown_optimizer_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"optimizer": {"name": "adamw"}})
    assert caught.value.problems[0].path == ("optimizer", "name")
    assert "Did you mean 'AdamW'?" in str(caught.value)


def test_every_entry_says_what_it_means() -> None:
    for entry in OPTIMIZERS.values():
        assert entry.meaning.endswith(".") and entry.source
        assert all(argument.meaning.endswith(".") for argument in entry.arguments)
