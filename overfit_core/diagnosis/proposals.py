"""Changes that several rules propose, each worded once."""

from __future__ import annotations

from overfit_core.diagnosis.facts import Change, Facts

_INITIALISERS = {
    "GlorotUniform": ("glorot_uniform", "Glorot uniform"),
    "HeUniform": ("he_uniform", "He uniform"),
    "HeNormal": ("he_normal", "He normal"),
}


def rate_change(rule: str, facts: Facts, factor: float) -> Change:
    """Multiply the learning rate, or divide it by the inverse of a factor below 1."""
    before = facts.model.learning_rate
    rate = float(f"{before * factor:.3g}")
    how = f"Multiply the learning rate by {factor:,.0f}"
    if factor < 1:
        how = f"Divide the learning rate by {1 / factor:,.0f}"
    code = f"keras.optimizers.{facts.model.optimizer}(learning_rate={rate:g})"
    text = f"{how}: {before:.3g} becomes {rate:g}."
    return Change(rule, "optimizer.learning_rate", rate, text, code)


def epochs_change(rule: str, before: int, epochs: int) -> Change:
    """Train so many epochs."""
    text = f"Train {epochs:,} epochs in place of {before:,}."
    return Change(rule, "epochs", epochs, text, f"epochs={epochs}")


def loss_change(rule: str, name: str) -> Change:
    """Take another loss, by Keras's name."""
    return Change(rule, "loss", name, f"Take the loss {name}.", f'loss="{name}"')


def output_change(rule: str, name: str) -> Change:
    """Take another activation at the output."""
    text = f"Take a {name} output."
    return Change(rule, "output.activation", name, text, f'activation="{name}"')


def activation_change(rule: str, before: str, name: str, text: str | None = None) -> Change:
    """Give the hidden layers that have one activation another one."""
    text = text or f"Take {name} in place of {before} in the hidden layers."
    value = {"from": before, "to": name}
    return Change(rule, "layers.activation", value, text, f'activation="{name}"')


def initialiser_change(rule: str, name: str) -> Change:
    """Draw the kernels in another way, and set the biases to zero."""
    code, title = _INITIALISERS[name]
    text = f"Draw the kernels by {title}, with biases of zero."
    return Change(rule, "layers.kernel_initializer", name, text, f'kernel_initializer="{code}"')
