"""A run of a race that was left in the middle gives, wherever it goes on, what it gives alone."""

import math
import pickle
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from overfit_core import PRESETS, RunSpec, run
from overfit_core.comparison.target import Target
from overfit_core.racing import Member, RacePlan, RaceRun
from overfit_core.racing.race_session import RaceSession
from overfit_core.racing.running import RaceSessions, run_members
from overfit_core.racing.trained import Paused, Trained
from overfit_core.training import History
from overfit_core.training.checkpoint import Checkpoint
from overfit_core.training.pacing import ChunkLength

EPOCHS = 90
OPTIMIZERS = [
    {"name": "Adam"},
    {"name": "SGD", "arguments": {"use_ema": True, "ema_momentum": 0.9}},
    {"name": "ScheduleFreeAdamW"},
    {"name": "Muon"},
]


def short(preset: str, epochs: int = EPOCHS, **training: object) -> RunSpec:
    data = PRESETS[preset].spec.model_dump(mode="json")
    data["training"] |= {"epochs": epochs, "probes": []} | training
    return RunSpec.load(data)


NORMALISED = {"layers": [{"kind": "dense", "units": 8}, {"kind": "batch_normalization"}]}
SPECS = {
    "dropout": short("dropout", 60),
    "dense": short("article-2"),
    "float64": short("sine", dtype="float64"),
    "moving statistics": short("article-2").model_copy(
        update={"model": RunSpec.load({"model": NORMALISED}).model}
    ),
}


def raced(spec: RunSpec, **changes: object) -> RacePlan:
    given = {
        "spec": spec,
        "optimizers": OPTIMIZERS,
        "learning_rates": (0.003, 0.1),
        "seeds": (3, 4),
        "target": Target("loss", 0.1),
        "defaults": False,
    }
    return RacePlan.load(given | changes)


