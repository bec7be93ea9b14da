"""The Dask task that looks for the cause of a run: a run id in, nothing out."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from distributed import get_worker

from overfit_core.errors import OverfitError, StoreError
from overfit_core.store import Store
from overfit_core.workers.giving_way import GivingWay
from overfit_core.workers.insistence import Insistence
from overfit_core.workers.own_store import own_store
from overfit_core.workers.shift import SHIFT
from overfit_core.workers.warm import WARM_UP, name_of

if TYPE_CHECKING:
    from overfit_core.diagnosis.report import Report

GAVE_WAY = (
    "It gave its worker to a run or to an export that waited. What was tried until then is kept; "
    "ask again to go on looking."
)


def check_run(run_id: str, run_work: float | None) -> None:
    """Look for the cause of a run in this worker process, and write down what is found.

    Args:
        run_id: A run of the store, whose check waits there.
        run_work: The most that the run and each trial may take; see ``check_spec``.

    Raises:
        Reschedule: If this process is about to be replaced, so that another one looks.
    """
    with SHIFT.run(), WARM_UP.paused():
        WARM_UP.prepare()
        look_for_cause(own_store(), run_id, name_of(get_worker()), run_work)


def look_for_cause(store: Store, run_id: str, worker: str, run_work: float | None = None) -> None:
    """Take the check of a run and end it; what goes wrong becomes its reason.

    Args:
        store: Where the run is.
        run_id: The run; a check that somebody else has, or that has ended, is left alone.
        worker: The name to claim it with.
        run_work: The most that the run and each trial may take; see ``check_spec``.
    """
    try:
        asked = store.claim_check(run_id, worker)
    except StoreError:
        return
    insistent = Insistence()
    with Heart(store, run_id, worker, keeping=_tried(asked.report)) as heart, heart.reachable():
        try:
            report = _report(store, run_id, asked.budget, run_work, heart)
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


def _tried(report: Report | None) -> bool:
    return report is not None and any(fix.tried for fix in report.fixes)


def _report(
    store: Store, run_id: str, budget: float, run_work: float | None, heart: Heart
) -> Report:
    from overfit_core.diagnosis import check_spec

    record = store.run(run_id)
    return check_spec(
        record.spec,
        # Of a run that somebody stopped, what it came to is what is asked about.
        epochs=record.epoch if record.status == "stopped" and record.epoch else None,
        budget_seconds=budget,
        on_progress=heart.tell,
        should_stop=lambda: heart.stopped,
        run_work=run_work,
    )


class Heart(GivingWay):
    """The sign of life of a check while the ``with`` block lasts.

    Attributes:
        stopped: Whether to go on no longer; ``gave_way`` says whether for the sake of what waits.
    """

    def __init__(self, store: Store, run_id: str, worker: str, *, keeping: bool = False) -> None:
        """Take a check that ``worker`` has claimed; keep an earlier report until there is more."""
        super().__init__(store, run_id)
        self.stopped = False
        self._keeping = keeping
        self._worker = worker

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
        self._look()
        return True

    def _renew(self, report: str | None = None) -> None:
        # The database may be back at the next beat; if not, the lease runs out.
        with suppress(StoreError):
            if not self._store.renew_check(self.key, self._worker, report):
                self.stopped = True
