"""Values against numbers worked out by hand, and against Keras's own schedules."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from overfit_core.errors import SpecError
from overfit_core.schedules import SCHEDULES, Schedule
from overfit_core.spec import OptimizerSpec, RunSpec

ADAPTER: TypeAdapter[Any] = TypeAdapter(Schedule)

BY_HAND = [
    ({"kind": "constant"}, {0: 0.2, 999: 0.2}),
    (
        {"kind": "exponential", "decay_steps": 10, "decay_rate": 0.5},
        {0: 0.2, 5: 0.2 * 0.5**0.5, 10: 0.1, 20: 0.05},
    ),
    (
        {"kind": "exponential", "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
        {0: 0.2, 9: 0.2, 10: 0.1, 19: 0.1},
    ),
    (
        {"kind": "inverse_time", "decay_steps": 10, "decay_rate": 3.0},
        {0: 0.2, 10: 0.05, 20: 0.2 / 7},
    ),
    (
        {"kind": "inverse_time", "decay_steps": 10, "decay_rate": 3.0, "staircase": True},
        {9: 0.2, 19: 0.05},
    ),
    (
        {"kind": "polynomial", "decay_steps": 10, "end": 0.5, "power": 2.0},
        {0: 0.2, 5: 0.125, 10: 0.1, 99: 0.1},
    ),
    (
        {"kind": "polynomial", "decay_steps": 10, "end": 0.0, "cycle": True},
        {0: 0.2, 10: 0.0, 15: 0.05, 20: 0.0},
    ),
    (
        {"kind": "cosine", "decay_steps": 10, "warmup_steps": 4, "warmup_start": 0.5, "end": 0.1},
        {0: 0.1, 2: 0.15, 4: 0.2, 9: 0.11, 14: 0.02, 99: 0.02},
    ),
    ({"kind": "cosine", "decay_steps": 10, "warmup_steps": 0}, {0: 0.2, 5: 0.1, 10: 0.0, 11: 0.0}),
    (
        {"kind": "cosine_restarts", "first_decay_steps": 10, "growth": 2.0, "height": 0.5},
        {0: 0.2, 5: 0.1, 10: 0.1, 20: 0.05, 30: 0.05},
    ),
    (
        {"kind": "cosine_restarts", "first_decay_steps": 10, "growth": 1.0, "end": 0.5},
        {0: 0.2, 5: 0.15, 10: 0.2, 15: 0.15},
    ),
    (
        {"kind": "piecewise", "boundaries": (10, 20), "multipliers": (1.0, 0.5, 2.0)},
        {0: 0.2, 10: 0.2, 11: 0.1, 20: 0.1, 21: 0.4},
    ),
]
IDS = [f"{settings['kind']}-{number}" for number, (settings, _) in enumerate(BY_HAND)]


@pytest.mark.parametrize(("settings", "expected"), BY_HAND, ids=IDS)
def test_values_are_those_worked_out_by_hand(
    settings: dict[str, Any], expected: dict[int, float]
) -> None:
    values = ADAPTER.validate_python(settings).values(0.2, list(expected))
    np.testing.assert_allclose(values, list(expected.values()), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("settings", "expected"), BY_HAND, ids=IDS)
def test_the_keras_schedule_gives_the_same_values(
    settings: dict[str, Any], expected: dict[int, float]
) -> None:
    built = ADAPTER.validate_python(settings).build(0.2)
    values = [float(built(step)) if callable(built) else built for step in expected]
    np.testing.assert_allclose(values, list(expected.values()), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_defaults_hold_a_positive_learning_rate_over_500_epochs_and_match_keras(kind: str) -> None:
    schedule = SCHEDULES[kind]()
    steps = range(0, 500, 7)
    ours = schedule.values(0.01, steps)
    built = schedule.build(0.01)
    theirs = [float(built(step)) if callable(built) else built for step in steps]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-8)
    assert (ours >= 0).all() and (ours > 0).sum() >= len(ours) - 1


@pytest.mark.parametrize(
    ("schedule", "field", "says"),
    [
        ({"kind": "piecewise", "boundaries": [5], "multipliers": [1.0]}, "multipliers", "2 pieces"),
        (
            {"kind": "piecewise", "boundaries": [5, 5], "multipliers": [1.0, 1.0, 1.0]},
            "boundaries",
            "above the one before",
        ),
        ({"kind": "exponential", "decay_steps": 0}, "decay_steps", "smallest value is 1"),
        ({"kind": "cosine", "end": float("inf")}, "end", "finite"),
        ({"kind": "polynomial", "power": 0}, "power", "above 0"),
    ],
)
def test_a_bad_schedule_is_named_where_it_stands(
    schedule: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"optimizer": {"schedule": schedule}})
    (problem,) = caught.value.problems
    assert problem.path == ("optimizer", "schedule", field)
    assert says in problem.message


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match="'cosine_restarts'"):
        RunSpec.load({"optimizer": {"schedule": {"kind": "sawtooth"}}})


def test_a_schedule_starts_from_the_optimizers_own_learning_rate() -> None:
    spec = OptimizerSpec(name="SGD", schedule=SCHEDULES["exponential"]())
    assert spec.base_learning_rate == 0.01
    assert spec.schedule.values(spec.base_learning_rate, [0])[0] == 0.01
