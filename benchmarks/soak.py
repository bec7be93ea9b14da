"""Memory of a worker that has seen many different nets: ``python -m benchmarks.soak [NETS]``."""

from __future__ import annotations

import sys

import psutil

from benchmarks.results import machine, table, write_section
from overfit_core.training.xla import configure

configure()

from overfit_core import RunSpec  # noqa: E402 - TensorFlow is set up first
from overfit_core.training.cache import MAX_PROGRAMS  # noqa: E402
from overfit_core.training.spec_session import SpecSession  # noqa: E402


def train(net: int) -> None:
    """Train a net that no other number gives, for a few epochs."""
    layers = [{"kind": "dense", "units": 2 + net % 100}, {"kind": "dense", "units": 2 + net // 100}]
    SpecSession(RunSpec.load({"model": {"layers": layers}})).advance(20)


def main() -> None:
    """Train different nets one after the other and write the memory held at some of them."""
    nets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    process = psutil.Process()
    rows = []
    for net in range(1, nets + 1):
        train(net)
        if net in (1, MAX_PROGRAMS) or net % 100 == 0:
            rows.append([str(net), f"{process.memory_info().rss / 2**20:.0f} MB"])
            print(*rows[-1], flush=True)
    text = table(["different nets trained", "memory of the process"], rows)
    write_section("soak", f"## Many different nets in one worker\n\n{machine()}\n\n{text}")


if __name__ == "__main__":
    main()
