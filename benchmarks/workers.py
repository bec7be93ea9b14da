"""How soon workers obey, and are missed when they die: ``python -m benchmarks.workers``.

Real processes, two workers; each figure is the median and the worst of several times.
"""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import machine, table, write_section
from overfit_core.settings import Settings
from overfit_core.spec import OptimizerSpec, RunSpec, TrainingSpec
from overfit_core.store import RunRecord, Store
from overfit_core.workers import Cluster

REPEATS = 5
WAIT_SECONDS = 120.0
LONG = RunSpec(training=TrainingSpec(epochs=1_000_000, probes=()))
TWELVE = [
    LONG.model_copy(update={"optimizer": OptimizerSpec(name="SGD", learning_rate=step / 100)})
    for step in range(1, 13)
]


@dataclass(frozen=True)
class Workers:
    """The workers and their store."""

    cluster: Cluster
    store: Store

    def begin(self, specs: list[RunSpec]) -> list[str]:
        """Train some runs together until each has an epoch; returns their ids."""
        assert self.cluster.wait(WAIT_SECONDS, warm=True)
        ids = self.store.create_runs(specs)
        self.cluster.submit(ids[0])
        self.until(ids, lambda record: record.epoch > 0)
        return ids

    def until(self, ids: list[str], holds: Callable[[RunRecord], bool]) -> list[RunRecord]:
        """Wait until something holds of all of them.

        Raises:
            RuntimeError: If it takes too long.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while not all(map(holds, records := [self.store.run(run_id) for run_id in ids])):
            if time.monotonic() > deadline:
                raise RuntimeError(f"Waited in vain: {records}")
            time.sleep(0.005)
        return records

    def stop(self, specs: list[RunSpec]) -> float:
        """Seconds from asking runs to stop until all have, with their summaries."""
        ids = self.begin(specs)
        time.sleep(0.5)
        began = time.monotonic()
        self.store.set_wish_all(ids, "stop")
        records = self.until(ids, lambda record: record.ended)
        taken = time.monotonic() - began
        assert {record.status for record in records} == {"stopped"}, records
        return taken

    def lose(self, sign: signal.Signals) -> float:
        """Seconds from a signal that ends or freezes a worker until its run is interrupted."""
        ids = self.begin([LONG])
        worker = self.store.run(ids[0]).worker
        assert worker is not None
        began = time.monotonic()
        os.kill(int(worker.partition("#")[2]), sign)
        (record,) = self.until(ids, lambda record: record.ended)
        taken = time.monotonic() - began
        assert record.status == "interrupted", record
        return taken

    def submit(self) -> float:
        """Seconds that the page waits for a run to be handed over."""
        run_id = self.store.create_run(RunSpec())
        began = time.monotonic()
        self.cluster.submit(run_id)
        taken = time.monotonic() - began
        self.until([run_id], lambda record: record.ended)
        return taken


def main() -> None:
    """Measure, print, write."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), workers=2)
        store = Store(settings.store_url)
        cluster = Cluster.start(settings, store)
        rows = list(_rows(Workers(cluster, store)))
        began = time.monotonic()
        cluster.close()
        rows.append(_row("the program closes, with its workers", [time.monotonic() - began], 5.0))
        store.close()
    described = f"{machine()}, two workers. Load average before: {load:.1f}."
    figures = table(["what", "median", "worst", "goal", "met"], rows)
    write_section(
        "workers", f"## What workers are told, and when they die\n\n{described}\n\n{figures}"
    )


def _rows(workers: Workers) -> Iterator[list[str]]:
    workers.stop([LONG])
    yield _row("a run is handed over", _several(workers.submit), 0.1)
    yield _row("Stop → stopped, one run", _several(lambda: workers.stop([LONG])), 1.0)
    yield _row(
        "Stop → stopped, twelve runs trained together", _several(lambda: workers.stop(TWELVE)), 1.0
    )
    yield _row(
        "worker killed → its run interrupted", _several(lambda: workers.lose(signal.SIGKILL)), 10.0
    )
    yield _row(
        "worker frozen → its run interrupted", _several(lambda: workers.lose(signal.SIGSTOP)), 10.0
    )


def _several(measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(REPEATS)]


def _row(what: str, seconds: list[float], goal: float) -> list[str]:
    median, worst = statistics.median(seconds), max(seconds)
    met = "yes" if worst <= goal else "**no**"
    return [what, f"{median:.2f} s", f"{worst:.2f} s of {len(seconds)}", f"≤ {goal:g} s", met]


if __name__ == "__main__":
    main()
