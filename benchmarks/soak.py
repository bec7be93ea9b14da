"""Memory of workers that see many different nets: ``python -m benchmarks.soak [NETS]``."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.results import machine, seconds, table, write_section
from overfit_core.settings import Settings
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers import Cluster

FIRST = (1, 50)
EVERY = 100
WAIT_SECONDS = 120.0


@dataclass
class Soak:
    """Trains nets that no other number gives, one after the other, and looks at the workers.

    Attributes:
        cluster: The workers.
        store: Their store.
        seen: Names of all workers that there were.
        slowest: Longest time from submitting a net to its end, in seconds.
        peak: Most memory that a worker reported at any time, in bytes.
    """

    cluster: Cluster
    store: Store
    seen: set[str] = field(default_factory=set)
    slowest: float = 0.0
    peak: int = 0

    def train(self, net: int) -> None:
        """Train one net through the workers.

        Raises:
            RuntimeError: If it does not finish.
        """
        layers = [{"kind": "dense", "units": 2 + part} for part in (net % 100, net // 100)]
        began = time.perf_counter()
        run_id = self.store.create_run(RunSpec.load({"model": {"layers": layers}}))
        self.cluster.submit(run_id)
        while not (record := self.store.run(run_id)).ended:
            if time.perf_counter() - began > WAIT_SECONDS:
                break
            self.look()
            time.sleep(0.01)
        if record.status != "finished":
            raise RuntimeError(f"Net {net} is {record.status}: {record.reason}")
        self.slowest = max(self.slowest, time.perf_counter() - began)

    def look(self) -> int:
        """Return the memory of the biggest worker, in bytes."""
        workers = self.cluster.workers()
        self.seen |= {worker.name for worker in workers}
        now = max((worker.memory for worker in workers), default=0)
        self.peak = max(self.peak, now)
        return now


def main() -> None:
    """Train different nets one after the other and write down the memory at some of them."""
    nets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="overfit-soak-") as folder:
        settings = Settings(data_dir=Path(folder))
        store = Store(settings.store_url)
        cluster = Cluster.start(settings, store)
        try:
            if not cluster.wait(300, warm=True):
                raise RuntimeError(cluster.status().sentence())
            text = measure(Soak(cluster, store), nets, settings)
        finally:
            cluster.close()
            store.close()
    write_section("soak", text)


def measure(soak: Soak, nets: int, settings: Settings) -> str:
    """Train so many nets and return the section."""
    soak.look()
    started, began = len(soak.seen), time.perf_counter()
    rows = [["0", _mb(soak.look()), "0"]]
    for net in range(1, nets + 1):
        soak.train(net)
        if net in FIRST or net % EVERY == 0 or net == nets:
            rows.append([str(net), _mb(soak.look()), str(len(soak.seen) - started)])
            print(*rows[-1], flush=True)
    taken = (time.perf_counter() - began) / nets
    limit = settings.worker_recycle_memory * 1000
    head = ["different nets trained", "memory of the biggest worker", "workers replaced until then"]
    return (
        f"## Many different nets\n\n{machine()}, {started} workers, each replaced between two runs "
        f"when it has more than {limit:.0f} MB.\n\n{table(head, rows)}\n\n"
        f"Most memory that a worker had at any time: {_mb(soak.peak)}. From submitting a net to "
        f"its end: {seconds(taken)} on average, {seconds(soak.slowest)} at most."
    )


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
