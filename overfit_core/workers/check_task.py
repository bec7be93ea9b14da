"""The Dask task that looks for the cause of a run: a run id in, nothing out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from distributed import get_worker

from overfit_core.errors import OverfitError, StoreError
from overfit_core.store import Store
from overfit_core.workers.insistence import Insistence
from overfit_core.workers.own_store import own_store
from overfit_core.workers.pulse import Pulse
from overfit_core.workers.shift import SHIFT
from overfit_core.workers.warm import WARM_UP, name_of

if TYPE_CHECKING:
    from overfit_core.diagnosis.report import Report

BEAT_SECONDS = 0.25
"""How often a check gives a sign of life and reads whether it is to go on."""
WAITING_SECONDS = 0.1
"""A run that has waited for a worker for so long, at two beats in succession, is given one."""
GAVE_WAY = (
    "It gave its worker to a run or to an export that waited. What was tried until then is kept; "
    "ask again to go on looking."
)

_beating: dict[str, Heart] = {}
"""The checks of this process, by the ids of their runs."""


def check_run(run_id: str) -> None:
    """Look for the cause of a run in this worker process, and write down what is found.

    Args:
        run_id: A run of the store, whose check waits there.

    Raises:
        Reschedule: If this process is about to be replaced, so that another one looks.
    """
    with SHIFT.run(), WARM_UP.paused():
        WARM_UP.prepare()
        look_for_cause(own_store(), run_id, name_of(get_worker()))


def look_for_cause(store: Store, run_id: str, worker: str) -> None:
    """Take the check of a run and end it; what goes wrong becomes its reason.

    Args:
        store: Where the run is.
        run_id: The run; a check that somebody else has, or that has ended, is left alone.
        worker: The name to claim it with.
    """
    try:
        asked = store.claim_check(run_id, worker)
    except StoreError:
        return
    insistent = Insistence()
    with Heart(store, run_id, worker, keeping=_tried(asked.report)) as heart, _reachable(heart):
        try:
            report = _report(store, run_id, asked.budget, heart)
        except Exception as error:
            said = (
                str(error)
                if isinstance(error, OverfitError)
                else f"{type(error).__name__}: {error}"
            )
            insistent(store.end_check, run_id, worker, "failed", reason=said[:2_000])
            return
    status: Literal["finished", "stopped"] = "stopped" if heart.stopped else "finished"
    reason = GAVE_WAY if heart.gave_way else None
    made = report.to_json() if heart.is_worth(report) else None
    insistent(store.end_check, run_id, worker, status, report=made, reason=reason)


def give_way(run_id: str) -> None:
    """Have the check of a run leave this worker process to what waits, if it has it."""
    if (heart := _beating.get(run_id)) is not None:
        heart.give_way()


@contextmanager
def _reachable(heart: Heart) -> Iterator[None]:
    _beating[heart.run_id] = heart
    try:
        yield
    finally:
        del _beating[heart.run_id]


def _tried(report: Report | None) -> bool:
    return report is not None and any(fix.tried for fix in report.fixes)


def _report(store: Store, run_id: str, budget: float, heart: Heart) -> Report:
    from overfit_core.diagnosis import check_spec

    record = store.run(run_id)
    return check_spec(
        record.spec,
        # Of a run that somebody stopped, what it came to is what is asked about.
        epochs=record.epoch if record.status == "stopped" and record.epoch else None,
        budget_seconds=budget,
        on_progress=heart.tell,
        should_stop=lambda: heart.stopped,
    )


class Heart(Pulse):
    """The sign of life of a check while the ``with`` block lasts.

    Attributes:
        run_id: Whose check it is.
        stopped: Whether to go on no longer.
        gave_way: Whether that is for the sake of a run or an export that waits.
    """

    def __init__(self, store: Store, run_id: str, worker: str, *, keeping: bool = False) -> None:
        """Take a check that ``worker`` has claimed; keep an earlier report until there is more."""
        super().__init__(f"check-{run_id}", BEAT_SECONDS)
        self.stopped = self.gave_way = False
        self._was_needed = False
        self._keeping = keeping
        self.run_id = run_id
        self._store, self._worker = store, worker

    def is_worth(self, report: Report) -> bool:
        """Tell whether a report may take the place of what an earlier check had found."""
        return not self._keeping or report.memorised or _tried(report)

    def tell(self, report: Report) -> None:
        """Write down how far it is; what the store refuses is told with the next one."""
        if self.is_worth(report):
            self._renew(report.to_json())

    def give_way(self) -> None:
        """Stop for the sake of what waits, unless it is to stop anyway."""
        if not self.stopped:
            self.stopped = self.gave_way = True

    def _beat(self) -> bool:
        self._renew()
        with suppress(StoreError):
            needed = self._is_needed()
            # Another one may just have made room: the run that it is for has not begun yet.
            if needed and self._was_needed:
                self.give_way()
            self._was_needed = needed
        return True

    def _is_needed(self) -> bool:
        """Whether a run waits for this very worker: as many checks give way as runs wait."""
        waiting = len(self._store.waiting_groups(WAITING_SECONDS))
        return waiting > 0 and self.run_id in list(self._store.running_checks())[:waiting]

    def _renew(self, report: str | None = None) -> None:
        # The database may be back at the next beat; if not, the lease runs out.
        with suppress(StoreError):
            if not self._store.renew_check(self.run_id, self._worker, report):
                self.stopped = True
