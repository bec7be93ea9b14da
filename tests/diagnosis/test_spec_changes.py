"""A change of a spec does what the same change does to its Keras model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from overfit_core.batches import make_batch
from overfit_core.diagnosis.changes import APPLY, Setup, layers_of, setup_of
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.model_facts import loss_name
from overfit_core.diagnosis.spec_changes import APPLY_TO_SPEC, applicable, with_changes
from overfit_core.diagnosis.trials import Workshop
from overfit_core.limits import LIMITS
from overfit_core.models.build import build_model
from overfit_core.models.layers import Attention
from overfit_core.models.summary import summarise
from overfit_core.models.targets import target_for
from overfit_core.spec import RunSpec

SPECS = {
    "flat": {
        "batch": {"source": "wine", "samples": 12},
        "model": {
            "layers": [
                {"kind": "dense", "units": 8, "activation": "tanh", "initial_bias": -3.0},
                {"kind": "batch_normalization", "trainable": False},
                {"kind": "dropout", "rate": 0.4},
                {"kind": "dense", "units": 6, "activation": "relu", "l1": 0.1, "l2": 0.2,
                 "kernel_initializer": "random_normal", "kernel_stddev": 9.0,
                 "trainable": False},
                {"kind": "activation", "activation": "relu"},
                {"kind": "dense", "units": 5, "activation": "linear", "use_bias": False},
            ],
            "head": {"kernel_initializer": "zeros"},
        },
        "optimizer": {
            "name": "SGD", "arguments": {"momentum": 0.5}, "learning_rate": 0.3,
            "schedule": {"kind": "exponential"},
        },
    },
    "steps": {
        "batch": {"source": "sensor", "samples": 6, "scaling": "min-max"},
        "model": {
            "layers": [
                {"kind": "conv1d", "filters": 6, "activation": "relu", "l2": 0.1,
                 "initial_bias": 2.0},
                {"kind": "attention", "heads": 2, "dropout": 0.3, "l1": 0.2,
                 "trainable": False},
                {"kind": "lstm", "units": 5, "kernel_initializer": "ones"},
                {"kind": "gru", "units": 4, "recurrent_initializer": "zeros",
                 "trainable": False},
                {"kind": "simple_rnn", "units": 4},
            ],
        },
    },
    "images": {
        "batch": {"source": "digits", "samples": 12},
        "model": {
            "layers": [
                {"kind": "conv2d", "filters": 4, "activation": "relu"},
                {"kind": "batch_normalization"},
                {"kind": "max_pooling2d"},
                {"kind": "flatten"},
                {"kind": "dense", "units": 4, "activation": "tanh"},
            ],
            "head": {"activation": "sigmoid", "trainable": False},
            "loss": "mean_squared_error",
        },
    },
}  # fmt: skip

CHANGES = {
    "inputs": ["standardise"],
    "epochs": [7],
    "loss": ["mean_absolute_error"],
    "optimizer": ["RMSprop", "adam"],
    "optimizer.learning_rate": [0.0125],
    "output.activation": ["linear"],
    "output.units": [11],
    "output.classes": [11],
    "output.several_labels": [None],
    "layers.activation": [{"from": "relu", "to": "leaky_relu"}, {"from": "tanh", "to": "relu"}],
    "layers.kernel_initializer": ["GlorotUniform", "HeUniform", "HeNormal"],
    "layers.rate": [0.0],
    "layers.trainable": [True],
    "layers.regularizer": [None],
    "layers.times": [4],
    "batch_normalization.momentum": [0.5],
}
"""By setting: values that differ from every spec's."""
EVERYWHERE = [
    (spec, setting, value)
    for spec in SPECS
    for setting in CHANGES
    for value in CHANGES[setting]
    # No loss of a yes-no question takes eleven outputs.
    if (spec, setting) != ("steps", "output.units")
]
UNSAYABLE = sorted(set(APPLY) - set(APPLY_TO_SPEC))


def changed(setting: str, value: Any) -> Change:  # noqa: ANN401
    return Change("a_rule", setting, value, f"Change {setting}.", f"{setting} = {value}")


def setup_for(spec: RunSpec) -> Setup:
    batch = make_batch(spec.batch, spec.training.dtype)
    return setup_of(build_model(spec), batch.x, target_for(spec, batch), spec.training.epochs)


