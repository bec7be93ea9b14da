"""What a person asks of runs."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence

from sqlalchemy import and_, insert

from overfit_core.errors import shown
from overfit_core.spec import MAX_GROUP, RunSpec
from overfit_core.store import chunks
from overfit_core.store.engine import writing
from overfit_core.store.guards import PARKED, UNCLAIMED, Guarded, changed
from overfit_core.store.records import Wish
from overfit_core.store.tables import RunRow

STOPPED_PARKED = "It was paused and had given its worker away; what was recorded is kept."
_WISHES: tuple[Wish, ...] = ("run", "pause", "stop")


class PersonSide(Guarded):
    """New runs, and wishes for those that go on. A worker reads a wish within 0.1 s."""

    def create_run(
        self,
        spec: RunSpec,
        *,
        pace: float | None = None,
        steps: int | None = None,
        owner: str | None = None,
        preset: str | None = None,
    ) -> str:
        """Put one run into the queue and return its id; see ``create_runs``."""
        made = self.create_runs([spec], pace=pace, steps=steps, owner=owner, preset=preset)
        return made[0]

    def create_runs(
        self,
        specs: Sequence[RunSpec],
        *,
        pace: float | None = None,
        steps: int | None = None,
        owner: str | None = None,
        preset: str | None = None,
    ) -> list[str]:
        """Put runs into the queue, all or none; several are a group that trains in lock-step.

        Args:
            specs: What to run, 1 to ``MAX_GROUP``.
            pace: Epochs per second; None for as fast as it goes.
            steps: Train so many epochs, then pause; None trains to the end.
            owner: Who makes them, as a hash; None for everybody.
            preset: Id of the preset that the settings started from.

        Returns:
            Their ids, in the order of the specs: 16 characters each, unguessable, URL-safe.

        Raises:
            ValueError: If there is no spec, or more than ``MAX_GROUP``; if ``pace`` is not a
                finite number above 0, or ``steps`` is below 1.
        """
        _check_pace(pace)
        _check_steps(steps)
        if not 1 <= len(specs) <= MAX_GROUP:
            raise ValueError(f"1 to {MAX_GROUP} runs start at once, got {len(specs)}.")
        now, ids = self._now(), [secrets.token_urlsafe(12) for _ in specs]
        shared = {
            "created_at": now,
            "wished_at": now,
            "pace": pace,
            "wish": "run" if steps is None else "pause",
            "steps_wanted": steps or 0,
            "owner": owner,
            "preset": preset,
            "group_id": secrets.token_urlsafe(12) if len(specs) > 1 else None,
        }
        rows = [
            {
                **shared,
                "id": run_id,
                "place": place,
                "name": spec.name,
                "spec": spec.to_json(),
                "spec_hash": spec.hash,
                "optimizer": spec.optimizer.name,
            }
            for place, (run_id, spec) in enumerate(zip(ids, specs, strict=True))
        ]
        with writing(self._engine) as session:
            session.execute(insert(RunRow), rows)
        return ids

    def set_wish(self, run_id: str, wish: Wish) -> bool:
        """Ask a run to go on, to pause or to stop. A stop is final.

        A run that no worker has is stopped at once, any other by its worker.

        Returns:
            False if the run has ended, or is stopping, so that nothing was changed.

        Raises:
            UnknownRunError: If there is no run under this id.
            ValueError: If ``wish`` is none of the three.
        """
        if wish not in _WISHES:
            raise ValueError(f"A wish is one of {_WISHES}, got {shown(wish)}.")
        now = self._now()
        stopped = {"wish": "stop", "wished_at": now, "status": "stopped", "finished_at": now}
        parked = stopped | {"reason": STOPPED_PARKED}
        with writing(self._engine) as session:
            this = RunRow.id == run_id
            if wish == "stop" and changed(session, and_(this, PARKED), parked):
                chunks.pack(session, run_id)
                return True
            if wish == "stop" and changed(session, and_(this, UNCLAIMED), stopped):
                return True
            return self._ask(session, run_id, {"wish": wish})

    def step(self, run_id: str, epochs: int = 1) -> bool:
        """Pause a run and train so many epochs more; several calls add up.

        Returns:
            False if the run has ended, or is stopping.

        Raises:
            UnknownRunError: If there is no run under this id.
            ValueError: If ``epochs`` is below 1.
        """
        _check_steps(epochs)
        with writing(self._engine) as session:
            return self._ask(
                session, run_id, {"wish": "pause", "steps_wanted": RunRow.steps_wanted + epochs}
            )

    def set_pace(self, run_id: str, pace: float | None) -> bool:
        """Show a run at ``pace`` epochs per second; None for as fast as it goes.

        Returns:
            False if the run has ended, or is stopping.

        Raises:
            UnknownRunError: If there is no run under this id.
            ValueError: If ``pace`` is not a finite number above 0.
        """
        _check_pace(pace)
        with writing(self._engine) as session:
            return self._ask(session, run_id, {"pace": pace})


def _check_pace(pace: float | None) -> None:
    if pace is not None and not (math.isfinite(pace) and pace > 0):
        raise ValueError(f"A pace is a number of epochs per second above 0, got {pace}.")


def _check_steps(epochs: int | None) -> None:
    if epochs is not None and epochs < 1:
        raise ValueError(f"A step is at least 1 epoch, got {epochs}.")
