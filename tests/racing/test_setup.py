"""What a person sets up: into plans, into a link, and back."""

import numpy as np
import pytest

from overfit_core.comparison.target import Target
from overfit_core.errors import LinkCodeError, SpecError
from overfit_core.presets import PRESETS
from overfit_core.racing.names import entrant_name
from overfit_core.racing.setup import ENTRANTS, FIRST_RATES, RaceSetup
from overfit_core.spec import OptimizerSpec, RunSpec

OWN = RunSpec.load({"name": "mine", "batch": {"source": "moons", "samples": 20}})
XOR = PRESETS["xor"].spec.model_dump(mode="json")
SEVERAL = RaceSetup(
    tasks=("xor", "sine", OWN),
    optimizers=(OptimizerSpec(name="Adam"), ENTRANTS["SGD-Nesterov"]),
    lowest=1e-4,
    highest=1.0,
    rates=5,
    seeds=2,
    epochs=70,
    target=Target("loss", 0.1),
    defaults=False,
)


def test_the_first_setup_is_half_decades_for_each_optimizer() -> None:
    (plan,) = RaceSetup().plans()
    assert plan.spec == PRESETS["article-2"].spec
    assert len(plan.learning_rates) == FIRST_RATES
    steps = np.diff(np.log10(plan.learning_rates))
    assert steps == pytest.approx(0.5, abs=1e-3)
    # Every optimizer of the first setup but SGD has a default that is one of these rates.
    assert 0.001 in plan.learning_rates


def test_each_task_has_a_plan_with_what_is_memorised_there() -> None:
    plans = RaceSetup(tasks=("xor", "sine")).plans()
    assert [plan.target for plan in plans] == [Target("accuracy", 1.0), Target("r2", 0.99)]
    assert [plan.spec.training.epochs for plan in plans] == [1000, 1000]
    assert plans[0].optimizers == plans[1].optimizers


def test_epochs_and_target_that_are_set_hold_for_every_task() -> None:
    plans = SEVERAL.plans()
    assert {plan.spec.training.epochs for plan in plans} == {70}
    assert {plan.target for plan in plans} == {Target("loss", 0.1)}
    assert [plan.runs for plan in plans] == [2 * 5 * 2] * 3
    assert SEVERAL.titles[2] == "mine"


@pytest.mark.parametrize("setup", [RaceSetup(), SEVERAL, RaceSetup(rates=1, tasks=("iris",))])
def test_a_link_gives_the_same_setup(setup: RaceSetup) -> None:
    assert RaceSetup.from_link_code(setup.link_code()) == setup


def test_the_link_of_a_usual_race_is_short() -> None:
    assert len(RaceSetup(tasks=("xor",), seeds=3).link_code()) < 60


@pytest.mark.parametrize("setup", [RaceSetup(), SEVERAL, RaceSetup(rates=1, tasks=("iris",))])
def test_the_setup_of_plans_makes_these_plans_again(setup: RaceSetup) -> None:
    assert RaceSetup.of(setup.plans()).plans() == setup.plans()


@pytest.mark.parametrize("ends", [(300, 900), (1e-9, 2e-9), (1e3, 1e3)])
def test_one_rate_at_the_ends_of_what_is_allowed(ends: tuple[float, float]) -> None:
    setup = RaceSetup(lowest=ends[0], highest=ends[1], rates=1)
    assert RaceSetup.of(setup.plans()).plans() == setup.plans()


def test_a_preset_with_other_epochs_beside_itself() -> None:
    longer = {**XOR, "training": {**XOR["training"], "epochs": 77}}
    setup = RaceSetup.load({"tasks": ["xor", longer]})
    assert RaceSetup.of(setup.plans()).plans() == setup.plans()


def test_the_setup_of_a_preset_names_it() -> None:
    assert RaceSetup.of(SEVERAL.plans()).tasks[:2] == ("xor", "sine")
    assert RaceSetup.of(RaceSetup(epochs=9).plans()) == RaceSetup(epochs=9)


def test_an_optimizer_brings_neither_rate_nor_schedule() -> None:
    given = OptimizerSpec.model_validate(
        {"name": "Adam", "learning_rate": 0.5, "schedule": {"kind": "cosine"}}
    )
    assert RaceSetup(optimizers=(given,)).optimizers == (OptimizerSpec(name="Adam"),)
    with pytest.raises(SpecError, match="Adam is there twice"):
        RaceSetup.load({"optimizers": [given.model_dump(mode="json"), {"name": "Adam"}]})


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ({"tasks": ["xr"]}, "tasks", "Did you mean 'xor'"),
        ({"tasks": ["xor", "xor"]}, "tasks", "xor is there twice"),
        ({"tasks": []}, "tasks", "At least 1"),
        ({"tasks": [{"batch": {"samples": 0}}]}, "tasks", "samples is 0"),
        ({"lowest": 1, "highest": 1}, "highest", "must be above the smallest, 1"),
        ({"lowest": 2, "highest": 1, "rates": 1}, "highest", "must be above the smallest, 2"),
        ({"lowest": 0.001, "highest": 0.0011, "rates": 36}, "rates", "36 .* do not fit between"),
        ({"tasks": ["xor", XOR]}, "tasks", "is there twice"),
        ({"rates": 37}, "rates", "37"),
        ({"seeds": 0}, "seeds", "0"),
        ({"epochs": 0}, "epochs", "0"),
        ({"target": {"kind": "loss", "value": 0}}, "target", "above 0"),
        ({"target": {"kind": "speed", "value": 1}}, "target", "speed"),
        ({"optimizers": [{"name": "Adm"}]}, "optimizers", "Did you mean 'Adam'"),
        ({"what": 1}, "what", "no setting called what"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, object], place: str, message: str) -> None:
    with pytest.raises(SpecError, match=message) as raised:
        RaceSetup.load(data)
    assert place in {problem.path[0] for problem in raised.value.problems}


def test_the_link_of_a_run_is_no_race() -> None:
    with pytest.raises(LinkCodeError, match="link code of a run"):
        RaceSetup.from_link_code(OWN.link_code())


def test_entrants_are_all_optimizers_and_sgd_with_momentum() -> None:
    names = [entrant_name(one) for one in ENTRANTS.values()]
    assert len(set(names)) == 16
    assert {"SGD", "SGD, momentum 0.9", "SGD, momentum 0.9, nesterov", "Adam"} <= set(names)
