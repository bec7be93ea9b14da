"""Races for tests of the store, and runs of them that nobody has trained."""

import math

import numpy as np

from overfit_core.comparison.target import Target
from overfit_core.racing.plan import Member, RacePlan
from overfit_core.racing.results import RaceRun
from overfit_core.racing.trained import Paused, Trained
from overfit_core.store import GroupKey, Store
from overfit_core.training.checkpoint import Checkpoint
from overfit_core.training.criterion import Memorisation
from overfit_core.training.history import History
from tests.store.conftest import SUMMARY


def plan(**changes: object) -> RacePlan:
    """Two optimizers x two learning rates x two seeds."""
    given = {
        "spec": {"training": {"epochs": 5, "probes": ()}},
        "optimizers": [{"name": "Adam"}, {"name": "SGD", "arguments": {"momentum": 0.9}}],
        "learning_rates": (0.1, 0.0123),
        "seeds": (3, 4),
        "target": Target("loss", 0.1),
        "defaults": False,
    }
    return RacePlan.load(given | changes)


def race_run(member: Member, **changes: object) -> RaceRun:
    """A run that reached the target in no time that anybody could have written by accident."""
    given: dict[str, object] = {
        **{"epochs": 5, "epochs_to_target": 4.0, "seconds_to_target": 0.1 + 0.2, "seconds": 1 / 3},
        **{"memorised_epoch": 2, "non_finite_epoch": None, "best_loss": 1e-300},
        **{"best_epoch": 5, "drift": 0.0, "log_area": -1.5, "stopped": False},
    }
    return RaceRun(member, **(given | changes))  # type: ignore[arg-type]


def missed(member: Member) -> RaceRun:
    """A run that diverged at once."""
    infinite = {"epochs_to_target": math.inf, "seconds_to_target": math.inf, "log_area": math.inf}
    nothing = {"memorised_epoch": None, "best_loss": None, "best_epoch": None, "drift": None}
    return race_run(member, epochs=1, non_finite_epoch=1, **infinite, **nothing)


def history(epochs: int = 5) -> History:
    return History({"loss": 1 / np.arange(1, epochs + 1, dtype=np.float32)})


def trained(member: Member, **changes: object) -> Trained:
    """The same with what else is kept."""
    epochs = changes.get("epochs", 5)
    assert isinstance(epochs, int)
    summary = SUMMARY.model_copy(
        update={"epochs": epochs, "ended": "stopped" if changes.get("stopped") else "epochs"}
    )
    run = race_run(member, **changes)
    return Trained(run, history(epochs), summary, "b" * 64, f"{member.seed:064d}")


def paused(member: Member, epochs: int = 3, *, ends: bool = False) -> Paused:
    """A run that was left in the middle; a fit of the reference ``ends`` there."""
    weights = (np.arange(6, dtype=np.float32).reshape(2, 3) / 7, np.array([epochs]))
    streak = Memorisation(None, None, 2)
    made = Checkpoint("v", epochs, 2, np.array([0, 3]), streak, (1 / 3, 2), 0.5, 1 / 7, weights)
    return Paused(member, history(epochs), None if ends else made)


def train_group(store: Store, key: GroupKey, worker: str = "w") -> list[Member]:
    """Take a group, train what is missing of it, and end it."""
    store.claim_race_group(key, worker)
    members = store.missing_race_members(key)
    assert store.add_race_runs(key, worker, [trained(member) for member in members])
    assert store.end_race_group(key, worker, "finished")
    return members


def train_race(store: Store, race_id: str) -> None:
    for key in store.waiting_race_groups():
        if key.race_id == race_id:
            train_group(store, key)


def statuses(store: Store, race_id: str) -> list[str]:
    return [group.status for group in store.race(race_id).groups]
