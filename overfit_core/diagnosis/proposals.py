"""Changes that several rules propose, each worded once."""

from __future__ import annotations

from collections.abc import Iterable

from overfit_core.diagnosis.facts import Change, Facts
from overfit_core.diagnosis.layer_changes import CONSTANT, RECURRENT
from overfit_core.diagnosis.masks import steps_of
from overfit_core.diagnosis.optimizing import as_written, usual_rate
from overfit_core.diagnosis.padding import kept_steps, padding_in
from overfit_core.diagnosis.scaling import is_token, standardising, standardising_inputs

RATE = "optimizer.learning_rate"
UNDONE = 0.01
"""Rates are written with three digits: a factor so near to 1 is none."""
_INITIALISERS = {
    "GlorotUniform": ("glorot_uniform", "Glorot uniform"),
    "HeUniform": ("he_uniform", "He uniform"),
    "HeNormal": ("he_normal", "He normal"),
}


def rate_changes(rule: str, facts: Facts, factors: Iterable[float]) -> list[Change]:
    """Multiply the learning rate; nothing where that makes no other rate."""
    made = (_rate_change(rule, facts, factor) for factor in factors)
    before = _rate(facts)
    return [change for change in made if change.value > 0 and change.value != before]


def rate_after(first: Change, then: Change, facts: Facts) -> Change | None:
    """Return two changes of the learning rate, one after the other, as one.

    Args:
        first: From the rate as it is.
        then: Likewise; its factor counts.
        facts: Of the program as it is.

    Returns:
        The change by both factors, of the rule that it goes the way of; None where the second
        undoes the first.
    """
    before = _rate(facts)
    factor = first.value / before * then.value / before
    if abs(factor - 1) < UNDONE:
        return None
    same_way = (factor < 1) == (first.value < before)
    return _rate_change(first.rule if same_way else then.rule, facts, factor)


def _rate_change(rule: str, facts: Facts, factor: float) -> Change:
    """Multiply the learning rate, or divide it by the inverse of a factor below 1."""
    before = _rate(facts)
    rate = float(f"{before * factor:.3g}")
    how = f"Multiply the learning rate by {factor:,.0f}"
    if factor < 1:
        how = f"Divide the learning rate by {1 / factor:,.0f}"
    code = f"{_named(facts.model.optimizer)}(learning_rate={rate:g})"
    text = f"{how}: {before:g} becomes {rate:g}"
    if facts.model.scheduled:
        text += f", constant in place of the schedule, whose median is {before:g}"
    return Change(rule, RATE, rate, f"{text}.", code)


def _rate(facts: Facts) -> float:
    """Return the rate of half of the run's epochs; where it starts if there was no run."""
    run = facts.run
    if run is None or not run.epochs or "learning_rate" not in run.history:
        return as_written(facts.model.learning_rate)
    return usual_rate(run.history["learning_rate"])


def _named(optimizer: str) -> str:
    """Return a class as it is called in code; one of the caller's own has a name alone."""
    import keras

    return f"keras.optimizers.{optimizer}" if hasattr(keras.optimizers, optimizer) else optimizer


def epochs_change(rule: str, before: int, epochs: int) -> Change:
    """Train so many epochs."""
    text = f"Train {epochs:,} epochs in place of {before:,}."
    return Change(rule, "epochs", epochs, text, f"epochs={epochs}")


def loss_change(rule: str, name: str) -> Change:
    """Take another loss, by Keras's name."""
    return Change(rule, "loss", name, f"Take the loss {name}.", f'loss="{name}"')


def classes_change(rule: str, classes: int) -> Change:
    """Tell class numbers apart by one output for each."""
    loss = "sparse_categorical_crossentropy"
    text = f"Give the output a softmax unit for each of the {classes} classes, and take {loss}."
    code = f'Dense({classes}, activation="softmax"); loss="{loss}"'
    return Change(rule, "output.classes", classes, text, code)


def several_labels_change(rule: str) -> Change:
    """Ask each output for a yes or no of its own."""
    loss = "binary_crossentropy"
    text = f"Take a sigmoid output and {loss}: each unit says yes or no to its own label."
    code = f'activation="sigmoid"; loss="{loss}"'
    return Change(rule, "output.several_labels", None, text, code)


def output_change(rule: str, name: str) -> Change:
    """Take another activation at the output."""
    text = f"Take a {name} output."
    return Change(rule, "output.activation", name, text, f'activation="{name}"')


