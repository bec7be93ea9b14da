"""The outputs of a model that has several: their names, and which labels and losses are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.errors import ModelError
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Heads:
    """The outputs of a model, in the order in which Keras lays them out.

    Attributes:
        names: What each is called.
        answer: How each is got from what the model returns: ``['price']``, ``[0]``.
        structure: What the model returns, with something else in the place of each output.
    """

    names: tuple[str, ...]
    answer: tuple[str, ...]
    structure: Any = field(repr=False)

    @classmethod
    def of(cls, model: keras.Model, outputs: Any) -> Heads:  # noqa: ANN401
        """Name the outputs: by the keys of a dict, by their layers, or by their places.

        Args:
            model: The model.
            outputs: What it returns, nested: anything in the place of each output.
        """
        import keras

        paths = [path for path, _ in keras.tree.flatten_with_path(outputs)]
        names = ["/".join(map(str, path)) for path in paths]
        layers = list(getattr(model, "output_names", None) or ())
        if not isinstance(outputs, dict) and len(set(layers)) == len(names):
            names = layers
        answer = tuple("".join(f"[{part!r}]" for part in path) for path in paths)
        return cls(tuple(names), answer, keras.tree.map_structure(lambda _: 0, outputs))

    def packed(self, each: Sequence[Any]) -> Any:  # noqa: ANN401
        """Return one thing for each output, nested as the outputs are; a single one as it is.

        Keras takes that for a model that returns one output in a list or dict, and what it makes
        from the configuration of such a model may return it bare.
        """
        import keras

        if len(self.names) == 1:
            return each[0]
        return keras.tree.pack_sequence_as(self.structure, list(each))

    def each(self, given: Any) -> list[Any]:  # noqa: ANN401
        """Return the loss or its weight for each output; None where there is none.

        Args:
            given: One for all, or one for each: by name, or in a list, or nested as they are.

        Raises:
            ModelError: If there are more or fewer, or other names.
        """
        import keras

        if not isinstance(given, dict | list | tuple):
            return [given] * len(self.names)
        if isinstance(given, dict) and set(given) <= set(self.names):
            return [given.get(name) for name in self.names]
        flat = keras.tree.flatten(given)
        if isinstance(given, dict) or len(flat) != len(self.names):
            raise ModelError(f"Losses or weights are given as {_form(given)}; {self._are()}")
        return list(flat)

    def labels(self, y: Arrays, losses: Sequence[Any]) -> list[AnyArray]:
        """Return the labels of each output; zeros for one without a loss that has none.

        Args:
            y: Labels, in a form that Keras takes.
            losses: Of each output; None for none.

        Raises:
            ModelError: If there are more or fewer, or other names.
        """
        import keras

        judged = [name for name, loss in zip(self.names, losses, strict=True) if loss is not None]
        flat = keras.tree.flatten(y)
        none = np.zeros((len(flat[0]), 1), keras.config.floatx())
        for names in (list(self.names), judged):
            if isinstance(y, dict) and set(y) == set(names):
                return [y.get(name, none) for name in self.names]
            unnamed = not isinstance(y, dict) or not set(y) & set(self.names)
            if unnamed and len(flat) == len(names):
                found = dict(zip(names, flat, strict=True))
                return [found.get(name, none) for name in self.names]
        raise ModelError(f"y is given as {_form(y)}; {self._are()}")

    def called(self, given: Any, place: int) -> str:  # noqa: ANN401
        """Return how what belongs to an output is got from labels or losses as they were given.

        Returns:
            ``['price']`` or ``[0]``; of a loss that all have, how it would be got if each had its
            own; nothing where there is one output that was given a bare array or loss.
        """
        if isinstance(given, list | tuple):
            return f"[{place}]"
        if isinstance(given, dict) and self.names[place] in given:
            return f"[{self.names[place]!r}]"
        return self.answer[place] if isinstance(given, dict) or len(self.names) > 1 else ""

    def _are(self) -> str:
        return f"the model's outputs are {', '.join(self.names)}."


def _form(given: Any) -> str:  # noqa: ANN401
    if isinstance(given, dict):
        return f"a dict with {', '.join(map(str, given)) or 'nothing'}"
    if isinstance(given, list | tuple):
        return f"a {'list' if isinstance(given, list) else 'tuple'} of {len(given)}"
    return "one array"
