"""Compiled programs, kept for the next run of the same architecture, optimizer and shapes."""

from __future__ import annotations

import hashlib
import json
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.training.loops import LoopFile
from overfit_core.training.plan import Data, Plan
from overfit_core.training.program import Program
from overfit_core.training.structure import all_layers
from overfit_core.training.twins import inner_of
from overfit_core.training.types import Setting
from overfit_core.training.xla import programs_folder

if TYPE_CHECKING:
    import keras

MAX_PROGRAMS = 50
"""Programs kept in memory; the one unused for longest goes first."""

# What a layer's or an optimizer's settings hold that is data to the loop, not part of it.
_DATA = frozenset({"learning_rate", "seed", "build_config", "build_input_shape"})


class ProgramCache:
    """Keeps at most ``size`` programs, least recently used out first."""

    def __init__(self, size: int = MAX_PROGRAMS) -> None:
        """Start empty."""
        self._size = size
        self._programs: OrderedDict[str, Program] = OrderedDict()

    def __len__(self) -> int:
        """Return how many programs are kept."""
        return len(self._programs)

    def find(self, model: keras.Model, data: Data, plan: Plan) -> Program | None:
        """Return the program for a model if there is one."""
        key = program_key(model, data, plan)
        if key in self._programs:
            self._programs.move_to_end(key)
        return self._programs.get(key)

    def get(self, model: keras.Model, data: Data, plan: Plan) -> Program:
        """Return the program for a model, made now if there is none yet; not yet compiled.

        The model's weights and metrics must be built.
        """
        program = self.find(model, data, plan)
        if program is None:
            file = _file(model, program_key(model, data, plan))
            program = Program(model, plan, held_out=data.held_out is not None, file=file)
            self.put(model, data, plan, program)
        return program

    def put(self, model: keras.Model, data: Data, plan: Plan, program: Program) -> None:
        """Keep a program for models like this one."""
        self._programs[program_key(model, data, plan)] = program
        while len(self._programs) > self._size:
            self._programs.popitem(last=False)

    def clear(self) -> None:
        """Forget every program."""
        self._programs.clear()


def _file(model: keras.Model, key: str) -> LoopFile | None:
    """Return where the loop of a model made of Keras's own parts is kept."""
    folder = programs_folder()
    return LoopFile(folder, key) if folder is not None and not has_foreign_code(model) else None


PROGRAMS = ProgramCache()
"""The programs of this process."""


def program_key(model: keras.Model, data: Data, plan: Plan) -> str:
    """Return a text that is equal for models whose loops are the same program.

    Learning rate, schedule, seeds, initial values, data values and names do not count. A model
    with code that is not Keras's own is only ever equal to itself.
    """
    import keras

    shapes = [
        f"{t.dtype}{tuple(t.shape)}" if t is not None else "" for t in keras.tree.flatten(data)
    ]
    settings = [keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()]
    kind = [*shapes, _nesting(data), repr(plan), *settings]
    return json.dumps([*kind, _model_key(model)])


def _nesting(data: Setting) -> Setting:
    """Return how arrays are nested: the same ones go elsewhere from a list than from a dict."""
    if isinstance(data, dict):
        return {name: _nesting(data[name]) for name in sorted(data)}
    if isinstance(data, list | tuple):
        return [_nesting(part) for part in data]
    return None if data is None else "array"


def _model_key(model: keras.Model) -> str:
    """Describe a model by what its loop is compiled from.

    Keras takes a millisecond to write a model down, so the text is kept for as long as nothing
    has changed that a person can change on a model.
    """
    mark = _fingerprint(model)
    known = _known.get(model)
    if known is None or known[0] != mark:
        known = _known[model] = (mark, _described(model))
    return known[1]


_known: weakref.WeakKeyDictionary[keras.Model, tuple[Setting, str]] = weakref.WeakKeyDictionary()