def activation_change(rule: str, before: str, name: str, text: str | None = None) -> Change:
    """Give the hidden layers that have one activation another one."""
    text = text or f"Take {name} in place of {before} in the hidden layers."
    value = {"from": before, "to": name}
    return Change(rule, "layers.activation", value, text, f'activation="{name}"')


def initialiser_change(rule: str, facts: Facts, name: str) -> Change:
    """Draw the kernels in another way, and set the biases to zero."""
    code, title = _INITIALISERS[name]
    text = f"Draw the kernels by {title}, with biases of zero."
    line = f'kernel_initializer="{code}", bias_initializer="zeros"'
    if any(layer.recurrent in CONSTANT for layer in facts.model.layers):
        text = f"{text[:-1]}, and those from state to state by {RECURRENT}."
        line += f', recurrent_initializer="{RECURRENT.lower()}"'
    return Change(rule, "layers.kernel_initializer", name, text, line)


def rates_change(rule: str, facts: Facts) -> Change:
    """Leave out what is dropped and added at random."""
    kinds = dict.fromkeys(layer.kind for layer in facts.model.layers if layer.rate)
    noise = " and noise" if any("Noise" in kind for kind in kinds) else ""
    text = f"Leave dropout{noise} out for this check."
    return Change(rule, "layers.rate", 0.0, text, ", ".join(map(_without_rate, kinds)))


def _without_rate(kind: str) -> str:
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        return f"{kind}(…, dropout=0.0, recurrent_dropout=0.0)"
    own = "ropout" in kind or "Noise" in kind
    return f"{kind}(0.0)" if own else f"{kind}(…, dropout=0.0)"


def inputs_change(rule: str, facts: Facts) -> Change:
    """Standardise every input that holds no token ids."""
    x, tokens, padding = facts.batch.x, facts.model.tokens, facts.model.padding
    of = ", of each input" if len(x) > 1 else ""
    if any(is_token(name, tokens) for name in x):
        scaled = ", ".join(name for name in x if not is_token(name, tokens))
        of = f", of {scaled}; token ids stay as they are" if scaled else of
    text = f"Standardise the inputs: mean 0 and standard deviation 1 per column{of}."
    if any(kept_steps(part, padding_in(name, padding)) is not None for name, part in x.items()):
        text = f"{text[:-1]}; padded steps stay as they are."
    return Change(rule, "inputs", "standardise", text, standardising_inputs(x, tokens, padding))


def targets_change(rule: str, facts: Facts) -> Change:
    """Standardise the targets."""
    text = "Standardise the targets, and scale the predictions back."
    y, steps, more = facts.batch.y, "", 0
    if (mask := steps_of(facts.batch.mask, y.shape)) is not None:
        text = f"{text[:-1]}; steps that are masked stay as they are."
        steps, more = f"np.asarray({facts.batch.answer}._keras_mask)", y.ndim - mask.ndim
    return Change(
        rule, "targets", "standardise", text, f"y = {standardising('y', y.ndim, steps, more)}"
    )


def samples_change(rule: str, facts: Facts, kept: list[int]) -> Change:
    """Leave out all samples but those that hold nothing but finite numbers."""
    count = facts.batch.samples - len(kept)
    which = "the sample that holds" if count == 1 else f"the {count:,} samples that hold"
    x, y = _parts("x", facts.batch.x), _parts("y", facts.batch.each or ["y"])
    code = (
        "keep = np.all([np.isfinite(np.reshape(a, (len(a), -1))).all(1) "
        f"for a in [{x[0]}, {y[0]}]], axis=0); x, y = {x[1]}, {y[1]}"
    )
    return Change(rule, "samples", kept, f"Leave out {which} NaN or infinity.", code)


def _parts(name: str, parts: Iterable[str]) -> tuple[str, str]:
    """Return code for the arrays of inputs or labels, and for the samples that are kept of them.

    Args:
        name: ``x`` or ``y``.
        parts: What the arrays are called: ``x``; ``x[0]`` of a list; something else of a dict.
    """
    parts = list(parts)
    if parts == [name]:
        return name, f"{name}[keep]"
    if all(part.startswith(f"{name}[") and part[2].isdigit() for part in parts):
        return f"*{name}", f"[a[keep] for a in {name}]"
    return f"*{name}.values()", f"{{n: a[keep] for n, a in {name}.items()}}"
