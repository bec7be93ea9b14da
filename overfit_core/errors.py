"""The errors of this library: one small hierarchy.

Every message says what was wrong, with the value, and what to do about it, so
that a page can show it beside the widget as it stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple, Self

MAX_SHOWN_VALUE = 80
"""Longest printed form of a refused value, in characters."""


class Problem(NamedTuple):
    """One thing that is wrong with a spec.

    Attributes:
        path: Where it is, from the root of the spec: `("model", "layers", 0, "units")`.
            Empty when the whole spec is meant.
        message: What is wrong, with the value, and the way out.
        value: The value that was refused, as it was given.
    """

    path: tuple[str | int, ...]
    message: str
    value: object = None

    def __str__(self) -> str:
        """Return `model → layers → 0 → units: message`."""
        if not self.path:
            return self.message
        return f"{' → '.join(map(str, self.path))}: {self.message}"

    def under(self, *prefix: str | int) -> Problem:
        """Return the same problem, seen from further out."""
        return self._replace(path=(*prefix, *self.path))


def shown(value: object, limit: int = MAX_SHOWN_VALUE) -> str:
    """Return the `repr` of `value`, cut to `limit` characters.

    A refused value may be anything, a megabyte of text included. It is never
    printed in full.
    """
    if isinstance(value, str) and len(value) > limit:
        value = value[:limit] + "…"
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # int too long to print, or nested too deep
        return f"a {type(value).__name__} that is too large to print"
    return text if len(text) <= limit + 3 else text[:limit] + "…"


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """Return the message for a name that is not among the `known` ones, with the nearest one."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(given[:50].lower(), names, n=1, cutoff=0.5)
    if close:
        hint = f"Did you mean {names[close[0]]!r}?"
    else:
        hint = f"Choose one of {', '.join(names.values())}."
    return f"there is no {what} called {shown(given)}. {hint}"


class OverfitError(Exception):
    """The base of every error that this library raises on purpose."""


class SpecError(OverfitError, ValueError):
    """A spec, or a part of it, cannot be used.

    Attributes:
        problems: Everything that is wrong, at least one entry.
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        """Take the problems; a plain message is one problem of the whole spec."""
        if isinstance(problems, str):
            problems = (Problem((), problems),)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def at(cls, path: tuple[str | int, ...], message: str, value: object = None) -> Self:
        """Return the error of one problem."""
        return cls((Problem(path, message, value),))

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error travel between processes with its problems."""
        return type(self), (self.problems,)


class LinkCodeError(SpecError):
    """A link code is damaged, stale, too large, or not one of ours."""


class ShapeError(SpecError):
    """A layer cannot take the shape that arrives at it.

    Attributes:
        layer: Name of the layer, such as `conv2d_1`, or its kind.
        layer_index: Its place in the list of layers, from 0, where it is known.
        shape: The shape that arrived, without the samples.
    """

    def __init__(
        self,
        message: str,
        *,
        layer: str,
        shape: tuple[int, ...],
        layer_index: int | None = None,
    ) -> None:
        """Take the message and what it speaks of."""
        self.layer = layer
        self.layer_index = layer_index
        self.shape = shape
        self.message = message
        path = () if layer_index is None else ("model", "layers", layer_index)
        super().__init__((Problem(path, message, shape),))

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error travel between processes with its attributes."""
        return _shape_error, (self.message, self.layer, self.shape, self.layer_index)


def _shape_error(
    message: str, layer: str, shape: tuple[int, ...], layer_index: int | None
) -> ShapeError:
    return ShapeError(message, layer=layer, shape=shape, layer_index=layer_index)


class ModelError(OverfitError, ValueError):
    """A Keras model of the caller's own cannot be trained here."""


class StoreError(OverfitError):
    """The database refused, or holds something that cannot be read."""


class UnknownRunError(StoreError):
    """There is no run under this id."""


class UnknownRaceError(StoreError):
    """There is no race under this id."""


class NotYoursError(StoreError):
    """Somebody else made it: it may be looked at, not changed."""


class TooManyRunsError(StoreError):
    """There is no room for a new run, search or race just now."""


class WorkerError(OverfitError):
    """A worker or the scheduler did not start, answer or finish."""
