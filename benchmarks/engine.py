"""The engine beside its peers, in one run: ``python -m benchmarks.engine [SECTION …]``.

Every way runs in a process of its own, one after the other, in rounds; medians over all rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version

from benchmarks.results import machine, seconds, table, write_section

ARTICLE = ("article-1", "article-2", "article-3")
LAYERED = ("digits-cnn", "sensor-lstm", "sensor-conv1d", "sensor-attention")
EPOCHS = 500
LAYERED_EPOCHS = 200
FIT_EPOCHS = 100
ROUNDS = 3
REPEATS = 9
ENGINE = {"OVERFIT_BENCH_PART": "engine"}
AGAIN = {"OVERFIT_BENCH_PART": "again"}


class Timing:
    """The seconds of one way on one preset, over several processes.

    Attributes:
        first: Seconds of each process's first call, compiling included.
        later: Seconds of all later calls.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.first: list[float] = []
        self.later: list[float] = []

    def add(
        self,
        way: str,
        preset: str,
        epochs: int,
        repeats: int = REPEATS,
        settings: Mapping[str, str] | None = None,
    ) -> Timing:
        """Run a way once more and take note."""
        command = [sys.executable, "-m", f"benchmarks.ways.{way}", preset]
        done = subprocess.run(
            [*command, str(epochs), str(repeats)],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | dict(settings or {}),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{way} {preset} failed:\n{done.stderr[-2000:]}")
        result = json.loads(done.stdout.splitlines()[-1])
        self.first.append(result["first"])
        self.later += result["later"]
        return self

    @property
    def warm(self) -> float:
        """Median of the later calls."""
        return statistics.median(self.later)

    @property
    def cold(self) -> float:
        """Median of the first calls."""
        return statistics.median(self.first)


def article(rounds: int) -> str:
    """Measure the article's three nets."""
    rows = []
    for preset in ARTICLE:
        kinds = ("batch", "step", "torch", "jax", "new", "disk", "again", "engine")
        ways = {kind: Timing() for kind in kinds}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as cache:
                kept = {"OVERFIT_BENCH_CACHE": cache}
                ways["new"].add("ours", preset, EPOCHS)
                Timing().add("ours", preset, EPOCHS, 0, kept)
                ways["disk"].add("ours", preset, EPOCHS, settings=kept)
            ways["again"].add("ours", preset, EPOCHS, settings=AGAIN)
            ways["engine"].add("ours", preset, EPOCHS, settings=ENGINE)
            ways["jax"].add("jax_scan", preset, EPOCHS)
            ways["torch"].add("torch_loop", preset, EPOCHS, 3)
            ways["step"].add("tf_step", preset, EPOCHS, 3)
            ways["batch"].add("keras_batch", preset, EPOCHS, 1)
        fit = Timing().add("keras_fit", preset, EPOCHS, 0).cold
        jax = ways["jax"]
        names = {
            "Keras `train_on_batch` loop": "batch",
            "`tf.function` step loop": "step",
            "PyTorch eager loop": "torch",
            "JAX + optax `lax.scan`": "jax",
            "**ours**: `overfit`, net never seen, then new models of it": "new",
            "**ours**: `overfit`, net on disk, then new models of it": "disk",
            "**ours**: `overfit`, the same model again": "again",
            "**ours**: the engine alone": "engine",
        }
        rows.append([f"**{preset}**: Keras `fit`", seconds(fit), "", "1"])
        for name, key in names.items():
            way = ways[key]
            rows.append([name, seconds(way.warm), seconds(way.cold), f"{fit / way.warm:,.0f}"])
        said = {"engine": "engine", "again": "same model", "new": "new models"}
        warm = ", ".join(f"{ways[key].warm / jax.warm:.2f} ({text})" for key, text in said.items())
        new, disk = ways["new"].cold / jax.cold, ways["disk"].cold / jax.cold
        cold = f"{new:.2f} (never seen), {disk:.2f} (on disk)"
        rows.append(["ours ÷ JAX", warm, cold, ""])
    head = [f"{EPOCHS} epochs", "warm", "first call", "times faster than `fit`, warm"]
    return table(head, rows)


def layered(rounds: int) -> str:
    """Measure nets with convolutions, recurrence and attention, per epoch."""
    rows = []
    for preset in LAYERED:
        ways = {name: Timing() for name in ("ours", "xla", "tensorflow", "jax")}
        for _ in range(rounds):
            ways["ours"].add("ours", preset, LAYERED_EPOCHS, settings=ENGINE)
            for backend in ("xla", "tensorflow"):
                forced = ENGINE | {"OVERFIT_BENCH_BACKEND": backend}
                ways[backend].add("ours", preset, LAYERED_EPOCHS, settings=forced)
            ways["jax"].add("jax_scan", preset, LAYERED_EPOCHS)
        fit = Timing().add("keras_fit", preset, FIT_EPOCHS, 0).cold / FIT_EPOCHS
        epoch = {name: way.warm / LAYERED_EPOCHS for name, way in ways.items()}
        epoch["fit"] = fit
        better = min(epoch["xla"], epoch["tensorflow"])
        rows.append(
            [
                preset,
                *(seconds(epoch[n]) for n in ("fit", "jax", "xla", "tensorflow", "ours")),
                f"{epoch['ours'] / better:.2f}",
                f"{epoch['ours'] / epoch['jax']:.2f}",
                f"{epoch['fit'] / epoch['ours']:.0f}",
            ]
        )
    head = ["one epoch, warm", "`fit`", "JAX + optax", "XLA", "TensorFlow's kernels", "**ours**"]
    return table([*head, "ours ÷ the better", "ours ÷ JAX", "times faster than `fit`"], rows)


def probes(rounds: int) -> str:
    """Measure what all probes cost."""
    rows = []
    for preset, epochs in (("article-2", EPOCHS), *((p, LAYERED_EPOCHS) for p in LAYERED)):
        off, on = Timing(), Timing()
        for _ in range(rounds):
            off.add("ours", preset, epochs, settings=ENGINE)
            on.add("ours", preset, epochs, settings=ENGINE | {"OVERFIT_BENCH_PROBES": "1"})
        rows.append(
            [preset, seconds(off.warm), seconds(on.warm), f"{on.warm / off.warm:.2f}"],
        )
    return table(["", "no probe", "all probes", "ratio"], rows)


def main() -> None:
    """Measure the sections that the command line names, or all, and write them down."""
    rounds = int(os.environ.get("OVERFIT_BENCH_ROUNDS", ROUNDS))
    packages = ("tensorflow-cpu", "keras", "jax", "optax", "torch", "numpy")
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    note = f"{machine()}. {versions}. Medians over {rounds} processes of each way, in turn."
    for name in sys.argv[1:] or SECTIONS:
        title, measured = SECTIONS[name]
        write_section(name, f"## {title}\n\n{note}\n\n{measured(rounds)}")


SECTIONS = {
    "article": ("The article's nets", article),
    "layered": ("Other kinds of layers", layered),
    "probes": ("What the probes cost", probes),
}
"""Section of the results to its title and what measures it."""


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
