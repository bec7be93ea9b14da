"""Reports on programs with one fault each; what rules find of them, ``test_rule_facts`` asks."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from overfit_core.diagnosis import Report, check
from overfit_core.diagnosis.rules import RULES
from tests.diagnosis.programs import CURVE, HEALTHY, LAYERS, NUMBERS, ONE_HOT, Program, X, Y

DEEP_SIGMOID = replace(
    HEALTHY, units=(16,) * 8, hidden="sigmoid", optimizer="SGD", rate=0.1, epochs=300
)
DEAD = replace(
    HEALTHY, hidden="relu", units=(8, 8), epochs=100,
    more={"bias_initializer": "zeros", "kernel_initializer": "he_uniform"},
)  # fmt: skip


def _dead() -> Program:
    return replace(DEAD, more={"bias_initializer": _constant(-20.0)})


def _constant(value: float) -> keras.initializers.Initializer:
    return keras.initializers.Constant(value)


def _nan() -> Program:
    x = X.copy()
    x[3, 1] = np.nan
    return replace(HEALTHY, x=x)


def _contradicting(program: Program = HEALTHY) -> Program:
    x, y = program.x.copy(), program.y.copy()
    x[1] = x[0]
    assert (y[1] != y[0]).all()
    return replace(program, x=x, y=y)


FAULTY = {
    "non_finite": _nan(),
    "label_loss_mismatch": replace(HEALTHY, y=Y * 3 - 1),
    "contradictory_labels": _contradicting(),
    "nothing_trainable": replace(HEALTHY, more={"trainable": False}, units=(3,), epochs=100),
    "bad_initialisation": replace(HEALTHY, more={"kernel_initializer": "zeros"}, hidden="relu"),
    "output_cannot_reach_target": replace(CURVE, y=CURVE.y * 2, output="tanh", epochs=200),
    "unsuited_loss": replace(ONE_HOT, loss="mean_absolute_error", optimizer="SGD", epochs=100),
    "unscaled_inputs": replace(HEALTHY, x=X * [1.0, 1.0] + [500.0, 0.0], epochs=200),
    "unscaled_targets": replace(CURVE, y=CURVE.y + 5000.0, rate=0.001, epochs=200),
    "train_inference_mismatch": replace(
        HEALTHY, units=(32, 32), epochs=40, between=(LAYERS.BatchNormalization,), rate=0.05
    ),
    "missing_nonlinearity": replace(HEALTHY, hidden=None, units=(16, 16)),
    "dead_relu": _dead(),
    "saturation": replace(
        HEALTHY, units=(16, 16), more={"bias_initializer": _constant(12.0)}, rate=0.0005, epochs=150
    ),
    "vanishing_gradients": DEEP_SIGMOID,
    "learning_rate_too_high": replace(CURVE, optimizer="SGD", rate=30.0, hidden="relu"),
    "learning_rate_too_low": replace(HEALTHY, rate=1e-6),
    "too_few_epochs": replace(HEALTHY, epochs=12),
    "regularisation": replace(
        HEALTHY, more={"kernel_regularizer": "l2"}, rate=0.01, epochs=300, units=(32, 32),
        between=(lambda: LAYERS.Dropout(0.95),),
    ),
    "too_little_capacity": replace(HEALTHY, units=(1,), rate=0.05, epochs=600),
}  # fmt: skip
"""By rule: a program with that fault."""

CONTRIBUTORS = {
    # The one unit that it has is driven to its ends.
    "too_little_capacity": {"saturation"},
}
"""By rule: what else its program may be blamed for, and why that is true."""

SILENCED = {
    "dead_relu": (
        "unscaled_inputs", replace(DEAD, x=X + np.float32(200), optimizer="SGD", rate=0.1)
    ),
    "vanishing_gradients": (
        "bad_initialisation", replace(DEEP_SIGMOID, more={"kernel_initializer": "ones"})
    ),
    "too_little_capacity": ("contradictory_labels", _contradicting(FAULTY["too_little_capacity"])),
    "unsuited_loss": (
        "output_cannot_reach_target",
        replace(ONE_HOT, y=1 - ONE_HOT.y, loss="hinge", epochs=50),
    ),
    "learning_rate_too_high": (
        "unscaled_inputs",
        replace(CURVE, x=CURVE.x * 1000, optimizer="SGD", rate=0.1, hidden="relu", epochs=50),
    ),
    "too_few_epochs": ("missing_nonlinearity", replace(FAULTY["missing_nonlinearity"], epochs=12)),
}  # fmt: skip
"""By rule: which upstream cause silences it, in which program; more in ``test_rule_facts``."""


def checked(program: Program, seeds: int = 1) -> Report:
    return check(
        program.model(),
        program.x,
        program.y,
        epochs=program.epochs,
        seeds=seeds,
        budget_seconds=60.0,
    )  # fmt: skip


def test_every_rule_has_a_program() -> None:
    assert set(FAULTY) == {rule.id for rule in RULES}


@pytest.mark.few(4)
@pytest.mark.parametrize("rule", FAULTY)
def test_a_program_with_one_fault_is_blamed_for_it(rule: str) -> None:
    report = checked(FAULTY[rule])
    assert not report.memorised
    assert report.causes[0].rule == rule, report.to_markdown()
    assert report.causes[0].evidence
    others = {cause.rule for cause in report.causes[1:]}
    assert others <= CONTRIBUTORS.get(rule, set()), report.to_markdown()


@pytest.mark.parametrize("program", [HEALTHY, CURVE, NUMBERS, ONE_HOT])
def test_a_healthy_program_is_blamed_for_nothing(program: Program) -> None:
    report = checked(program)
    assert report.memorised, report.to_markdown()
    assert report.causes == report.fixes == ()


@pytest.mark.few(1)
@pytest.mark.parametrize("rule", SILENCED)
def test_a_symptom_is_silent_beside_its_cause(rule: str) -> None:
    upstream, program = SILENCED[rule]
    report = checked(program)
    assert report.causes[0].rule == upstream, report.to_markdown()
    assert rule not in [cause.rule for cause in report.causes]
