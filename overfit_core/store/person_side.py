"""What a person asks of runs."""

from __future__ import annotations

import math
import secrets

from sqlalchemy import and_, insert

from overfit_core.errors import shown
from overfit_core.spec import RunSpec
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
        self, spec: RunSpec, *, pace: float | None = None, steps: int | None = None
    ) -> str:
        """Put a run into the queue and return its id: 16 characters, unguessable, URL-safe.

        Args:
            spec: What to run.
            pace: Epochs per second; None for as fast as it goes.
            steps: Train so many epochs, then pause; None trains to the end.

        Raises:
            ValueError: If ``pace`` is not a finite number above 0, or ``steps`` is below 1.
        """
        _check_pace(pace)
        _check_steps(steps)
        run_id, now = secrets.token_urlsafe(12), self._now()
        with writing(self._engine) as session:
            session.execute(
                insert(RunRow).values(
                    id=run_id,
                    name=spec.name,
                    spec=spec.to_json(),
                    spec_hash=spec.hash,
                    created_at=now,
                    wished_at=now,
                    pace=pace,
                    wish="run" if steps is None else "pause",
                    steps_wanted=steps or 0,
                )
            )
        return run_id

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
