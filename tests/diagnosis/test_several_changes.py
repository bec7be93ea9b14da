"""Changes of models with several outputs: each of the output that it belongs to."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.combining import joined, on_top
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.seeing import seen_of
from overfit_core.diagnosis.trials import Workshop
from tests.diagnosis.test_several_causes import LARGE, ONE_HOT, seen
from tests.diagnosis.two_heads import KIND, SIZE, X, model


def _changed(setting: str, value: Any, output: str = "") -> Change:  # noqa: ANN401
    return Change("a_rule", setting, value, "", "", output)


def test_a_change_of_one_output_leaves_the_others_alone() -> None:
    made = model(nested="dict", by_name=True, weights={"kind": 0.5, "size": 2.0})
    y = {"kind": KIND, "size": LARGE}
    setup, _ = seen_of(made, setup_of(made, X, y, 1))
    scaled = setup.changed(_changed("targets", "standardise", "size"))
    np.testing.assert_array_equal(scaled.y["kind"], KIND)
    assert scaled.y["size"].std() == pytest.approx(1, rel=1e-3)
    assert scaled.loss is setup.loss
    other = setup.changed(_changed("loss", "mean_absolute_error", "size"))
    assert other.loss == {"kind": setup.loss["kind"], "size": "mean_absolute_error"}
    assert other.loss_weights == {"kind": 0.5, "size": 2.0}
    assert other.y is setup.y
    softmax = setup.changed(_changed("output.activation", "sigmoid", "size"))
    copied = Workshop(made).build(softmax, 0)
    assert copied.get_layer("size").activation.__name__ == "sigmoid"
    assert copied.get_layer("kind").activation.__name__ == "softmax"


def test_weights_of_losses_stay_with_their_outputs() -> None:
    # By name Keras lays a dict out as a, b; the outputs come as b, a.
    into = keras.Input((2,))
    made = keras.Model(into, [keras.layers.Dense(1, name=name)(into) for name in "ba"])
    made.compile("sgd", {"a": "mse", "b": "mse"}, {"a": 5.0, "b": 3.0})
    y = {"a": np.ones((24, 1)), "b": np.ones((24, 1))}
    setup, facts = seen_of(made, setup_of(made, X, y, 1))
    changed = setup.changed(_changed("loss", "mean_absolute_error", "a"))
    assert (changed.loss, changed.loss_weights) == (["mse", "mean_absolute_error"], [3.0, 5.0])
    assert list(facts.outputs) == ["b", "a"]


def test_hidden_layers_are_those_of_no_output() -> None:
    made = model(hidden=None)
    setup, _ = seen_of(made, setup_of(made, X, [KIND, SIZE], 1))
    wider = Workshop(made).build(setup.changed(_changed("layers.times", 2)), 0)
    assert wider.output_shape == made.output_shape
    assert wider.get_layer("hidden_0").units == 64
    bent = {"from": "linear", "to": "relu"}
    copied = Workshop(made).build(setup.changed(_changed("layers.activation", bent)), 0)
    given = {layer.name: getattr(layer, "activation", None) for layer in copied.layers}
    names = {name: one.__name__ for name, one in given.items() if one is not None}
    assert names == {"hidden_0": "relu", "hidden_1": "relu", "kind": "softmax", "size": "linear"}


def test_an_activation_behind_one_output_is_not_taken_from_another() -> None:
    into = keras.Input((2,))
    ends = [
        keras.layers.Activation(given, name=f"{name}_end")(keras.layers.Dense(2, name=name)(into))
        for name, given in (("a", "tanh"), ("b", "softmax"))
    ]
    made = keras.Model(into, ends)
    made.compile("adam", ["mse", "categorical_crossentropy"])
    setup, facts = seen_of(made, setup_of(made, X, [SIZE, ONE_HOT[:, :2]], 1))
    assert [one.model.output_activation for one in facts.outputs.values()] == ["tanh", "softmax"]
    changed = setup.changed(_changed("output.activation", "linear", "a_end"))
    copied = Workshop(made).build(changed, 0)
    assert copied.get_layer("a_end").activation.__name__ == "linear"
    assert copied.get_layer("b_end").activation.__name__ == "softmax"


def test_two_outputs_can_have_a_change_of_the_same_kind() -> None:
    both = _changed("targets", "standardise", "a"), _changed("targets", "standardise", "b")
    facts = seen(model(), [KIND, SIZE])
    assert joined(both[:1], both) == both
    assert on_top(both[:1], both[1], facts) == both
    assert on_top(both, both[1], facts) is None
    # What belongs to no output is one thing, whichever output a rule looked at.
    wider = _changed("layers.times", 4, "a"), _changed("layers.times", 4, "b")
    assert joined(wider) == wider[:1]
