"""A race of optimizers beside its peers, in one run: ``python -m benchmarks.race``.

Ours is two processes that share the optimizers, as two workers do, each with TensorFlow loaded and
nothing compiled. JAX has both cores in one process. Keras trains one single run of the race.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from benchmarks.engine import Timing
from benchmarks.results import machine, seconds, table, write_section
from benchmarks.ways.race import OPTIMIZERS, Grid

ROUNDS = 3
PROCESSES = 2
GRIDS = (
    Grid("article-2", 500, 16, 5, 1, OPTIMIZERS),
    Grid("digits-cnn", 200, 8, 3, 1, OPTIMIZERS),
)


def main() -> None:
    """Measure, print, write."""
    rounds = int(os.environ.get("OVERFIT_BENCH_ROUNDS", ROUNDS))
    rows = [row for grid in GRIDS for row in _rows(grid, rounds)]
    head = ["", "first time", "second time", "÷ one `fit`", "÷ JAX"]
    note = f"{machine()}. Medians over {rounds} processes of each way, in turn."
    write_section("race", f"## Races of optimizers\n\n{note}\n\n{table(head, rows)}")


def _rows(grid: Grid, rounds: int) -> list[list[str]]:
    ours, jax, larger = [], [], []
    twice = grid._replace(rates=2 * grid.rates)
    for _ in range(rounds):
        ours.append(_shared(grid))
        jax.append(_time("jax_race", [grid])[0])
        larger.append(_shared(twice))
    fit = Timing().add("keras_fit", grid.preset, grid.epochs, 0).cold
    own, theirs, large = (_medians(times) for times in (ours, jax, larger))
    runs = len(grid.optimizers) * grid.rates * grid.seeds
    named = f"**{grid.preset}**, {len(grid.optimizers)} optimizers x {grid.rates} x {grid.seeds}"
    return [
        [f"{named}: one run with Keras `fit`", seconds(fit), "", "1", ""],
        ["JAX + optax, all runs", *map(seconds, theirs), f"{theirs[0] / fit:.2f}", "1"],
        [
            f"**ours**, all {runs} runs of {grid.epochs} epochs",
            *map(seconds, own),
            f"{own[0] / fit:.2f}",
            f"{own[0] / theirs[0]:.2f} (first), {own[1] / theirs[1]:.2f} (second)",
        ],
        ["ours, second ÷ first time", "", f"{own[1] / own[0]:.2f}", "", ""],
        [
            "ours, twice the learning rates ÷ once",
            f"{large[0] / own[0]:.2f}", f"{large[1] / own[1]:.2f}", "", "",
        ],
    ]  # fmt: skip


def _shared(grid: Grid) -> tuple[float, float]:
    """Return the seconds of the process that takes longest, the first and the second time."""
    parts = [
        grid._replace(optimizers=grid.optimizers[place::PROCESSES]) for place in range(PROCESSES)
    ]
    times = _time("ours_race", parts)
    return max(first for first, _ in times), max(second for _, second in times)


def _time(way: str, grids: list[Grid]) -> list[tuple[float, float]]:
    """Run a way on each of these grids, all at once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.ways.{way}", *grid.words],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for grid in grids
    ]
    times = []
    for process in started:
        out, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{way} failed:\n{errors[-2000:]}")
        result = json.loads(out.splitlines()[-1])
        times.append((result["first"], result["later"][0]))
    return times


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    first, second = zip(*times, strict=True)
    return statistics.median(first), statistics.median(second)


if __name__ == "__main__":
    main()