class Looks:
    """Says to leave at the second look of each visit."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bool:
        self.count += 1
        return self.count % 2 == 0


def left_again_and_again(plan: RacePlan) -> tuple[list[Trained], int]:
    """Train a race, leaving it again and again; what it gave, and how often it was come to."""
    every: list[Trained] = []
    paused, visits = None, 0
    while paused is not None or not visits:
        missing = list(plan.members())[len(every) :]
        work = run_members(plan, missing, should_pause=Looks(), paused=carried(paused))
        paused, visits = yield_into(every, work), visits + 1
    return every, visits


def carried(paused: Paused | None) -> Paused | None:
    """What another process finds of it."""
    if paused is None or paused.checkpoint is None:
        return paused
    return Paused(
        paused.member,
        History.from_arrow(paused.history.to_arrow()),
        Checkpoint.from_bytes(paused.checkpoint.to_bytes()),
    )


def yield_into(every: list[Trained], work: object) -> Paused | None:
    """Take all that a generator gives, and return what it returns."""
    while True:
        try:
            every.append(next(work))  # type: ignore[call-overload]
        except StopIteration as over:
            left: Paused | None = over.value
            return left


def without_times(trained: Trained) -> RaceRun:
    return replace(trained.run, seconds=0.0, seconds_to_target=0.0)


def assert_alike(one: History, other: History) -> None:
    assert set(one) == set(other)
    for column in one:
        np.testing.assert_array_equal(one[column], other[column])


@pytest.mark.exhaustive
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_what_is_left_in_the_middle_gives_what_it_gives_at_once(
    spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Chunks of ten epochs: on a fast machine a run would be over before the second look.
    monkeypatch.setattr(ChunkLength, "record", lambda *_: None)
    plan = raced(spec)
    at_once = list(run_members(plan, plan.members()))
    parts, visits = left_again_and_again(plan)
    assert visits > 2 * len(at_once)
    assert list(map(without_times, parts)) == list(map(without_times, at_once))
    for one, other in zip(parts, at_once, strict=True):
        assert one.run.seconds > 0
        assert one.summary is not None
        assert other.summary is not None
        times = {"compile_seconds", "train_seconds"}
        assert one.summary.model_dump(exclude=times) == other.summary.model_dump(exclude=times)
        assert (one.batch_hash, one.weights_hash) == (other.batch_hash, other.weights_hash)
        assert_alike(one.history, other.history)
        assert_alike(one.history, run(plan.spec_of(one.run.member)).history)


def test_other_runs_may_use_the_same_program_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChunkLength, "record", lambda *_: None)
    plan = raced(SPECS["dropout"], optimizers=OPTIMIZERS[:1], seeds=(3,), learning_rates=(0.01,))
    (member,) = plan.members()
    alone = run(plan.spec_of(member)).history
    every: list[Trained] = []
    left = yield_into(every, run_members(plan, [member], should_pause=lambda: True))
    assert left is not None
    assert 0 < len(left.history) < len(alone)
    other = plan.model_copy(update={"seeds": (9,)})
    run(other.spec_of(next(other.members())))
    assert yield_into(every, run_members(plan, [member], paused=carried(left))) is None
    assert_alike(every[0].history, alone)


def test_its_seconds_are_those_of_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChunkLength, "record", lambda *_: None)
    plan = raced(SPECS["dense"], optimizers=OPTIMIZERS[:1], seeds=(3,), learning_rates=(0.01,))
    every: list[Trained] = []
    left = yield_into(every, run_members(plan, plan.members(), should_pause=lambda: True))
    assert left is not None
    assert left.checkpoint is not None
    spent = replace(left.checkpoint, train_seconds=1_000.0)
    later = Paused(left.member, left.history, spent)
    assert yield_into(every, run_members(plan, plan.members(), paused=later)) is None
    assert 1_000.0 < every[0].run.seconds < 2_000.0


def test_who_goes_on_stands_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChunkLength, "record", lambda *_: None)
    looks = iter([False] * 20 + [True])
    spec = short("article-2", 400)
    plan = raced(spec, optimizers=OPTIMIZERS[:1], seeds=(3,), learning_rates=(0.01,))
    work = run_members(plan, plan.members(), should_pause=lambda: next(looks))
    left = yield_into([], work)
    assert left is not None
    assert left.checkpoint is not None
    session = RaceSessions(plan).session(left.member)
    assert session.go_on(replace(left.checkpoint, streak=7))
    again = session.checkpoint()
    assert (again.epoch, again.streak, again.best) == (210, 7, left.checkpoint.best)
    assert again.memorisation == left.checkpoint.memorisation
    np.testing.assert_array_equal(again.learned, left.checkpoint.learned)
    assert again.learned.any(), "some are right by then"
    for one, other in zip(again.variables, left.checkpoint.variables, strict=True):
        np.testing.assert_array_equal(one, other)


IN_A_PROCESS = """
import pickle, sys
from overfit_core.racing import RacePlan
from overfit_core.racing.running import RaceSessions, run_members
plan, paused = pickle.load(sys.stdin.buffer)
plan = RacePlan.model_validate_json(plan)
assert RaceSessions(plan).session(paused.member).go_on(paused.checkpoint)
(trained,) = run_members(plan, plan.members(), paused=paused)
sys.stdout.buffer.write(pickle.dumps(trained.history))
"""


@pytest.mark.exhaustive
def test_it_goes_on_in_another_process() -> None:
    """There nothing is left of the one that it was begun in."""
    plan = raced(SPECS["dropout"], optimizers=OPTIMIZERS[:1], seeds=(3,), learning_rates=(0.01,))
    left = carried(yield_into([], run_members(plan, plan.members(), should_pause=lambda: True)))
    assert left is not None
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        input=pickle.dumps((plan.model_dump_json(), left)),
        capture_output=True,
        check=True,
        timeout=120,
    )
    (whole,) = run_members(plan, plan.members())
    assert_alike(pickle.loads(done.stdout), whole.history)


def test_what_another_version_has_left_begins_again() -> None:
    plan = raced(SPECS["dense"], optimizers=OPTIMIZERS[:1], seeds=(3,), learning_rates=(0.01,))
    left = yield_into([], run_members(plan, plan.members(), should_pause=lambda: True))
    assert left is not None
    assert left.checkpoint is not None
    zeros = tuple(np.zeros_like(values) for values in left.checkpoint.variables)
    old = Paused(left.member, left.history, replace(left.checkpoint, variables=zeros, versions=""))
    (again,) = run_members(plan, plan.members(), paused=old)
    (whole,) = run_members(plan, plan.members())
    assert_alike(again.history, whole.history)


OTHERS = {
    "batch": {"batch": {"source": "sine", "samples": 32, "seed": 8}},
    "activation": {"model": {"layers": [{"kind": "dense", "units": 8, "activation": "tanh"}]}},
    "units": {"model": {"layers": [{"kind": "dense", "units": 9}]}},
    "epsilon": {"optimizer": "epsilon"},
    "seed": {"seed": 4},
    "learning rate": {"rate": 0.02},
    "none": {},
}


@pytest.mark.parametrize("other", OTHERS)
def test_only_what_the_same_run_has_left_is_gone_on_with(other: str) -> None:
    """Another version may make another batch or network of the same settings."""

    def session(changed: dict[str, Any]) -> RaceSession:
        own = {"source": "sine", "samples": 32}, {"layers": [{"kind": "dense", "units": 8}]}
        spec = {"batch": changed.get("batch", own[0]), "model": changed.get("model", own[1])}
        arguments = {"epsilon": 1e-3} if "optimizer" in changed else {}
        plan = raced(RunSpec.load(spec), optimizers=[{"name": "Adam", "arguments": arguments}])
        return RaceSessions(plan).session(
            Member(0, changed.get("rate", 0.01), changed.get("seed", 3))
        )

    left = session({})
    left.advance(5)
    assert session(OTHERS[other]).go_on(left.checkpoint()) is (other == "none")


def test_a_stop_comes_before_a_pause() -> None:
    plan, looks = raced(short("article-2", 1_000_000)), iter([False, True])
    every: list[Trained] = []
    work = run_members(plan, plan.members(), lambda: next(looks), should_pause=lambda: True)
    assert yield_into(every, work) is None
    assert [trained.run.stopped for trained in every] == [True]


@pytest.mark.parametrize("best", [None, (math.pi, 7)])
def test_a_checkpoint_comes_back_to_the_last_bit(best: tuple[float, int] | None) -> None:
    plan = raced(SPECS["float64"], seeds=(3,), learning_rates=(0.1,))
    left = yield_into([], run_members(plan, plan.members(), should_pause=lambda: True))
    assert left is not None
    assert left.checkpoint is not None
    made = replace(left.checkpoint, best=best, train_seconds=0.1 + 0.2)
    back = Checkpoint.from_bytes(made.to_bytes())
    assert replace(back, variables=(), learned=made.learned) == replace(made, variables=())
    np.testing.assert_array_equal(back.learned, made.learned)
    for one, other in zip(back.variables, made.variables, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        Checkpoint.from_bytes(data)