def _fingerprint(model: keras.Model) -> Setting:
    """Return what tells a changed model from the same one, quickly."""
    parts = (model.optimizer, model._compile_loss, model._compile_metrics)
    optimizer = {k: v for k, v in model.optimizer.get_config().items() if k not in _DATA}
    plain = (bool, int, float, str, type(None))
    settings = [
        v if isinstance(v, plain) else id(v)
        for layer in all_layers(model)
        for k, v in vars(layer).items()
        if isinstance(v, plain) or callable(v)
    ]
    return [
        *(id(part) for part in parts),
        optimizer,
        settings,
        [v.trainable for v in model.weights],
        _not_decayed(model),
        _constants(model),
    ]


def _described(model: keras.Model) -> str:
    """Write down everything that is compiled into the loop."""
    if has_foreign_code(model):
        parts = (model, model.optimizer, model._compile_loss, model._compile_metrics)
        return json.dumps([[id(part) for part in parts], _constants(model)])
    layers = (model, *all_layers(model))
    names = {layer.name: f"#{i}" for i, layer in enumerate(layers)}
    architecture = _structure(model.get_config(), names)
    compiled = _structure(model.get_compile_config(), {model.optimizer.name: "optimizer"})
    trainable = [v.trainable for v in model.variables]
    described = [architecture, compiled, trainable, _not_decayed(model), _constants(model)]
    return json.dumps(described, default=str)


def _not_decayed(model: keras.Model) -> list[int]:
    """Return the places of the weights that the optimizer was told not to decay.

    Its configuration does not hold that.
    """
    optimizer = inner_of(model.optimizer)
    excluded = getattr(optimizer, "_exclude_from_weight_decay", None)
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if not excluded and not pattern:
        return []
    weights = enumerate(model.trainable_variables)
    return [place for place, weight in weights if not optimizer._use_weight_decay(weight)]


def _constants(model: keras.Model) -> list[str]:
    """Return digests of the arrays that layers hold beside their weights.

    They are compiled in, and no configuration holds them: what ``Normalization`` learned of its
    data when it was adapted.
    """
    import keras

    return [
        f"{place} {name} {value.dtype} {hashlib.sha256(np.asarray(value).tobytes()).hexdigest()}"
        for place, layer in enumerate(all_layers(model))
        for name, value in vars(layer).items()
        if isinstance(value, np.ndarray)
        # Most values are plain, and Keras takes its time to say that they are no tensors.
        or (
            hasattr(value, "dtype")
            and not isinstance(value, keras.Variable)
            and keras.ops.is_tensor(value)
        )
    ]


def has_foreign_code(model: keras.Model) -> bool:
    """Tell whether a layer, activation, loss, metric or optimizer is the caller's own."""
    import keras

    if type(model) not in (keras.Sequential, keras.Model) and not _is_functional(model):
        return True
    things: list[object] = [model.optimizer, inner_of(model.optimizer)]
    for layer in all_layers(model):
        things += [layer, *(v for v in vars(layer).values() if callable(v))]
        things += [getattr(v, "regularizer", None) for v in layer.weights]
        things += [getattr(v, "constraint", None) for v in layer.weights]
    config = model._compile_config.config
    for name in ("loss", "metrics", "weighted_metrics"):
        given = keras.tree.flatten(config.get(name))
        # What Keras wraps may be the caller's own function.
        things += [*given, *(getattr(v, fn, None) for v in given for fn in ("fn", "_fn"))]
    return any(_is_foreign(thing) for thing in things)


def _is_functional(model: keras.Model) -> bool:
    from keras.src.models import Functional

    return type(model) is Functional


def _is_foreign(thing: object) -> bool:
    if thing is None or isinstance(thing, str | int | float):
        return False
    module = getattr(thing, "__module__", None)
    if module is None or not callable(thing) or isinstance(thing, type):
        module = type(thing).__module__
    return not str(module).startswith(("keras.", "builtins"))


def _structure(value: Setting, names: dict[str, str]) -> Setting:
    """Copy a configuration without what is data, with names replaced by positions."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in _DATA and "initializer" not in str(k)}
        return {k: _structure(v, names) for k, v in kept.items()}
    if isinstance(value, list | tuple):
        return [_structure(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value
