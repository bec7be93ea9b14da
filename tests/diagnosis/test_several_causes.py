"""Causes of models with several outputs: each of the output that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core import Report, check
from overfit_core.diagnosis.asking import rules_for
from overfit_core.diagnosis.blame import holding
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.rules import RULES, train_inference_mismatch
from overfit_core.diagnosis.seeing import seen_of
from overfit_core.diagnosis.several import with_run
from overfit_core.diagnosis.trained import Answers, Trained
from overfit_core.diagnosis.trials import ALL_PROBES, Workshop
from overfit_core.training.history import History
from tests.diagnosis.test_changes import run
from tests.diagnosis.two_heads import CLASS_LOSS, KIND, SIZE, X, model

ONE_HOT = np.eye(3, dtype="float32")[KIND]
LARGE = 1e3 * SIZE + 5e3


def looked_into(made: keras.Model, x: Any, y: Any, **given: Any) -> Report:  # noqa: ANN401
    return check(made, x, y, **{"epochs": 400, "seeds": 1, "budget_seconds": 60.0, **given})


def seen(made: keras.Model, y: Any, x: Any = X) -> Facts:  # noqa: ANN401
    return seen_of(made, setup_of(made, x, y, 1))[1]


def causes(report: Report) -> list[tuple[str, str]]:
    return [(one.rule, one.evidence.get("output", "")) for one in report.causes]


FAULTS: dict[str, tuple[dict[str, Any], Any, tuple[str, str], str]] = {
    "rows where numbers are expected": (
        {}, [ONE_HOT, SIZE], ("label_loss_mismatch", "kind"), 'loss[0] = "categorical_crossentropy"'
    ),
    "the same, by name": (
        {"by_name": True}, {"kind": ONE_HOT, "size": SIZE}, ("label_loss_mismatch", "kind"),
        "loss['kind'] = \"categorical_crossentropy\"",
    ),
    "classes that count from one": (
        {}, [KIND + 1, SIZE], ("label_loss_mismatch", "kind"), "y[0] = y[0] - y[0].min()"
    ),
    "a bounded output": (
        {"size": "relu"}, [KIND, SIZE - 3], ("output_cannot_reach_target", "size"),
        'activation="linear"',
    ),
    "large targets": (
        {"by_name": True}, {"kind": KIND, "size": LARGE}, ("unscaled_targets", "size"),
        "y['size'] = (y['size'] - y['size'].mean(0, float)) / "
        "np.where(np.ptp(y['size'], 0) > 0, y['size'].std(0, float), 1)",
    ),
}  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_one_output_is_found_there_and_mended_there(fault: str) -> None:
    given, y, cause, code = FAULTS[fault]
    report = looked_into(model(**given), X, y)
    assert causes(report)[0] == cause
    best = report.fixes[0]
    assert best.outcome == "memorised", report.to_markdown()
    assert (best.code, best.key) == (code, cause)
    assert best.text.startswith(f"Output {cause[1]}: ")


@pytest.mark.exhaustive
def test_a_fault_of_each_output_is_found_and_both_are_mended_together() -> None:
    report = looked_into(model(size="tanh"), X, [ONE_HOT, SIZE - 3])
    assert causes(report) == [
        ("label_loss_mismatch", "kind"), ("output_cannot_reach_target", "size")
    ]  # fmt: skip
    best = report.fixes[0]
    assert best.outcome == "memorised"
    assert [one.output for one in best.changes] == ["kind", "size"]


def test_labels_of_another_shape_are_those_of_the_output_that_is_named() -> None:
    report = looked_into(model(), X, [KIND, np.ones((len(X), 5), "float32")])
    assert causes(report)[0] == ("label_loss_mismatch", "size")
    evidence = report.causes[0].evidence
    assert (evidence["shape_of_labels"], evidence["shape_of_output"]) == ([5], [2])


def test_of_a_loss_that_all_outputs_have_the_one_that_is_changed_is_named() -> None:
    into = keras.Input((2,))
    ends = {name: keras.layers.Dense(3, "softmax")(into) for name in "ba"}
    for outputs, code in ((list(ends.values()), "loss[1]"), (ends, "loss['a']")):
        made = keras.Model(into, outputs)
        made.compile("adam", CLASS_LOSS)
        y = dict(zip("ba", (KIND, ONE_HOT), strict=True)) if outputs is ends else [KIND, ONE_HOT]
        facts = seen(made, y)
        (rule,) = holding(facts).rules
        (change,) = rule.changes(facts)
        assert change.code == f'{code} = "categorical_crossentropy"'


def test_one_output_that_is_right_in_training_alone_is_a_mismatch_of_the_two_modes() -> None:
    facts = seen(model(), [KIND, SIZE])
    norm = replace(facts.model.layers[0], name="norm", kind="BatchNormalization")
    own = {
        name: replace(part, model=replace(part.model, layers=(norm,)))
        for name, part in facts.outputs.items()
    }
    facts = replace(facts, model=replace(facts.model, layers=(norm,)), outputs=own)
    wrong = np.zeros((len(X), 3)), np.zeros((len(X), 2))
    right = Answers(wrong[0], ONE_HOT, False, True, 0.5)
    neither = Answers(wrong[1], wrong[1], False, False, 0.1)
    history = History({"loss": np.array([3.0, 2.0])})
    run = Trained(
        history, 2, None, None, None, wrong[0], wrong[0], 4.0, 0.0, False, False, 0.1,
        (right, neither),
    )  # fmt: skip
    found = train_inference_mismatch.find(with_run(facts, run))
    assert found is not None
    assert (found["output"], found["layers"], found["score_in_inference"]) == (
        "kind", ["norm"], 0.5
    )  # fmt: skip
    run = replace(run, each=(neither._replace(attained=True), neither))
    assert train_inference_mismatch.find(with_run(facts, run)) is None


def test_what_is_wrong_with_one_output_explains_nothing_of_another() -> None:
    # What is wrong with the classes would silence the same rule of their own output.
    facts = seen(model(size="tanh"), [ONE_HOT, SIZE - 3])
    assert [rule.key for rule in holding(facts).rules] == [
        ("label_loss_mismatch", "kind"), ("output_cannot_reach_target", "size")
    ]  # fmt: skip


WHOLE: dict[str, tuple[dict[str, Any], Any, str]] = {
    "the learning rate": ({"rate": 1e-4}, X, "learning_rate_too_low"),
    "the inputs": ({}, X * 1000, "unscaled_inputs"),
    "linear layers": ({"hidden": None}, X, "missing_nonlinearity"),
    "too narrow a network": ({"units": 1}, X, "too_little_capacity"),
}


@pytest.mark.few(1)
@pytest.mark.parametrize("fault", WHOLE)
def test_a_fault_of_the_whole_network_is_found_once_and_mended(fault: str) -> None:
    given, x, rule = WHOLE[fault]
    report = looked_into(model(**given), x, [KIND, SIZE], epochs=200)
    assert [one.rule for one in report.causes].count(rule) == 1
    assert report.causes[0].rule == rule, report.to_markdown()
    assert report.fixes[0].outcome == "memorised"
    assert report.fixes[0].changes[0].output == ""


def test_no_rule_finds_anything_in_a_healthy_run() -> None:
    made = model()
    setup, facts = seen_of(made, setup_of(made, X, [KIND, SIZE], 600))
    trained = Workshop(made).train(setup, 0, facts.target, probes=ALL_PROBES)
    assert trained.memorised is not None
    facts = with_run(facts, trained)
    assert holding(facts).rules == ()
    prediction = np.concatenate([part.prediction for part in trained.each], axis=1)
    np.testing.assert_array_equal(trained.prediction, prediction)
    assert [own.run.score for own in facts.outputs.values() if own.run] == [1.0, trained.score]


@pytest.mark.exhaustive
def test_nan_in_the_labels_of_one_output_is_found_and_left_out() -> None:
    size = SIZE.copy()
    size[3, 1] = np.nan
    report = looked_into(model(), X, [KIND, size])
    assert report.causes[0].evidence["places"] == ["y[1][3, 1] is nan"]
    drawing = report.causes[0].drawing
    assert drawing is not None
    assert drawing.columns == ("y[1][:, 0]", "y[1][:, 1]")
    best = report.fixes[0]
    assert best.outcome == "memorised"
    for named in (False, True):
        y: Any = {"kind": KIND, "size": size} if named else [KIND, size]
        found = seen(model(nested="dict", by_name=True) if named else model(), y)
        (change,) = next(rule for rule in RULES if rule.id == "non_finite").changes(found)
        after = run(change.code, x=X, y=y)
        kept = [place for place in range(len(X)) if place != 3]
        np.testing.assert_array_equal(after["x"], X[kept])
        for part, given in zip(*map(keras.tree.flatten, (after["y"], y)), strict=True):
            np.testing.assert_array_equal(part, given[kept])


def test_a_saturated_output_is_no_saturated_layer() -> None:
    facts = seen(model(size="tanh"), [KIND, SIZE])
    assert facts.model.ends == {"kind", "size"}
    assert [layer.name for layer in facts.model.hidden] == ["hidden_0", "hidden_1"]
    own = facts.outputs["size"].model
    assert own.output is not None
    assert (own.output.name, own.output_activation, own.output_shape) == ("size", "tanh", (2,))
    assert [layer.name for layer in own.hidden] == ["hidden_0", "hidden_1"]


def test_rules_that_look_at_labels_are_asked_once_for_each_output() -> None:
    asked = rules_for(seen(model(), [KIND, SIZE]))
    for rule in RULES:
        outputs = [one.output for one in asked if one.id == rule.id]
        assert outputs == (["kind", "size"] if rule.of_outputs else [""])
    assert rules_for(next(iter(seen(model(), [KIND, SIZE]).outputs.values()))) == RULES
