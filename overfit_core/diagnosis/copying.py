"""Copies of a model, made with the caller's own classes and functions where it has any."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.layer_facts import core_of
from overfit_core.errors import ModelError

if TYPE_CHECKING:
    import keras

LONGEST = 300
"""So many characters of an error are shown."""
_PLAIN = (bool, int, float, str, type(None))


class CopyError(ModelError):
    """A model cannot be copied: only it can be trained."""


def config_of(model: keras.Model) -> dict[str, Any] | None:
    """Return a model's configuration, without its shapes; None where it cannot say it.

    What a layer was built with is left out: a change may give it another shape. Functions are in
    it under names of their own, by which ``own_objects`` finds them.
    """
    try:
        config: dict[str, Any] = unlinked(model.get_config())
    except Exception:  # whatever a layer of the caller's own may raise
        return None
    if "layers" not in config:
        return None
    _name_functions(config, model)
    return config


def unlinked(value: Any) -> Any:  # noqa: ANN401
    """Copy dicts and lists, all the way down, without the shapes of layers."""
    if isinstance(value, dict):
        return {k: unlinked(v) for k, v in value.items() if k != "build_config"}
    if isinstance(value, list | tuple):
        return type(value)(unlinked(v) for v in value)
    return value


def copy_of(model: keras.Model, config: Mapping[str, Any] | None, seed: int) -> keras.Model:
    """Return a copy, not compiled, with weights that are drawn anew.

    Args:
        model: The caller's.
        config: Its configuration, which may be changed; None for what it says itself.
        seed: Seeds that are fixed in it are other ones for every seed but 0.

    Raises:
        CopyError: If there is none.
    """
    import keras

    try:
        config = model.get_config() if config is None else config
        # Keras takes what it reads out of a configuration.
        config = unlinked(reseeded(config, seed) if seed else config)
        kind = keras.Sequential if isinstance(model, keras.Sequential) else keras.Model
        if not type(model).__module__.startswith("keras."):
            kind = type(model)
        with keras.saving.custom_object_scope(own_objects(model)):
            return kind.from_config(config)
    except Exception as error:
        raise CopyError(f"No copy of the model can be made: {shortened(str(error))}") from error


def own_objects(model: keras.Model) -> dict[str, Any]:
    """Return the classes and functions that are not Keras's, by the names that Keras writes."""
    found: dict[str, Any] = {}
    layers = list(model._flatten_layers())
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", None)
    rates = [getattr(one, "_learning_rate", None) for one in (optimizer, inner)]
    parts = [part for layer in layers for part in _parts(layer)]
    for part in (*layers, *parts, optimizer, inner, *rates):
        kind = part if isinstance(part, types.FunctionType) else type(part)
        if _is_own(kind) and (kind is part or hasattr(kind, "from_config")):
            found[kind.__name__] = kind
    return found | {_name(part): part for part in parts if _is_function(part)}


def _parts(layer: keras.Layer) -> Iterator[Any]:
    """Yield what a layer is given: activations, initialisers, regularisers, functions."""
    for one in (layer, getattr(layer, "cell", None)):
        yield from (v for v in getattr(one, "__dict__", {}).values() if not isinstance(v, _PLAIN))


def _is_own(kind: Any) -> bool:  # noqa: ANN401
    return not str(getattr(kind, "__module__", "")).startswith(("keras.", "builtins"))


def _is_function(part: Any) -> bool:  # noqa: ANN401
    return isinstance(part, types.FunctionType) and _is_own(part)


def _name(function: Any) -> str:  # noqa: ANN401
    """Return a name that no other function has: two of them may be called the same."""
    return f"{function.__name__}@{id(function)}"


def _name_functions(config: dict[str, Any], model: keras.Model) -> None:
    """Put the names of the caller's own functions in the place of what Keras writes for them."""
    layers = {layer.name: layer for layer in model.layers}
    for entry in config["layers"]:
        settings = entry.get("config") or {}
        layer = layers.get(settings.get("name"))
        if layer is None:
            continue
        if "layers" in settings and hasattr(layer, "layers"):
            _name_functions(settings, layer)
            continue
        _name_in(settings, layer)
        if isinstance(inner := settings.get("layer"), dict):
            _name_in(inner["config"], core_of(layer))


def _name_in(settings: dict[str, Any], layer: keras.Layer) -> None:
    for name in settings:
        function = getattr(layer, name, None)
        if _is_function(function):
            written = {"class_name": "function", "module": "builtins"}
            settings[name] = written | {"config": _name(function), "registered_name": "function"}


def give_weights(model: keras.Model, copied: keras.Model) -> None:
    """Give a copy the weights of its model, and what layers work out from them."""
    copied.set_weights(model.get_weights())
    for layer in copied._flatten_layers(include_self=False):
        # What ``Normalization`` has learned of its data is used through constants.
        if callable(finalize := getattr(layer, "finalize_state", None)):
            finalize()


def reseeded(config: Any, seed: int) -> Any:  # noqa: ANN401
    """Give every seed in a configuration that is fixed another value, the same for one ``seed``."""
    if isinstance(config, dict):
        return {
            key: (value + 7919 * seed) % 2**31
            if key == "seed" and isinstance(value, int) and not isinstance(value, bool)
            else reseeded(value, seed)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(reseeded(value, seed) for value in config)
    return config


@contextmanager
def lent(model: keras.Model) -> Iterator[None]:
    """Lend the caller's own model to be compiled and trained, and put everything back after it.

    Weights, moving statistics, seeds of random layers and metrics get their values again, and the
    model its optimizer, loss and metrics, which are not touched.
    """
    variables = [*model.variables, *(v for metric in model.metrics for v in metric.variables)]
    values = [np.asarray(v).copy() for v in variables]
    attributes = dict(vars(model))
    built = model.built
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        for name in set(vars(model)) - set(attributes):
            if built:
                object.__delattr__(model, name)
        for name, value in attributes.items():
            if built or name in _COMPILED:
                object.__setattr__(model, name, value)


_COMPILED = frozenset(
    {
        "optimizer", "loss", "_compile_loss", "_compile_metrics", "_loss_tracker", "_jit_compile",
        "run_eagerly", "stop_training", "_compiled_trainable_state", "compiled",
        "steps_per_execution", "train_function", "test_function", "predict_function",
        "_compile_config",
    }
)  # fmt: skip
"""What ``compile`` and training set on a model."""


def shortened(text: str) -> str:
    """Return an error without the configurations and arguments that Keras dumps into it.

    What is still longer than ``LONGEST`` characters ends with its last whole sentence, or in the
    middle of a long one.
    """
    text = _without_dumps(" ".join(text.split("Arguments received by")[0].split()))
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST]
    whole = cut.rfind(". ")
    return cut[: whole + 1] if whole > 0 else cut.rsplit(" ", 1)[0] + " …"


def _without_dumps(text: str) -> str:
    """Cut ``config={…}`` out, with all braces that belong to it."""
    while (start := text.find("config={")) >= 0:
        depth, end = 0, len(text)
        for place in range(start + len("config="), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                end = place + 1
                break
        before, after = text[:start].rstrip().removesuffix("using").rstrip(), text[end:]
        text = before + (after.lstrip(".") if before.endswith(".") else after)
    return text
