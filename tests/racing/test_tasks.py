"""The same race over several tasks."""

import math

import pytest

from overfit_core import PRESETS, RunSpec, SpecError, race, race_tasks
from overfit_core.comparison.target import Target
from overfit_core.racing import RaceRun, optimizer_scores
from overfit_core.racing.profiles import profile_curves
from overfit_core.training import History


def short(preset: str, epochs: int) -> RunSpec:
    data = PRESETS[preset].spec.model_dump(mode="json")
    data["training"] |= {"epochs": epochs, "probes": []}
    return RunSpec.load(data)


TASKS = {"xor": short("xor", 60), "sine": short("sine", 40)}


@pytest.mark.exhaustive
def test_each_task_gives_what_its_race_gives_alone() -> None:
    told: list[tuple[str, RaceRun]] = []
    result = race_tasks(
        TASKS,
        optimizers=["Adam", "SGD"],
        learning_rates=[0.05, 0.3],
        seeds=[1, 2],
        target=Target("loss", 0.5),
        on_run=lambda task, run, _: told.append((task, run)),
    )
    assert result.complete
    assert result.tasks == ("xor", "sine")
    assert [run for _, run in told] == [run for one in result.results.values() for run in one.runs]
    assert [task for task, _ in told] == ["xor"] * 12 + ["sine"] * 12
    for name, spec in TASKS.items():
        alone = race(
            spec,
            optimizers=["Adam", "SGD"],
            learning_rates=[0.05, 0.3],
            seeds=[1, 2],
            target=Target("loss", 0.5),
        )
        both = zip(alone.runs, result.results[name].runs, strict=True)
        assert all(
            (one.member, one.epochs_to_target, one.best_loss)
            == (other.member, other.epochs_to_target, other.best_loss)
            for one, other in both
        )
    _profiles_follow_from_the_times(result)


def _profiles_follow_from_the_times(result: object) -> None:
    times = result.times()
    for place, one in enumerate(result.results.values()):
        for score, row in zip(one.scores(), times.values(), strict=True):
            assert row[place] == float(score.best.epochs.median)
    for tuning in ("tuned", "default"):
        times, ratios = result.times(tuning), [1.0, 1.5, 1e6]
        shares = result.profile(ratios, tuning)
        for name, row in times.items():
            fastest = [min(each) for each in zip(*times.values(), strict=True)]
            within = [
                sum(t < math.inf and t <= ratio * f for t, f in zip(row, fastest, strict=True)) / 2
                for ratio in ratios
            ]
            assert shares[name] == within
    stored = [(one.plan, optimizer_scores(one.plan, one.runs)) for one in result.results.values()]
    for name, curve in result.curves().items():
        assert curve.ratios.tolist() == profile_curves(stored)[name].ratios.tolist()
        assert curve.shares.tolist() == profile_curves(stored)[name].shares.tolist()


def test_what_is_to_reach_is_memorised_unless_it_is_named() -> None:
    few = {"optimizers": ["SGD"], "learning_rates": [0.1], "seeds": 1, "defaults": False}
    tasks = {name: spec.model_copy(update={"training": short(name, 1).training})
             for name, spec in TASKS.items()}  # fmt: skip
    usual = race_tasks(tasks, **few)
    assert [one.plan.target for one in usual.results.values()] == [
        Target("accuracy", 1.0), Target("r2", 0.99),
    ]  # fmt: skip
    named = race_tasks(tasks, target={"sine": Target("loss", 0.2)}, **few)
    assert [one.plan.target for one in named.results.values()] == [
        Target("accuracy", 1.0), Target("loss", 0.2),
    ]  # fmt: skip


def test_tasks_that_are_stopped_keep_what_is_there() -> None:
    ended: list[str] = []

    def note(task: str, _run: RaceRun, _history: History) -> None:
        ended.append(task)

    few = {"optimizers": ["SGD", "Adam"], "learning_rates": [0.1, 0.2], "seeds": 1}
    result = race_tasks(TASKS, on_run=note, should_stop=lambda: len(ended) >= 8, **few)
    assert [len(one.runs) for one in result.results.values()] == [6, 2]
    assert not result.complete
    assert result.tasks == ("xor",)
    assert [len(row) for row in result.times().values()] == [1, 1]
    answers = iter([True])
    once = race_tasks(TASKS, should_stop=lambda: next(answers, False), **few)
    assert [one.runs for one in once.results.values()] == [[], []]
    nothing = race_tasks(TASKS, should_stop=lambda: True, **few)
    assert [one.runs for one in nothing.results.values()] == [[], []]
    assert nothing.profile([1.0]) == nothing.curves() == {}


def test_what_is_wrong_is_said_before_anything_is_trained() -> None:
    told: list[str] = []
    few = {
        "optimizers": ["SGD"],
        "seeds": 1,
        "on_run": lambda task, _run, _history: told.append(task),
    }
    with pytest.raises(SpecError, match="no task"):
        race_tasks({}, **few)
    with pytest.raises(SpecError, match="Did you mean 'sine'"):
        race_tasks(TASKS, target={"sin": Target("loss", 0.1)}, **few)
    with pytest.raises(SpecError, match="Accuracy is not measured on 'A sine"):
        race_tasks(TASKS, target=Target("accuracy", 1.0), **few)
    with pytest.raises(ValueError, match="defaults=True"):
        race_tasks(
            {"xor": short("xor", 1)}, optimizers=["SGD"], learning_rates=[0.5], seeds=1,
            defaults=False,
        ).times("default")  # fmt: skip
    assert told == []