def settings_of(setup: Setup) -> list[Any]:
    """Each layer's class and settings, without its seeds."""
    assert setup.config is not None
    return [(one["class_name"], _plain(one["config"])) for one in layers_of(setup.config)]


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A configuration in which one thing is said in one way."""
    if isinstance(value, dict) and "class_name" in value:
        name, config = value["class_name"], _plain(value.get("config") or {})
        config = {key: setting for key, setting in config.items() if setting is not None}
        if name == "Orthogonal":
            config = {"gain": 1.0, **config}
        constant = name == "Constant" and config.get("value") == 0.0
        return ("Zeros", {}) if constant else (name, config)
    if isinstance(value, dict):
        left_out = ("seed", "build_config", "module", "registered_name", "batch_shape")
        return {k: _plain(v) for k, v in value.items() if k not in left_out}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


@pytest.mark.few(16)
@pytest.mark.parametrize(
    ("name", "setting", "value"), EVERYWHERE, ids=lambda part: str(part).replace(" ", "")
)
def test_a_changed_spec_makes_the_changed_program(name: str, setting: str, value: object) -> None:
    spec = RunSpec.load(SPECS[name])
    change = changed(setting, value)
    keras_side = setup_for(spec).changed(change)
    spec_side = setup_for(with_changes(spec, [change]))
    assert settings_of(spec_side) == settings_of(keras_side)
    assert loss_name(spec_side.loss) == loss_name(keras_side.loss)
    ours, theirs = (dict(side.optimizer["config"]) for side in (spec_side, keras_side))
    # Keras counts the optimizers that it makes, and names them so.
    for config in (ours, theirs):
        del config["name"]
    rates = [config.pop("learning_rate") for config in (ours, theirs)]
    assert (spec_side.optimizer["class_name"], ours) == (keras_side.optimizer["class_name"], theirs)
    ours, theirs = (np.float32(r) if isinstance(r, float) else _plain(r) for r in rates)
    assert ours == theirs
    assert spec_side.epochs == keras_side.epochs
    np.testing.assert_allclose(spec_side.x, keras_side.x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SPECS)
def test_a_wider_spec_has_as_many_weights_as_the_wider_program(name: str) -> None:
    data = json.loads(json.dumps(SPECS[name]))
    layers = data["model"]["layers"]
    # Keras fixes the shape that enters an attention block, so its program cannot be widened.
    data["model"]["layers"] = [layer for layer in layers if layer["kind"] != "attention"]
    spec, change = RunSpec.load(data), changed("layers.times", 3)
    model = Workshop(build_model(spec)).build(setup_for(spec).changed(change), 0)
    assert model.count_params() == build_model(with_changes(spec, [change])).count_params()


@pytest.mark.parametrize("more", [{}, {"key_dim": 5, "feed_forward_units": 7}])
def test_a_wider_attention_block_keeps_its_heads_and_still_fits(more: dict[str, int]) -> None:
    data = {
        "batch": {"source": "sensor", "features": 4},
        "model": {"layers": [{"kind": "attention", **more}, {"kind": "flatten"}]},
    }
    made = with_changes(RunSpec.load(data), [changed("layers.times", 3)])
    attention = made.model.layers[0]
    assert isinstance(attention, Attention)
    assert attention.sizes(4) == (more.get("key_dim", 2), 3 * more.get("feed_forward_units", 16))
    assert build_model(made).output_shape == (None, 1)


@pytest.mark.parametrize("setting", CHANGES)
def test_every_change_changes_some_spec(setting: str) -> None:
    specs = [RunSpec.load(data) for data in SPECS.values()]
    for value in CHANGES[setting]:
        assert any(with_changes(spec, [changed(setting, value)]) != spec for spec in specs)


def test_every_change_is_either_made_or_refused() -> None:
    # Labels are made equal in another way; there are tests of their own for it.
    assert {*CHANGES, "labels.like_first"} == set(APPLY_TO_SPEC) <= set(APPLY)
    assert UNSAYABLE == ["labels", "samples", "targets"]


def test_changes_add_up_and_the_spec_stays_as_it_was() -> None:
    spec = RunSpec.load(SPECS["flat"])
    before = spec.to_json()
    made = with_changes(
        spec, [changed("inputs", "standardise"), changed("optimizer.learning_rate", 0.02)]
    )
    assert (made.batch.scaling, made.optimizer.learning_rate) == ("standard", 0.02)
    assert made.optimizer.schedule.kind == "constant"
    assert made.optimizer.arguments == {"momentum": 0.5}
    assert made.model == spec.model
    assert spec.to_json() == before
    assert with_changes(spec, []) == spec


def test_two_changes_that_fit_only_together_are_made_together() -> None:
    spec = RunSpec.load({**SPECS["flat"], "model": {"head": {"units": 1}, "loss": "huber"}})
    loss = changed("loss", "sparse_categorical_crossentropy")
    assert not applicable(spec, [loss])
    assert applicable(spec, [loss, changed("output.units", 3)])


@pytest.mark.parametrize("setting", UNSAYABLE)
def test_what_a_spec_cannot_say_is_refused_by_name(setting: str) -> None:
    spec, change = RunSpec(), changed(setting, None)
    with pytest.raises(ValueError, match=rf"'{setting}' .*no such setting"):
        with_changes(spec, [change])
    assert not applicable(spec, [change])
    assert not applicable(spec, [changed("inputs", "standardise"), change])


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("epochs", LIMITS.epochs + 1, "epochs"),
        ("layers.times", 1000, "units"),
        ("loss", "no_such_loss", "no loss called"),
        ("optimizer", "no_such_optimizer", "no optimizer called"),
        ("optimizer.learning_rate", -1.0, "learning_rate"),
        ("output.activation", "no_such_activation", "activation"),
        ("layers.kernel_initializer", "VarianceScaling", "no initialiser called"),
        ("layers.regularizer", "l2", "left out"),
    ],
)
def test_what_is_no_valid_spec_is_refused_with_its_reason(
    setting: str, value: object, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        with_changes(RunSpec(), [changed(setting, value)])
    assert refused.type is ValueError


def test_freezing_a_spec_freezes_every_layer_with_weights() -> None:
    spec = with_changes(RunSpec.load(SPECS["flat"]), [changed("layers.trainable", False)])
    assert summarise(spec).trainable_parameters == 0
    assert not build_model(spec).trainable_weights


def test_dropout_in_a_recurrent_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="lstm of a spec has no dropout"):
        with_changes(RunSpec.load(SPECS["steps"]), [changed("layers.rate", 0.2)])
