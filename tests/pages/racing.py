"""A trainer of races without TensorFlow: real races in a real store, with made-up numbers."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.charts.feed import Feed
from overfit_core.racing.plan import REFERENCE, Member, RacePlan
from overfit_core.racing.results import scored
from overfit_core.racing.setup import ENTRANTS, RaceSetup
from overfit_core.racing.trained import Trained
from overfit_core.settings import Settings
from overfit_core.store import Store
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary
from pages.parts import engine as engine_module
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address

EPOCHS = 100
WORKER = "fake"


def reaches_at(member: Member) -> int | None:
    """The epoch at which a run reaches its target; the best rate is 0.01, and half of all miss."""
    off = abs(np.log10(member.learning_rate) + 2)
    return None if off > 1.5 else int(20 + 20 * off + member.optimizer + 2 * member.seed)


def trained(plan: RacePlan, member: Member) -> Trained:
    """A run that gets it all right at some epoch, or never."""
    epochs, at = plan.spec.training.epochs, reaches_at(member)
    e = np.arange(1, epochs + 1)
    right = np.zeros(epochs, bool) if at is None else e >= at
    loss = np.where(right, 0.05, 0.7)
    score = plan.target.kind if plan.target.kind != "loss" else "accuracy"
    columns = {"loss": loss, score: np.where(right, 1.0, 0.5)}
    history = History(columns | {"learning_rate": np.full(epochs, member.learning_rate)})
    summary = RunSummary(
        ended="epochs",
        epochs=epochs,
        memorised_epoch=at,
        loss=float(loss[-1]),
        accuracy=float(right[-1]),
        compile_seconds=0.0,
        train_seconds=0.01,
        backend="xla",
        parameters=9,
        versions={},
    )
    run = scored(member, history, plan.target, seconds=0.01, memorised_epoch=at)
    if member.optimizer == REFERENCE:
        return Trained(run, history)
    return Trained(run, history, summary, "b" * 64, f"{member.seed:064x}")


def train(store: Store, race_id: str, *, without: Container[int] = (), most: int = 10_000) -> None:
    """Train what waits of a race.

    Args:
        store: Where it is.
        race_id: Its id.
        without: Places of optimizers that are left waiting.
        most: So many runs of each; a group with fewer than all of its runs goes on.
    """
    for key in store.waiting_race_groups():
        if key.race_id != race_id or key.optimizer in without:
            continue
        plan = store.claim_race_group(key, WORKER).plan
        missing = store.missing_race_members(key)
        store.add_race_runs(key, WORKER, [trained(plan, member) for member in missing[:most]])
        if most >= len(missing):
            store.end_race_group(key, WORKER, "finished")


SMALL = RaceSetup(
    optimizers=(ENTRANTS["SGD"], ENTRANTS["Adam"], ENTRANTS["Lion"]), rates=5, seeds=2, epochs=100
)


def started(open_app: OpenApp, setup: RaceSetup = SMALL, visitor: str = "me") -> AppTest:
    at = open_app("race", setup=setup.link_code(), visitor=visitor)
    at.button(key="start-race").click().run()
    assert not at.exception
    return at


def limit(workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Run the app with a setting of a place that many people share."""
    monkeypatch.setenv(name, value)
    handles = engine_module.Engine(workers.store, Feed(workers.store), workers, Settings.load())
    engine_module.engine.clear()
    monkeypatch.setattr(engine_module, "make_engine", lambda: handles)


def finished(open_app: OpenApp, store: Store, setup: RaceSetup = SMALL) -> AppTest:
    at = started(open_app, setup)
    for record in store.race_set(address(at)["race"]):
        train(store, record.id)
    return at.run()
