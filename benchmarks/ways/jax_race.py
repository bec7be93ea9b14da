"""JAX and optax: one ``jit`` for each optimizer, ``vmap`` over learning rates and seeds.

Loss and accuracy of every epoch of every run are kept, as by ours.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import optax

from benchmarks.ways import Run, measure
from benchmarks.ways.jax_scan import Tree, figures_of, scan
from benchmarks.ways.race import grid
from benchmarks.ways.subject import batch_of
from overfit_core.models.build import build_model
from overfit_core.presets import PRESETS
from overfit_core.racing import rate_grid

MAKERS = {
    "SGD": optax.sgd,
    "RMSprop": lambda rate: optax.rmsprop(rate, 0.9, 1e-7),
    "Adam": lambda rate: optax.adam(rate, eps=1e-7),
    "AdamW": lambda rate: optax.adamw(rate, eps=1e-7, weight_decay=0.004),
    "Adamax": lambda rate: optax.adamax(rate, eps=1e-7),
    "Nadam": lambda rate: optax.nadam(rate, eps=1e-7),
    "Adagrad": lambda rate: optax.adagrad(rate, 0.1, 1e-7),
    "Lion": optax.lion,
}


def main() -> None:
    """Time the race; its first time traces and compiles."""
    asked = grid()
    spec = PRESETS[asked.preset].spec
    x, y = (jnp.asarray(a) for a in batch_of(asked.preset))
    rates = jnp.asarray(rate_grid(asked.rates))

    def prepare() -> Run:
        made = [
            build_model(spec.model_copy(update={"training": spec.training.model_copy(
                update={"seed": seed})}))
            for seed in range(asked.seeds)
        ]  # fmt: skip
        starts = [figures_of(spec, model)[0] for model in made]
        figures = figures_of(spec, made[0])[1]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *starts)

        def one(optimizer: str, rate: Tree, weights: Tree, others: Tree) -> Tree:
            rule = MAKERS[optimizer](rate)
            return scan(figures, rule, (weights, others), (x, y), asked.epochs)[1]

        def whole() -> None:
            for optimizer in asked.optimizers:
                jax.block_until_ready(programs[optimizer](rates, *stacked))

        if not programs:
            for name in asked.optimizers:
                over_seeds = jax.vmap(lambda *run, name=name: one(name, *run), (None, 0, 0))
                programs[name] = jax.jit(jax.vmap(over_seeds, (0, None, None)))
        return whole

    programs: dict[str, Tree] = {}
    measure(prepare, asked.repeats)


if __name__ == "__main__":
    main()
