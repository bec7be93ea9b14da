"""The runs of one optimizer, one after the other on one compiled program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from overfit_core.batches import make_batch
from overfit_core.models.build import floatx
from overfit_core.racing.entry import Entry
from overfit_core.racing.models import Models
from overfit_core.racing.results import scored
from overfit_core.racing.trained import Trained
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.plan import Plan
from overfit_core.training.preparing import tensors
from overfit_core.training.spec_session import criterion_of, data_of

if TYPE_CHECKING:
    import keras

    from overfit_core.racing.plan import Member, RacePlan
    from overfit_core.training.program import Program

ShouldStop = Callable[[], bool]


class Stable:
    """What the runs of a race have in common: the batch, the networks, the compiled programs.

    The compiled loop trains variables of its own, so a model stays at its start; and it is one
    program for all runs of an optimizer, as neither learning rate nor initial weights are part of
    it.

    Attributes:
        batch_hash: SHA-256 (hex) of the batch.
    """

    def __init__(self, plan: RacePlan) -> None:
        """Make the batch.

        Args:
            plan: The race.

        Raises:
            SpecError: If the batch cannot be made, or the layers do not take it.
        """
        self._plan, spec = plan, plan.spec
        self._batch = make_batch(spec.batch, spec.training.dtype)
        self._data = tensors(data_of(spec, self._batch))
        self._recorded = Plan(criterion=criterion_of(spec))
        self._models = Models(plan)
        self._program: tuple[keras.Model, Program] | None = None
        self.batch_hash = self._batch.hash

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) of the weights that the last run started from."""
        return self._models.weights_hash

    def session(self, member: Member) -> Entry:
        """Return a run that stands at its start."""
        spec = self._plan.spec
        model = self._models.of(member)
        known = self._program
        with floatx(spec.training.dtype):
            return Entry(
                model,
                spec,
                self._batch,
                self._data,
                self._recorded,
                learning_rate=member.learning_rate,
                program=known[1] if known is not None and known[0] is model else None,
            )

    def keep(self, session: Entry) -> None:
        """Have the next run of the same model trained by the same program."""
        self._program = (session.model, session.program)


def run_members(
    plan: RacePlan, members: Iterable[Member], should_stop: ShouldStop = lambda: False
) -> Iterator[Trained]:
    """Train runs of a race, and give each when it has ended.

    Members of one optimizer and one seed that follow each other share a model.

    Args:
        plan: The race.
        members: Which of its runs.
        should_stop: Asked about ten times a second; the run that is on then is given as far as it
            came, marked as stopped, and none follows.

    Raises:
        SpecError: If the batch cannot be made, or the layers do not take it.
        ModelError: If Keras cannot train the network.
    """
    stable, length = Stable(plan), ChunkLength()
    for member in members:
        if should_stop():
            return
        session = stable.session(member)
        history = _train(session, length, should_stop)
        stable.keep(session)
        run = scored(
            member,
            history,
            plan.target,
            seconds=session.train_seconds,
            memorised_epoch=session.memorisation.epoch,
            stopped=not session.finished,
        )
        yield Trained(run, history, session.end(), stable.batch_hash, stable.weights_hash)
        if run.stopped:
            return


def _train(session: Entry, length: ChunkLength, should_stop: ShouldStop) -> History:
    session.compile()
    history = History({})
    while not session.finished:
        began = time.perf_counter()
        chunk = session.advance(length.epochs)
        length.record(len(chunk), time.perf_counter() - began)
        history.append(chunk)
        if not session.finished and should_stop():
            break
    return history
