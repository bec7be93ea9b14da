"""New runs: checked against what this installation allows, stored, and handed to the workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overfit_core.fit import check_work
from pages.parts.engine import engine
from pages.parts.visitor import owner

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec


def begin_runs(
    specs: Sequence[RunSpec],
    *,
    ending: Sequence[str] = (),
    pace: float | None = None,
    steps: int | None = None,
    preset: str | None = None,
) -> list[str]:
    """Begin runs of whoever looks at the page; returns their ids.

    Args:
        specs: What is trained; several train in lock-step.
        ending: Ids of runs that are stopped for them.
        pace: Epochs per second; None for as fast as it goes.
        steps: So many epochs, then a pause; None trains to the end.
        preset: Id of the preset that the settings started from.

    Raises:
        OverfitError: If they are larger, or more, than is allowed here.
    """
    # With the database, for which a first page does not wait.
    from overfit_core.store import Room

    handles = engine()
    check_work(specs, handles.settings.run_work)
    made = handles.store.create_runs(
        specs,
        ending=ending,
        pace=pace,
        steps=steps,
        owner=owner(),
        preset=preset,
        room=Room(handles.settings.runs_per_visitor, handles.settings.runs_waiting),
    )
    # Its worker takes the others with it.
    handles.workers.submit(made[0])
    return made
