"""The networks of races: made once, and given the initial weights of one seed after another."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from overfit_core.models.build import build_model
from overfit_core.training.hashing import model_hash
from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras

    from overfit_core.racing.plan import Member, RacePlan

Key = TypeVar("Key")
Value = TypeVar("Value")
KEPT_STARTS, KEPT_MODELS = 40, 14
"""Seeds whose weights are kept in a process, and networks, of whatever races."""
SMALL = 100_000
"""Parameters of a network from which on training takes so long that making it does not count."""
STARTS_FROM_WEIGHTS = frozenset({"ScheduleFreeAdamW"})
"""Optimizers whose own variables start as copies of the weights."""


class Start(NamedTuple):
    """The weights that a seed makes, and their SHA-256 (hex)."""

    values: list[FloatArray]
    hash: str


@dataclass
class Made:
    """A network with its optimizer: one record of each, for whoever takes turns with it.

    Attributes:
        of: Task and optimizer.
        model: At its start.
        seed: Whose initial weights it has now.
        hash: SHA-256 (hex) of these.
    """

    of: str
    model: keras.Model
    seed: int
    hash: str


class Models:
    """The network of the runs of a race, as each of them finds it at its start.

    Making one takes 30 ms, ten times as long as training a small one. Whoever trains it must leave
    its variables as they are. The initial weights of a seed are the same for every optimizer and
    are kept, so a network that is there already, also from a race before, is only given them.

    Args:
        plan: The race.

    Attributes:
        made: How many were made.
        weights_hash: SHA-256 (hex) of the weights of the one that was asked for last.
    """

    def __init__(self, plan: RacePlan) -> None:
        """Nothing is made yet."""
        self._plan = plan
        without = {"optimizer", "training", "name"}
        self._task = f"{plan.spec.training.dtype} {plan.spec.model_dump_json(exclude=without)}"
        self._entrants = [
            f"{self._task} {entrant.model_dump_json()}" for entrant in plan.optimizers
        ]
        self._last: Made | None = None
        self.made, self.weights_hash = 0, ""

    def of(self, member: Member) -> keras.Model:
        """Return the network of a run at its start; the same object as long as it can be."""
        entrant = self._entrants[member.optimizer]
        found = _models.get(entrant)
        if found is None and self._last is not None and self._last.of == entrant:
            found = self._last
        if found is None or found.seed != member.seed:
            found = self._given(found, member) or self._new(entrant, member)
            if found.model.count_params() < SMALL:
                _keep(_models, entrant, found, KEPT_MODELS)
        self._last, self.weights_hash = found, found.hash
        return found.model

    def _given(self, made: Made | None, member: Member) -> Made | None:
        """Give a network the weights of another seed; None if it or they are not there."""
        start = _starts.get((self._task, member.seed))
        from_weights = self._plan.optimizers[member.optimizer].name in STARTS_FROM_WEIGHTS
        if made is None or start is None or from_weights:
            return None
        for variable, value in zip(made.model.variables, start.values, strict=True):
            variable.assign(value)
        made.seed, made.hash = member.seed, start.hash
        return made

    def _new(self, entrant: str, member: Member) -> Made:
        model = build_model(self._plan.spec_of(member))
        self.made += 1
        made = Made(entrant, model, member.seed, model_hash(model))
        if model.count_params() < SMALL:
            values = [variable.numpy() for variable in model.variables]
            _keep(_starts, (self._task, member.seed), Start(values, made.hash), KEPT_STARTS)
        return made


_starts: OrderedDict[tuple[str, int], Start] = OrderedDict()
_models: OrderedDict[str, Made] = OrderedDict()


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Keep the newest ones."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
