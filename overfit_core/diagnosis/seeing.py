"""What is seen of a model and of its batch before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_core.diagnosis.batch_facts import by_name, look_at
from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.facts import Facts
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.graph_facts import outputs_of
from overfit_core.diagnosis.heads import Heads
from overfit_core.diagnosis.model_facts import ModelFacts, read_outputs
from overfit_core.diagnosis.several import together
from overfit_core.diagnosis.target import target_of
from overfit_core.errors import ModelError
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras


class _Labels(NamedTuple):
    """The labels of an output, what they are called in code, and what the output is."""

    y: AnyArray
    label: str = "y"
    answer: str = "model(x)"


def seen_of(model: keras.Model, setup: Setup, names: tuple[str, ...] = ()) -> tuple[Setup, Facts]:
    """Look at a model and its batch, at each of several outputs by itself.

    Args:
        model: Built and compiled; it is not changed.
        setup: The program as it was given.
        names: Names of the columns of the only input; empty where they have none.

    Returns:
        The program, with labels nested as the outputs are, and the facts, without a run.

    Raises:
        ModelError: If there are not as many labels and losses as outputs, or no loss counts.
        Exception: What Keras raises, if the model neither takes the inputs nor says its shape.
    """
    heads, models = read_outputs(model, setup.x)
    if heads is not None:
        return _seen_of_several(model, setup, heads, models, names)
    y = _only(setup.y)
    facts = _facts(setup, models[0], names, _Labels(y))
    return replace(setup, y=y, masks=(facts.batch.mask,)), facts


def _seen_of_several(
    model: keras.Model,
    setup: Setup,
    heads: Heads,
    models: Sequence[ModelFacts],
    names: tuple[str, ...],
) -> tuple[Setup, Facts]:
    losses, weights = heads.each(setup.loss), heads.each(setup.loss_weights)
    labels = heads.labels(setup.y, losses)
    outputs: dict[str, Facts] = {}
    counts: dict[str, float] = {}
    for place, name in enumerate(heads.names):
        weight = 1.0 if weights[place] is None else float(weights[place])
        if losses[place] is None or weight == 0:
            continue
        called = _Labels(
            labels[place], f"y{heads.called(setup.y, place)}", f"model(x){heads.answer[place]}"
        )
        outputs[name] = _facts(setup, models[place], names, called)
        counts[name] = weight
    if not outputs:
        raise ModelError("No output of the model has a loss that counts.")
    setup = replace(
        setup,
        y=heads.packed(labels),
        masks=tuple(one.mask for one in models),
        heads=heads,
        ends=tuple(outputs_of(model, len(labels))),
    )
    return setup, together(outputs, heads.names, counts)


def _facts(setup: Setup, model: ModelFacts, names: tuple[str, ...], labels: _Labels) -> Facts:
    x = by_name(setup.x)
    batch = look_at(
        x, labels.y, model.mask, names, model.padding, label=labels.label, answer=labels.answer
    )
    y = batch.meant
    target = target_of(
        y if not batch.bad else np.nan_to_num(np.asarray(y, float)),
        loss=model.loss,
        units=model.units,
        same_rank=y.ndim == len(model.output_shape) + 1,
        from_logits=model.from_logits,
    )
    return Facts(batch, model, target, floor_of(batch, target, model.loss, model.loss_settings))


def _only(y: Arrays) -> AnyArray:
    """Return the labels of the only output, which may be given by its name or in a list."""
    if isinstance(y, dict):
        y = list(y.values())
    if not isinstance(y, list | tuple):
        return np.asarray(y)
    if len(y) != 1:
        raise ModelError(f"y holds {len(y)} arrays; the model has one output.")
    return np.asarray(y[0])
