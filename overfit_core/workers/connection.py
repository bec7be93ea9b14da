"""The web side's connection to a Dask scheduler: a sync client, held in an object of our own.

``st.cache_resource`` refuses a bare ``Client``, and nothing else here needs to know Dask.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

import dask
from dask._task_spec import Task
from distributed import Client, Future, fire_and_forget
from distributed.security import Security

from overfit_core.errors import WorkerError
from overfit_core.settings import Settings
from overfit_core.workers.check_task import check_run
from overfit_core.workers.export_task import build_export
from overfit_core.workers.giving_way import give_way
from overfit_core.workers.race_task import train_race_group
from overfit_core.workers.shift import end_shift
from overfit_core.workers.task import train_run
from overfit_core.workers.warm import METRIC, WarmUpPlugin

CONNECT_SECONDS = 5.0
"""How long the scheduler may take to answer; when it is gone, runs must be marked within 10 s."""
RESTART_SECONDS = 15
"""How long a worker may take to end before it is given up."""

Kind = Literal["train_run", "check_run", "train_race_group"]
_TASKS: Mapping[Kind, Callable[..., None]] = MappingProxyType(
    {"train_run": train_run, "check_run": check_run, "train_race_group": train_race_group}
)


@dataclass(frozen=True)
class WorkerState:
    """A worker as the scheduler sees it.

    Attributes:
        name: The name that it claims runs with.
        address: Its Dask address.
        seen: When it last told the scheduler anything, by the scheduler's clock, in seconds.
        imported: Whether it has imported TensorFlow.
        warm: Whether its warm-up is over.
        runs: How many runs it has had.
        memory: Resident memory, in bytes.
    """

    name: str
    address: str
    seen: float
    imported: bool
    warm: bool
    runs: int
    memory: int


class Connection:
    """Submits runs to a scheduler and looks after its workers. Safe to share between threads.

    Args:
        address: The scheduler's address.
        settings: Where the certificates are, for ``tls://``, and how much work a run may be.
        on_done: Called, from a thread of Dask's, whenever a task has ended in any way.

    Raises:
        OSError: If the scheduler does not answer.
    """

    def __init__(self, address: str, settings: Settings, on_done: Callable[[], None]) -> None:
        """Connect, and have the workers warm up."""
        self._on_done, self._run_work = on_done, settings.run_work
        dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT_SECONDS} s"})
        self._client = Client(
            address,
            security=_security(settings) if address.startswith("tls://") else None,
            set_as_default=False,
            timeout=CONNECT_SECONDS,
            name="overfit-web",
        )
        self._lock = threading.Lock()
        self._futures: dict[tuple[Kind, str], Future[None]] = {}
        self._failures: dict[tuple[Kind, str], str] = {}
        try:
            self._client.register_plugin(WarmUpPlugin())
        except BaseException:
            self.close()
            raise

    def submit(self, run_id: str) -> None:
        """Have a free worker train the run, unless a task for it is under way already."""
        self._start("train_run", run_id)

    def submit_check(self, run_id: str) -> None:
        """Have a free worker look for the cause of a run, once no run waits for one.

        How much work a trial may be goes with it: a worker that somebody else started has other
        settings.
        """
        self._start("check_run", run_id, self._run_work, priority=-1)

    def submit_race_group(self, name: str) -> None:
        """Have a free worker train a group of a race, by its name, once no run waits for one."""
        self._start("train_race_group", name, priority=-1)

    def _start(self, kind: Kind, run_id: str, *more: float | None, priority: int = 0) -> None:
        with self._lock:
            known = self._futures.get((kind, run_id))
            if known is not None and not known.done():
                return
            key = (kind, run_id, uuid.uuid4().hex)
            # A data producer waits at the scheduler until a worker is free; what client.submit
            # makes would be handed to a busy worker at once, and stay there while others idle.
            task = Task(key, _TASKS[kind], run_id, *more, _data_producer=True)
            (future,) = self._client.get(
                {key: task}, [key], sync=False, retries=0, priority=priority
            )
            # It shall run even when this process goes away.
            fire_and_forget(future)
            self._futures[kind, run_id] = future
            future.add_done_callback(partial(self._ended, (kind, run_id)))

    def _ended(self, what: tuple[Kind, str], future: Future[None]) -> None:
        # The future goes at once: a worker that keeps its result cannot be replaced quietly.
        error = str(future.exception()) if future.status == "error" else None
        with self._lock:
            if self._futures.get(what) is future:
                del self._futures[what]
            if error is not None:
                self._failures[what] = error
        self._on_done()

    def start_export(self, run_id: str, kind: str, seconds: float) -> Future[bytes]:
        """Have a free worker make a file of a run; see ``build_export``.

        Whoever waits for it releases it in the end: a worker that keeps a result cannot be
        replaced quietly; and a task that has not begun when nobody waits for it never does.
        """
        key = ("build_export", run_id, uuid.uuid4().hex)
        task = Task(key, build_export, run_id, kind, seconds, _data_producer=True)
        future: Future[bytes]
        (future,) = self._client.get({key: task}, [key], sync=False, retries=0)
        return future

    def has_place(self, future: Future[bytes]) -> bool:
        """Whether a worker has the task, or has had it."""
        placed = self._client.processing().values()
        return future.done() or any(future.key in keys for keys in placed)

    def ask_to_give_way(self, key: str, address: str) -> None:
        """Have what goes under this key leave the worker at this address to others."""
        self._client.run(give_way, key, workers=[address], on_error="ignore")

    def failures(self) -> dict[str, str]:
        """Return run ids whose tasks raised or died since the last call, with what they raised."""
        return self._failed("train_run")

    def check_failures(self) -> dict[str, str]:
        """Return run ids whose checks raised or died since the last call, with what they raised."""
        return self._failed("check_run")

    def race_failures(self) -> dict[str, str]:
        """Return groups of races whose tasks raised or died since the last call, and the error."""
        return self._failed("train_race_group")

    def _failed(self, kind: Kind) -> dict[str, str]:
        with self._lock:
            found = {what: error for what, error in self._failures.items() if what[0] == kind}
            self._failures = {k: v for k, v in self._failures.items() if k not in found}
        return {run_id: error for (_, run_id), error in found.items()}

    def workers(self) -> list[WorkerState]:
        """Return the workers that the scheduler knows and that have reported.

        Raises:
            OSError: If the scheduler does not answer.
            WorkerError: If it is not connected any more.
        """
        # Client.scheduler_info may return what the client's own look, which leaves the workers
        # out, has just put there; and who is not there counts as dead.
        if (scheduler := self._client.scheduler) is None:
            raise WorkerError("The connection to the scheduler was lost.")
        found = self._client.sync(scheduler.identity, n_workers=-1)["workers"]
        return [
            WorkerState(
                name=report["name"],
                address=address,
                seen=worker["last_seen"],
                imported=report["imported"],
                warm=report["warm"],
                runs=report["runs"],
                memory=worker["metrics"].get("memory", 0),
            )
            for address, worker in found.items()
            if (report := worker["metrics"].get(METRIC))
        ]

    def training(self) -> dict[str, list[str]]:
        """Return the ids of the runs that each worker, by its address, has a task for."""
        return self._placed("train_run")

    def racing(self) -> dict[str, list[str]]:
        """Return the groups of races that each worker, by its address, has a task for."""
        return self._placed("train_race_group")

    def _placed(self, kind: Kind) -> dict[str, list[str]]:
        return {
            address: [key[1] for key in keys if isinstance(key, tuple) and key[0] == kind]
            for address, keys in self._client.processing().items()
        }

    def restart(self, address: str) -> None:
        """Restart a worker in the background, also one that does not answer any more."""
        threading.Thread(target=self._restart, args=(address,), daemon=True).start()

    def _restart(self, address: str) -> None:
        try:
            self._client.restart_workers([address], timeout=RESTART_SECONDS, raise_for_error=False)
        except Exception:
            # The scheduler is gone, or the worker is: the watcher sees to both.
            return

    def replace(self, address: str, limit: int, seconds: float) -> None:
        """Ask a worker, in the background, to be replaced by a fresh one; see ``end_shift``."""
        asked = (address, limit, seconds)
        threading.Thread(target=self._replace, args=asked, daemon=True).start()

    def _replace(self, address: str, limit: int, seconds: float) -> None:
        try:
            self._client.run(end_shift, limit, seconds, workers=[address])
        except Exception:
            # It is asked again, if it still is there.
            return

    def close(self) -> None:
        """Disconnect; runs go on."""
        self._client.close(timeout=2)


def _security(settings: Settings) -> Security | None:
    files = {
        "tls_ca_file": settings.tls_ca_file,
        "tls_client_cert": settings.tls_cert,
        "tls_client_key": settings.tls_key,
    }
    given = {name: str(path) for name, path in files.items() if path is not None}
    return Security(require_encryption=True, **given) if given else None
