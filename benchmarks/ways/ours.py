"""Overfit Lab: ``overfit``, set up as in a worker.

``OVERFIT_BENCH_CACHE`` names the folder of compiled programs, ``OVERFIT_BENCH_BACKEND`` forces
XLA or TensorFlow's kernels, ``OVERFIT_BENCH_PROBES=1`` turns every probe on.
"""

import os
from pathlib import Path

from benchmarks.ways import Run, arguments, measure
from overfit_core.training.xla import configure

CACHE = os.environ.get("OVERFIT_BENCH_CACHE")
configure(Path(CACHE) if CACHE else None)

from benchmarks.ways.subject import batch_of, model_of  # noqa: E402 - after the set-up
from overfit_core.training import overfit  # noqa: E402
from overfit_core.training.plan import Data, Plan  # noqa: E402
from overfit_core.training.probes import PROBES  # noqa: E402
from overfit_core.training.session import Session  # noqa: E402


def main() -> None:
    """Time ``overfit`` on a fresh model each time, on the same one again, or the engine alone.

    ``OVERFIT_BENCH_PART=again`` trains one model again and again, as JAX's way does. ``engine``
    leaves out what ``overfit`` does for a caller's own model: finding out what program it needs,
    copying its weights and optimizer state in and out. JAX's figures have no such part either.
    """
    preset, epochs, repeats = arguments()
    x, y = batch_of(preset)
    probes = tuple(PROBES) if os.environ.get("OVERFIT_BENCH_PROBES") else ()
    backend = os.environ.get("OVERFIT_BENCH_BACKEND")
    plan = Plan(backend, probes, bool(probes))

    def whole() -> Run:
        model = model_of(preset)
        return lambda: overfit(
            model, x, y, epochs=epochs, probes=probes, snapshots=bool(probes), backend=backend
        )

    def engine() -> Run:
        session = Session(model_of(preset), Data((x, y, None)), epochs=epochs + 1, plan=plan)
        if session.program.ready:
            session.advance(1)
        return lambda: session.advance(epochs)

    kept = model_of(preset)

    def again() -> Run:
        return lambda: overfit(kept, x, y, epochs=epochs)

    parts = {"whole": whole, "again": again, "engine": engine}
    measure(parts[os.environ.get("OVERFIT_BENCH_PART", "whole")], repeats)


if __name__ == "__main__":
    main()
