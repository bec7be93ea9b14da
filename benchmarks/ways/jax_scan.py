"""JAX and optax: ``lax.scan`` over the epochs in one ``jit``.

The article's nets are written by hand, in plain JAX; the others are the same Keras models on the
JAX backend. Loss and accuracy of every epoch are kept, as by all other ways.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import optax

from benchmarks.ways import Run, arguments, measure
from benchmarks.ways.subject import batch_of, model_of
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec

Tree = object


def main() -> None:
    """Time the compiled scan; its first call traces and compiles."""
    preset, epochs, repeats = arguments()
    spec = PRESETS[preset].spec
    rate = spec.optimizer.base_learning_rate
    optimizer = optax.sgd(rate) if spec.optimizer.name == "SGD" else optax.adam(rate, eps=1e-7)
    x, y = (jnp.asarray(a) for a in batch_of(preset))
    start, figures = figures_of(spec, model_of(preset))

    @jax.jit
    def train(weights: Tree, others: Tree) -> Tree:
        return scan(figures, optimizer, (weights, others), (x, y), epochs)

    def prepare() -> Run:
        return lambda: jax.block_until_ready(train(*start))

    measure(prepare, repeats)


def scan(figures: Tree, optimizer: Tree, start: Tree, batch: Tree, epochs: int) -> Tree:
    """Train from a start; return what is left, and loss and accuracy of every epoch."""

    def step(carry: Tree, _: None) -> tuple[Tree, Tree]:
        weights, others, state = carry
        (loss, (accuracy, others)), gradient = jax.value_and_grad(figures, has_aux=True)(
            weights, others, *batch
        )
        updates, state = optimizer.update(gradient, state, weights)
        return (optax.apply_updates(weights, updates), others, state), (loss, accuracy)

    weights, others = start
    return jax.lax.scan(step, (weights, others, optimizer.init(weights)), length=epochs)


def figures_of(spec: RunSpec, model: Tree) -> tuple[Tree, Tree]:
    """Return initial weights and other variables of a net, and what gives its loss and accuracy."""
    plain = all(layer.kind == "dense" for layer in spec.model.layers)
    return _dense(model) if plain else _through_keras(model)


def _dense(model: Tree) -> tuple[Tree, Tree]:
    """Dense layers with ReLU, a sigmoid head and binary cross-entropy, as Keras clips it."""
    weights = [jnp.asarray(w) for w in model.get_weights()]

    def figures(weights: Tree, others: Tree, x: Tree, y: Tree) -> Tree:
        hidden = x
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            hidden = jax.nn.relu(hidden @ kernel + bias)
        p = jnp.clip(jax.nn.sigmoid(hidden @ weights[-2] + weights[-1]), 1e-7, 1 - 1e-7)
        loss = -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))
        return loss, (jnp.mean((p > 0.5) == (y > 0.5)), others)

    return (weights, ()), figures


def _through_keras(model: Tree) -> tuple[Tree, Tree]:
    """The Keras model itself, stateless on JAX."""
    weights = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def figures(weights: Tree, others: Tree, x: Tree, y: Tree) -> Tree:
        p, others = model.stateless_call(weights, others, x, training=True)
        loss = model.compute_loss(x, y, p)
        right = (p > 0.5) == (y > 0.5) if p.shape[1] == 1 else jnp.argmax(p, 1) == y
        return loss, (jnp.mean(right), others)

    return (weights, others), figures


if __name__ == "__main__":
    main()
