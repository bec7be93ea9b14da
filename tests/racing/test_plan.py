"""What a race is, and what is refused."""

from typing import Any

import numpy as np
import pytest

from overfit_core import PRESETS, SpecError
from overfit_core.comparison.target import Target
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.racing import Member, RacePlan, rate_grid
from tests.racing.plans import SPEC, plan


def test_every_optimizer_comes_with_every_rate_and_every_seed() -> None:
    made = plan(defaults=False)
    assert made.learning_rates == (0.01, 0.1)
    assert list(made.members(1)) == [
        Member(1, 0.01, 3), Member(1, 0.1, 3), Member(1, 0.01, 4), Member(1, 0.1, 4),
    ]  # fmt: skip
    assert made.runs == len(set(made.members())) == 8


def test_the_default_rate_is_tried_once_beside_the_grid() -> None:
    made = plan()
    assert [made.rates(0), made.rates(1)] == [(0.001, 0.01, 0.1), (0.01, 0.1)]
    assert made.runs == len(set(made.members())) == 10


def test_a_run_of_a_race_has_settings_of_its_own() -> None:
    scheduled = {"name": "Adam", "learning_rate": 5.0, "schedule": {"kind": "cosine"}}
    made = plan(optimizers=[scheduled, {"name": "SGD", "arguments": {"momentum": 0.9}}])
    spec = made.spec_of(Member(1, 0.1, 4))
    assert (spec.batch, spec.model) == (SPEC.batch, SPEC.model)
    assert spec.optimizer.model_dump(exclude_defaults=True) == {
        "name": "SGD", "learning_rate": 0.1, "arguments": {"momentum": 0.9},
    }  # fmt: skip
    assert (spec.training.seed, spec.training.epochs) == (4, SPEC.training.epochs)
    assert made.spec_of(Member(0, 0.1, 3)).optimizer.schedule.kind == "constant"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"optimizers": []}, "optimizers has too few entries"),
        ({"optimizers": [{"name": "Adom"}]}, "Adom"),
        ({"optimizers": [{"name": "Adam"}] * 2}, "Adam is there twice"),
        ({"learning_rates": ()}, "learning_rates has too few"),
        ({"learning_rates": (0.1, 0.1)}, r"0\.1 is there twice"),
        ({"learning_rates": (0.0,)}, "is 0.0"),
        ({"learning_rates": tuple(np.geomspace(1e-5, 1, 37))}, "At most 36"),
        ({"seeds": (1, 1)}, "1 is there twice"),
        ({"seeds": (-1,)}, "is -1"),
        ({"seeds": tuple(range(21))}, "At most 20"),
        ({"target": Target("accuracy", 1.5)}, "between 0 and 100 %"),
        ({"ratio": 2}, "no setting called ratio"),
    ],
)
def test_what_cannot_race_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        plan(**changes)


def test_the_usual_grid_holds_the_default_of_every_optimizer() -> None:
    grid = rate_grid()
    steps = np.diff(np.log10(grid))
    assert len(grid) == 16
    assert np.ptp(steps) < 0.01
    for optimizer in OPTIMIZERS.values():
        assert grid[0] < optimizer.learning_rate < grid[-1]


def test_a_grid_that_cannot_be_is_refused() -> None:
    assert rate_grid(1, 0.01, 1.0) == (0.1,)
    with pytest.raises(ValueError, match="not 37"):
        rate_grid(37)
    with pytest.raises(ValueError, match=r"from 1 to 0\.1"):
        rate_grid(3, 1.0, 0.1)


def test_a_target_that_is_not_measured_on_the_task_is_refused() -> None:
    with pytest.raises(SpecError, match="R² is not measured on"):
        plan(target=Target("r2", 0.9))
    assert plan(spec=PRESETS["sine"].spec, target=Target("r2", 0.9)).target.kind == "r2"


def test_a_plan_as_people_write_it() -> None:
    written = RacePlan.of(
        SPEC, optimizers=["Adam"], learning_rates=3, seeds=2, target=Target("loss", 0.1)
    )
    assert written.learning_rates == (1e-05, 0.01, 10.0)
    assert written.seeds == (0, 1)
    named = RacePlan.of(
        SPEC, optimizers=["SGD"], learning_rates=[0.5], seeds=[7], target=Target("loss", 0.1)
    )
    assert (named.learning_rates, named.seeds) == ((0.5,), (7,))
