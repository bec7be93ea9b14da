"""A race gives what each of its runs gives alone."""

import math

import numpy as np
import pytest

from overfit_core import PRESETS, RunSpec, SpecError, run
from overfit_core.comparison.target import Target
from overfit_core.racing import Member, RacePlan, race
from overfit_core.training import History
from overfit_core.training.cache import PROGRAMS


def short(preset: str, epochs: int, **training: object) -> RunSpec:
    data = PRESETS[preset].spec.model_dump(mode="json")
    data["training"] |= {"epochs": epochs, "probes": []} | training
    return RunSpec.load(data)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "spec", [short("article-2", 60), short("dropout", 12), short("sine", 20, dtype="float64")],
    ids=["dense", "dropout", "float64"],
)  # fmt: skip
def test_every_run_is_to_the_last_bit_what_it_is_alone(spec: RunSpec) -> None:
    histories: dict[Member, History] = {}
    optimizers = ["Adam", "SGD", "ScheduleFreeAdamW", "Muon"]
    result = race(
        spec,
        optimizers=optimizers,
        learning_rates=[0.003, 0.1],
        seeds=2,
        defaults=False,
        on_run=lambda run, history: histories.update({run.member: history}),
    )
    assert result.complete
    assert len(histories) == 16
    # In another order than they were trained in: nothing is left over from the run before.
    for member in sorted(histories, key=lambda member: (member.seed, -member.learning_rate)):
        alone = run(result.plan.spec_of(member)).history
        for column in ("loss", "learning_rate"):
            np.testing.assert_array_equal(histories[member][column], alone[column])


def test_one_program_serves_all_runs_of_an_optimizer() -> None:
    PROGRAMS.clear()
    race(short("article-1", 5), optimizers=["Adam", "SGD"], learning_rates=3, seeds=3)
    assert len(PROGRAMS) == 2


def test_a_run_that_diverges_is_a_miss_and_costs_no_more_epochs() -> None:
    spec = short("learning-rate-too-high", 5_000)
    result = race(spec, optimizers=["SGD"], learning_rates=[1e-3, 900.0], seeds=1, defaults=False)
    tame, wild = result.runs
    assert tame.epochs == 5_000
    assert wild.diverged
    assert wild.epochs == wild.non_finite_epoch < 5_000
    assert wild.epochs_to_target == math.inf


def test_a_race_that_is_stopped_keeps_what_is_there() -> None:
    ended: list[Member] = []
    spec = short("article-2", 1_000_000)
    result = race(
        spec,
        optimizers=["SGD", "Adam"],
        learning_rates=[0.1, 0.01],
        seeds=2,
        target=Target("loss", 0.6),
        on_run=lambda run, _: ended.append(run.member),
        should_stop=lambda: True,
    )
    assert result.runs == []
    looks = iter([False, True])
    result = race(spec, optimizers=["SGD"], learning_rates=[0.1], should_stop=lambda: next(looks))
    (cut,) = result.runs
    assert cut.stopped
    assert 0 < cut.epochs < 1_000_000
    assert not result.complete
    assert result.scores() == []


def test_what_is_wrong_is_said_before_anything_is_trained() -> None:
    with pytest.raises(SpecError, match="Adom"):
        race(RunSpec(), optimizers=["Adom"])
    assert RacePlan.model_validate_json(
        race(short("article-1", 1), optimizers=["Adam"], learning_rates=1, seeds=1)
        .plan.model_dump_json()
    ).runs == 2  # fmt: skip
