"""Races for tests of workers."""

import dataclasses
import threading
import time
from collections.abc import Callable

from overfit_core import PRESETS
from overfit_core.comparison.target import Target
from overfit_core.racing.plan import RacePlan
from overfit_core.racing.results import RaceRun
from overfit_core.store import GroupKey, RaceRecord, Store
from overfit_core.workers.race_task import train_group

PATIENCE = 60.0


def race_plan(epochs: int = 60, **changes: object) -> RacePlan:
    """A race of two optimizers, of which one diverges at the highest rate."""
    spec = PRESETS["learning-rate-too-high"].spec.model_dump(mode="json")
    spec["training"] |= {"epochs": epochs, "probes": []}
    given = {
        "spec": spec,
        "optimizers": [{"name": "SGD"}, {"name": "Adam"}],
        "learning_rates": (1e-3, 1e-2, 900.0),
        "seeds": (3, 4),
        "target": Target("loss", 0.1),
        "defaults": False,
    }
    return RacePlan.load(given | changes)


def long_plan() -> RacePlan:
    """A race whose first run takes minutes."""
    return race_plan(1_000_000, optimizers=[{"name": "Adam"}], learning_rates=(1e-3,), seeds=(3,))


def many_plan(seeds: int = 20, epochs: int = 1_500) -> RacePlan:
    """A race of many runs that take some hundredths of a second each."""
    rates = tuple(1e-3 + k * 1e-5 for k in range(36))
    return race_plan(epochs, learning_rates=rates, seeds=tuple(range(seeds)))


def until_race(
    store: Store, race_id: str, holds: Callable[[RaceRecord], bool], seconds: float = PATIENCE
) -> RaceRecord:
    """Wait until something holds of a race, and return it as it is then."""
    deadline = time.monotonic() + seconds
    while not holds(race := store.race(race_id)):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {race}"
        time.sleep(0.01)
    return race


def asked(store: Store, plan: RacePlan, optimizer: int = 0, *, reference: bool = False) -> GroupKey:
    """Start a race, and return one of its groups."""
    (race_id,) = store.create_races([plan], reference=reference)
    return GroupKey(race_id, optimizer)


def in_a_thread(store: Store, key: GroupKey) -> threading.Thread:
    """Train a group as a worker does, beside the test."""
    thread = threading.Thread(target=train_group, args=(store, key, "w"))
    thread.start()
    return thread


def without_times(run: RaceRun) -> RaceRun:
    """A run without what two machines do not share."""
    return dataclasses.replace(run, seconds=0.0, seconds_to_target=0.0)
