"""What each rule finds by itself: nothing in healthy runs, and what else it sees in faulty ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import keras
import pytest

from overfit_core.diagnosis.blame import Held, holding
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.rules import RULES
from tests.diagnosis.programs import CURVE, HEALTHY, LAYERS, NUMBERS, ONE_HOT, Program, X
from tests.diagnosis.test_drawings import facts_of
from tests.diagnosis.test_rules import DEEP_SIGMOID, FAULTY, SILENCED, _contradicting

SYMPTOMS = {
    "label_loss_mismatch": {"unsuited_loss"},
    "bad_initialisation": {"dead_relu"},
    "unscaled_inputs": {"saturation"},
    "train_inference_mismatch": {"learning_rate_too_high"},
    "saturation": {"vanishing_gradients"},
    "too_little_capacity": {"saturation"},
}
"""By rule: what else is true of its program, suspicions left out. All other rules are silent."""

DOWNSTREAM = {
    "non_finite": ("unscaled_inputs", replace(CURVE, x=CURVE.x * 1e20, hidden="relu", epochs=20)),
    "output_cannot_reach_target": (
        "label_loss_mismatch", replace(ONE_HOT, y=ONE_HOT.y * 3 - 1, output="relu", epochs=20)
    ),
    "unsuited_loss": SILENCED["unsuited_loss"],
    "unscaled_targets": (
        "learning_rate_too_high",
        replace(CURVE, y=CURVE.y * 50, optimizer="SGD", rate=0.5, epochs=60),
    ),
    "missing_nonlinearity": (
        "contradictory_labels", _contradicting(FAULTY["missing_nonlinearity"])
    ),
    "dead_relu": SILENCED["dead_relu"],
    "saturation": ("unscaled_inputs", FAULTY["unscaled_inputs"]),
    "vanishing_gradients": (
        "bad_initialisation", replace(DEEP_SIGMOID, more={"kernel_initializer": "ones"})
    ),
    "learning_rate_too_high": ("train_inference_mismatch", FAULTY["train_inference_mismatch"]),
    "regularisation": ("contradictory_labels", _contradicting(FAULTY["regularisation"])),
    "learning_rate_too_low": (
        "output_cannot_reach_target", replace(HEALTHY, rate=1e-6, output=None)
    ),
    "too_few_epochs": SILENCED["too_few_epochs"],
    "too_little_capacity": ("unscaled_inputs", FAULTY["unscaled_inputs"]),
}  # fmt: skip
"""By rule: which cause silences it, in which program."""
SILENCED_BY_NONE = {
    "label_loss_mismatch", "contradictory_labels", "nothing_trainable", "bad_initialisation",
    "unscaled_inputs", "train_inference_mismatch",
}  # fmt: skip
"""Rules that are true beside every other one."""

PROGRAMS = {f"healthy {place}": p for place, p in enumerate((HEALTHY, CURVE, NUMBERS, ONE_HOT))}


@cache
def facts(name: str) -> Facts:
    programs = PROGRAMS | FAULTY | {f"{k} below": p for k, (_, p) in DOWNSTREAM.items()}
    return facts_of(programs[name])[0]


def found(facts: Facts) -> Iterator[tuple[str, bool]]:
    """Yield the rules that find something, and whether that is no more than a suspicion."""
    for rule in RULES:
        if facts.run is not None or rule.from_start:
            evidence = None if facts.batch.bad and rule.id != "non_finite" else rule.find(facts)
            if evidence is not None:
                yield rule.id, rule.suspicion or rule.doubtful(evidence)


def ids(held: Held) -> list[str]:
    return [rule.id for rule in held.rules]


@pytest.mark.few(2)
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_rule_finds_anything_in_a_healthy_run(name: str) -> None:
    assert list(found(facts(name))) == []


@pytest.mark.few(8)
@pytest.mark.parametrize("rule", FAULTY)
def test_a_fault_is_found_and_nothing_else_but_its_symptoms(rule: str) -> None:
    seen = dict(found(facts(rule)))
    assert rule in seen
    sure = {name for name, doubtful in seen.items() if not doubtful}
    assert sure - {rule} == SYMPTOMS.get(rule, set())


def test_every_rule_that_one_silences_has_a_program() -> None:
    silenced = set().union(*(rule.silences for rule in RULES))
    assert silenced == set(DOWNSTREAM)
    assert {rule.id for rule in RULES} - silenced == SILENCED_BY_NONE


@pytest.mark.few(4)
@pytest.mark.parametrize("rule", DOWNSTREAM)
def test_a_rule_that_holds_is_silent_beside_its_cause(rule: str) -> None:
    upstream, seen = DOWNSTREAM[rule][0], facts(f"{rule} below")
    assert {rule, upstream} <= set(dict(found(seen)))
    held = holding(seen)
    assert rule not in ids(held)
    assert upstream in ids(held)
    assert rule in held.explained[upstream, ""]


def test_frozen_layers_beside_trained_ones_explain_nothing() -> None:
    held = holding(facts("nothing_trainable"))
    assert ids(held) == ["nothing_trainable", "too_little_capacity"]
    assert held.rules[0].suspicion
    assert held.explained["nothing_trainable", ""] == ()
    still = replace(facts("healthy 0").model, trainable=0)
    held = holding(replace(facts("learning_rate_too_low"), model=still))
    assert ids(held) == ["nothing_trainable"]
    assert not held.rules[0].suspicion


@pytest.mark.parametrize("rate", [0.0, 1e-30])
def test_weights_that_never_move_though_there_is_a_gradient_are_named(rate: float) -> None:
    seen, _ = facts_of(replace(HEALTHY, rate=rate, epochs=20))
    assert dict(found(seen))["nothing_trainable"] is False
    rule = next(rule for rule in RULES if rule.id == "nothing_trainable")
    (change,) = rule.changes(seen)
    assert (change.setting, change.value) == ("optimizer.learning_rate", 1e-3)
    # A dead layer has no gradient: that is another rule's.
    assert "nothing_trainable" not in dict(found(facts("dead_relu")))


def _nan_loss(y: object, answer: object) -> object:
    return keras.ops.mean(keras.ops.sqrt(0.0 * y - 1.0) + answer)


def _nan_gradient(y: object, answer: object) -> object:
    return keras.ops.mean(keras.ops.sqrt(answer * 0.0) + keras.ops.square(y - answer))


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("loss", "evidence"),
    [
        (_nan_loss, {"epoch": 1, "what": "loss"}),
        (_nan_gradient, {"epoch": 1, "what": "gradient", "layer": 0}),
    ],
)
def test_a_loss_that_is_nan_at_once_is_not_finite(
    loss: object, evidence: dict[str, object]
) -> None:
    seen, model = facts_of(replace(HEALTHY, loss=loss, epochs=5))
    held = holding(seen)
    assert ids(held) == ["non_finite"]
    if "layer" in evidence:
        evidence = evidence | {"layer": model.layers[0].name}
    cause = held.cause(held.rules[0], seen)
    assert cause.evidence == evidence
    assert cause.drawing is None


def test_weights_that_start_as_nan_are_named() -> None:
    class Given(Program):
        def model(self) -> keras.Model:
            made = super().model()
            weights = made.get_weights()
            weights[2][0, 0] = float("nan")
            made.set_weights(weights)
            return made

    seen, made = facts_of(Given(**vars(replace(HEALTHY, units=(8, 8), epochs=5))))
    held = holding(seen)
    assert ids(held) == ["non_finite"]
    evidence = {"epoch": 1, "what": "weights", "layer": made.layers[1].name}
    assert held.cause(held.rules[0], seen).evidence == evidence


def test_a_loss_that_blows_up_later_is_the_learning_rates() -> None:
    seen, _ = facts_of(replace(CURVE, optimizer="SGD", rate=1e6, hidden="relu", epochs=20))
    assert seen.run is not None and seen.run.non_finite is not None and seen.run.non_finite < 4
    assert ids(holding(seen)) == ["learning_rate_too_high"]


@pytest.mark.exhaustive
def test_dropout_is_a_suspicion_where_the_loss_is_higher_in_training() -> None:
    rule = next(rule for rule in RULES if rule.id == "regularisation")
    dropping, _ = facts_of(
        replace(HEALTHY, units=(8, 8), between=(lambda: LAYERS.Dropout(0.5),), epochs=60)
    )
    evidence = rule.find(dropping)
    assert evidence is not None
    assert evidence["loss_in_training"] > evidence["loss_in_use"]
    still = replace(dropping.run, history=facts("too_few_epochs").run.history)  # type: ignore
    assert rule.find(replace(dropping, run=still)) is None


def test_penalties_hold_up_a_loss_at_rest_alone() -> None:
    rule = next(rule for rule in RULES if rule.id == "regularisation")
    resting = facts("too_little_capacity")
    assert resting.run is not None
    held_up = replace(resting.run, loss=1.0, penalty=0.6)
    evidence = rule.find(replace(resting, run=held_up))
    assert evidence == {"penalty": 0.6, "loss": 1.0, "share": 0.6}
    assert rule.find(replace(resting, run=replace(held_up, penalty=0.4))) is None
    falling = facts("too_few_epochs")
    assert falling.run is not None
    assert rule.find(replace(falling, run=replace(falling.run, loss=1.0, penalty=0.6))) is None


def test_wide_kernels_are_to_blame_where_inputs_are_scaled() -> None:
    wide = replace(
        HEALTHY, epochs=5, more={"kernel_initializer": keras.initializers.RandomNormal(0, 60.0)}
    )
    wide = replace(wide, hidden="relu")
    assert "bad_initialisation" in dict(found(facts_of(wide)[0]))
    unscaled = facts_of(replace(wide, x=X + 200))[0]
    assert "bad_initialisation" not in dict(found(unscaled))
