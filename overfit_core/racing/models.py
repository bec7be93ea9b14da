"""The networks of a race: made once, and given the initial weights of one seed after another."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from overfit_core.models.build import build_model
from overfit_core.training.hashing import model_hash
from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras

    from overfit_core.racing.plan import Member, RacePlan

KEPT = 40
"""Seeds whose initial weights are kept in a process, of whatever races."""
SMALL = 100_000
"""Parameters of a network from which on training takes so long that making it does not count."""
STARTS_FROM_WEIGHTS = frozenset({"ScheduleFreeAdamW"})
"""Optimizers whose own variables start as copies of the weights."""


class Models:
    """The network of the runs of a race, as each of them finds it at its start.

    Making one takes 30 ms, ten times as long as training a small one. Whoever trains it must leave
    its variables as they are. The initial weights are the same for every optimizer, so those of a
    seed are kept, and the next optimizer's network is only given them.

    Args:
        plan: The race.

    Attributes:
        weights_hash: SHA-256 (hex) of the weights of the one that was asked for last.
        made: How many were made.
    """

    def __init__(self, plan: RacePlan) -> None:
        """Nothing is made yet."""
        self._plan = plan
        without = {"optimizer", "training", "name"}
        self._task = f"{plan.spec.training.dtype} {plan.spec.model_dump_json(exclude=without)}"
        self._shown: tuple[int, int] | None = None
        self._model: keras.Model | None = None
        self.weights_hash, self.made = "", 0

    def of(self, member: Member) -> keras.Model:
        """Return the network of a run at its start; the same object as long as it can be."""
        asked = (member.optimizer, member.seed)
        if self._model is None or self._shown != asked:
            kept = _kept.get((self._task, member.seed))
            if kept is not None and self._can_be_given(member):
                self._give(kept)
            else:
                self._make(member)
            self._shown = asked
        assert self._model is not None
        return self._model

    def _can_be_given(self, member: Member) -> bool:
        """Whether the network that is there differs in its initial weights only."""
        alike = self._shown is not None and self._shown[0] == member.optimizer
        name = self._plan.optimizers[member.optimizer].name
        return alike and name not in STARTS_FROM_WEIGHTS

    def _make(self, member: Member) -> None:
        self._model = model = build_model(self._plan.spec_of(member))
        self.made += 1
        self.weights_hash = model_hash(model)
        if model.count_params() < SMALL:
            _keep((self._task, member.seed), [variable.numpy() for variable in model.variables])

    def _give(self, values: list[FloatArray]) -> None:
        assert self._model is not None
        for variable, value in zip(self._model.variables, values, strict=True):
            variable.assign(value)
        self.weights_hash = model_hash(self._model)


_kept: OrderedDict[tuple[str, int], list[FloatArray]] = OrderedDict()


def _keep(key: tuple[str, int], values: list[FloatArray]) -> None:
    _kept[key] = values
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
