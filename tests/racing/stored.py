"""Races as the store gives them, and runs of them, made by hand."""

import math
from datetime import UTC, datetime, timedelta

from overfit_core.racing import Member, RacePlan, RaceRun
from overfit_core.racing.standing import Standing
from overfit_core.store.race_records import RaceGroup, RaceRecord
from overfit_core.store.records import Status
from tests.racing.plans import plan

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def group(
    optimizer: int, status: Status, done: int, total: int = 6, reason: str | None = None
) -> RaceGroup:
    began = None if status == "queued" else START
    ended = None if status in ("queued", "running") else START + timedelta(seconds=8)
    return RaceGroup(optimizer, status, "w", reason, done, total, began, ended)


def record(*groups: RaceGroup, of: RacePlan | None = None, **changes: object) -> RaceRecord:
    given = {
        "id": "r1",
        "name": None,
        "given_name": None,
        "owner": None,
        "set_id": None,
        "place": 0,
        "created_at": START,
        "wish": "run",
        "groups": groups,
        "plan_json": (of or plan()).model_dump_json(),
    }
    return RaceRecord(**(given | changes))  # type: ignore[arg-type]


def run(
    optimizer: int,
    rate: float,
    seed: int,
    epochs: float,
    loss: float | None = 0.1,
    bad: int | None = None,
) -> RaceRun:
    """A run that reaches the target at this epoch, or misses it (infinite)."""
    return RaceRun(
        Member(optimizer, rate, seed),
        epochs=100 if bad is None else bad,
        epochs_to_target=epochs,
        seconds_to_target=epochs / 10,
        seconds=10.0,
        memorised_epoch=None,
        non_finite_epoch=bad,
        best_loss=loss,
        best_epoch=1,
        drift=0.0 if epochs < math.inf else None,
        log_area=-1.0,
    )


def standing(*runs: RaceRun, of: RacePlan | None = None) -> Standing:
    return Standing.of(of or plan(), runs)
