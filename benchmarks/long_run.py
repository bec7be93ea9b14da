"""A run of 100,000 epochs: a steady rate, and no memory beyond the history."""

from __future__ import annotations

import time

import psutil

from benchmarks.results import machine, table, write_section
from overfit_core.training.xla import configure

configure()

from overfit_core.presets import PRESETS  # noqa: E402 - TensorFlow is set up first
from overfit_core.training.history import History  # noqa: E402
from overfit_core.training.spec_session import SpecSession  # noqa: E402

EPOCHS = 100_000
PARTS = 10


def main() -> None:
    """Train ``article-2`` for long and write down rate and memory of each tenth."""
    spec = PRESETS["article-2"].spec
    training = spec.training.model_copy(update={"epochs": EPOCHS})
    session = SpecSession(spec.model_copy(update={"training": training}))
    session.compile()
    process, history, rows = psutil.Process(), History({}), []
    before = process.memory_info().rss
    for _ in range(PARTS):
        start = time.perf_counter()
        history.append(session.advance(EPOCHS // PARTS))
        rate = EPOCHS / PARTS / (time.perf_counter() - start)
        held = sum(column.nbytes for column in history.columns.values())
        grown = process.memory_info().rss - before
        rows.append([f"{session.epoch:,}", f"{rate:,.0f}", _mb(grown), _mb(held)])
    head = ["epoch", "epochs/s in this tenth", "memory grown by", "history holds"]
    text = f"## 100,000 epochs of article-2\n\n{machine()}\n\n{table(head, rows)}"
    write_section("long run", text)


def _mb(size: int) -> str:
    return f"{size / 2**20:.1f} MB"


if __name__ == "__main__":
    main()
