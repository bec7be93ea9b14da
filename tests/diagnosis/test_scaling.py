"""Inputs and targets that are standardised: by a trial, and by the line of code it is shown as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core.diagnosis import proposals
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.scaling import standardised, token_inputs
from tests.diagnosis.programs import HEALTHY, LAYERS, X, Y
from tests.diagnosis.test_changes import compiled, facts_of, run

DRAW = np.random.default_rng(0)


def _columns() -> np.ndarray:
    x = DRAW.normal(50, 20, (6, 4)).astype("float32")
    x[:, 2] = 0.1
    return x


SHAPES: dict[str, tuple[Any, ...]] = {
    "a table with a constant column": (_columns(),),
    "images": (DRAW.integers(0, 255, (6, 5, 5, 3)).astype("uint8"),),
    "one number": (DRAW.normal(9, 2, 6),),
    "two inputs": (_columns(), DRAW.normal(3, 2, (6, 5, 2))),
}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", SHAPES)
def test_the_code_for_inputs_standardises_as_the_trial_does(kind: str, named: bool) -> None:
    parts = SHAPES[kind]
    x: Any = parts[0] if len(parts) == 1 else list(parts)
    if named and len(parts) > 1:
        x = dict(zip("ab", parts, strict=True))
    facts = facts_of(HEALTHY.model(), X, Y)
    names = {"x": x} if len(parts) == 1 else x if named else {"x[0]": x[0], "x[1]": x[1]}
    facts = replace(facts, batch=replace(facts.batch, x=names))
    change = proposals.inputs_change("a_rule", facts)
    assert "\n" not in change.code
    assert ("each input" in change.text) == (len(parts) > 1)
    written = keras.tree.flatten(run(change.code, x=x)["x"])
    tried = keras.tree.flatten(setup_of(HEALTHY.model(), x, Y, 1).changed(change).x)
    for ours, theirs in zip(written, tried, strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_column_that_is_constant_becomes_nothing() -> None:
    x = np.full((7, 2), [0.1, 12345.678])
    np.testing.assert_allclose(standardised(x), 0, atol=1e-8)


def test_the_code_for_targets_standardises_as_the_trial_does() -> None:
    y = np.column_stack([np.arange(5.0), np.full(5, 3.3)])
    facts = facts_of(HEALTHY.model(), X, Y)
    change = proposals.targets_change("a_rule", replace(facts, batch=replace(facts.batch, y=y)))
    np.testing.assert_allclose(run(change.code, y=y)["y"], standardised(y), atol=1e-8)


def _text_and_numbers() -> keras.Model:
    ids, numbers = keras.Input((5,), name="ids"), keras.Input((3,), name="numbers")
    words = LAYERS.Flatten()(LAYERS.Embedding(2000, 4)(ids))
    model = keras.Model([numbers, ids], LAYERS.Dense(1)(LAYERS.Concatenate()([words, numbers])))
    model.compile("adam", "mean_squared_error")
    return model


def test_token_ids_are_never_standardised() -> None:
    model = _text_and_numbers()
    x = [DRAW.normal(99, 3, (6, 3)).astype("float32"), DRAW.integers(0, 2000, (6, 5))]
    y = np.ones((6, 1), "float32")
    change = proposals.inputs_change("a_rule", facts_of(model, x, y))
    assert "token ids stay as they are" in change.text
    numbers, ids = setup_of(model, x, y, 1).changed(change).x
    assert ids is x[1]
    np.testing.assert_allclose(numbers.mean(0), 0, atol=1e-4)
    written = run(change.code, x=x)["x"]
    assert written[1] is x[1]
    np.testing.assert_allclose(written[0], numbers, atol=1e-4)
    by_name = {"ids": x[1], "numbers": x[0]}
    assert setup_of(model, by_name, y, 1).changed(change).x["ids"] is x[1]

    alone = compiled(LAYERS.Embedding(2000, 4), LAYERS.Flatten(), LAYERS.Dense(1), shape=(5,))
    assert "x" in token_inputs(alone)
    with pytest.raises(ValueError, match="token ids"):
        setup_of(alone, x[1], y, 1).changed(change)
