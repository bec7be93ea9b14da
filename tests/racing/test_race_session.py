"""A run of a race says of its end what it says alone, so that it can be opened as that."""

import math

import numpy as np
import pytest

from overfit_core import PRESETS, RunSpec, run
from overfit_core.comparison.target import Target
from overfit_core.racing import RacePlan, race_session
from overfit_core.racing.running import run_members
from overfit_core.training.result import RunSummary
from overfit_core.training.spec_session import SpecSession

COMPUTED = ("loss", "accuracy", "r2")
TIMED = ("compile_seconds", "train_seconds")


def short(preset: str, epochs: int, batch: object = None, **training: object) -> RunSpec:
    data = PRESETS[preset].spec.model_dump(mode="json")
    data["training"] |= {"epochs": epochs, "probes": []} | training
    data["batch"] = batch or data["batch"]
    return RunSpec.load(data)


SPECS = {
    "dense": short("article-2", 60),
    "dropout": short("dropout", 12),
    "convolution": short("digits-cnn", 12),
    "held-out": short("iris", 15),
    "regression": short("sine", 20),
    "float64": short("sine", 20, dtype="float64"),
    "one sample": short("sine", 20, {"source": "sine", "samples": 1}),
    "memorised": short("article-2", 500),
}


def figures(summary: RunSummary) -> list[float]:
    """What is computed; NaN where there is nothing."""
    found = [getattr(summary, name) for name in COMPUTED]
    return [math.nan if value is None else value for value in found]


@pytest.mark.exhaustive
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_run_says_of_its_end_what_it_says_alone(spec: RunSpec) -> None:
    plan = RacePlan.load(
        {
            "spec": spec,
            "optimizers": [
                {"name": "SGD"},
                {"name": "SGD", "arguments": {"use_ema": True, "ema_momentum": 0.9}},
                {"name": "ScheduleFreeAdamW"},
            ],
            # With the second one SGD diverges in some of the networks.
            "learning_rates": (0.1, 900.0),
            "seeds": (5,),
            "target": Target("loss", 0.1),
            "defaults": False,
        }
    )
    every = {trained.run.member: trained for trained in run_members(plan, plan.members())}
    assert list(every) == list(plan.members())
    for member in list(every)[::-1]:
        trained, alone = every[member], run(plan.spec_of(member))
        said, summary = trained.summary, alone.summary
        assert said is not None
        others = {*COMPUTED, *TIMED}
        assert said.model_dump(exclude=others) == summary.model_dump(exclude=others)
        np.testing.assert_allclose(figures(said), figures(summary), rtol=1e-6, atol=2e-7)
        assert set(trained.history) == set(alone.history)
        for column in alone.history:
            np.testing.assert_array_equal(trained.history[column], alone.history[column])


def test_what_it_started_from_is_known() -> None:
    plan = RacePlan.load(
        {
            "spec": SPECS["dense"],
            "optimizers": [{"name": "Adam"}, {"name": "SGD"}],
            "learning_rates": (0.1,),
            "seeds": (5, 6),
            "target": Target("loss", 0.1),
        }
    )
    hashes = {}
    for trained in run_members(plan, plan.members()):
        alone = SpecSession(plan.spec_of(trained.run.member))
        assert trained.batch_hash == alone.batch_hash
        assert trained.weights_hash == alone.weights_hash
        hashes.setdefault(trained.run.member.seed, set()).add(trained.weights_hash)
    assert [len(found) for found in hashes.values()] == [1, 1], "the same for all optimizers"
    assert hashes[5] != hashes[6]


def test_a_run_that_is_cut_short_says_so() -> None:
    looks = iter([False, True])
    plan = RacePlan.load(
        {
            "spec": short("article-2", 1_000_000),
            "optimizers": [{"name": "SGD"}],
            "learning_rates": (0.1,),
            "seeds": (0,),
            "target": Target("loss", 0.1),
        }
    )
    (cut,) = run_members(plan, plan.members(), lambda: next(looks))
    assert cut.summary is not None
    assert cut.run.stopped
    assert (cut.summary.ended, cut.summary.epochs) == ("stopped", cut.run.epochs)


def test_a_run_that_fails_at_its_end_leaves_its_network_at_its_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next race of this process may find it."""
    ema = {"name": "SGD", "arguments": {"use_ema": True, "ema_momentum": 0.9}}
    plan = RacePlan.load(
        {
            "spec": short("article-2", 12),
            "optimizers": [ema],
            "learning_rates": (0.1,),
            "seeds": (91,),
            "target": Target("loss", 0.1),
            "defaults": False,
        }
    )

    def no_memory(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(race_session, "inference", no_memory)
        with pytest.raises(MemoryError):
            next(run_members(plan, plan.members()))
    (again,) = run_members(plan, plan.members())
    alone = run(plan.spec_of(again.run.member))
    np.testing.assert_array_equal(again.history["loss"], alone.history["loss"])
