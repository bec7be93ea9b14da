"""Overfit Lab: ``race``, in one process of those that share it."""

from benchmarks.ways import Run, measure
from benchmarks.ways.race import grid
from overfit_core.training.xla import configure

configure(None)

import keras  # noqa: E402, F401 - loaded in a worker before a race begins

from overfit_core.presets import PRESETS  # noqa: E402
from overfit_core.racing import race  # noqa: E402
from overfit_core.spec import RunSpec  # noqa: E402


def main() -> None:
    """Time the race; its first time compiles one program for each optimizer."""
    asked = grid()
    data = PRESETS[asked.preset].spec.model_dump(mode="json")
    data["training"]["epochs"] = asked.epochs
    spec = RunSpec.load(data)

    def prepare() -> Run:
        return lambda: race(
            spec,
            optimizers=asked.optimizers,
            learning_rates=asked.rates,
            seeds=asked.seeds,
            defaults=False,
        )

    measure(prepare, asked.repeats)


if __name__ == "__main__":
    main()
