"""The runs of one optimizer, one after the other on one compiled program."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, NamedTuple

from overfit_core.batches import make_batch
from overfit_core.models.build import floatx
from overfit_core.racing.models import Models
from overfit_core.racing.race_session import RaceSession
from overfit_core.racing.results import scored
from overfit_core.racing.trained import Paused, Trained
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.plan import Plan
from overfit_core.training.preparing import tensors
from overfit_core.training.spec_session import criterion_of, data_of

if TYPE_CHECKING:
    import keras

    from overfit_core.racing.plan import Member, RacePlan
    from overfit_core.training.program import Program
    from overfit_core.training.types import Tensor

ShouldStop = Callable[[], bool]


class _Last(NamedTuple):
    """What a run leaves for the next one; the run itself is let go of."""

    model: keras.Model
    program: Program
    seed: int
    start: list[Tensor] | None


class RaceSessions:
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
        self._last: _Last | None = None
        self.batch_hash = self._batch.hash

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) of the weights that the last run started from."""
        return self._models.weights_hash

    def session(self, member: Member) -> RaceSession:
        """Return a run that stands at its start."""
        spec = self._plan.spec
        model = self._models.of(member)
        last = self._last if self._last is not None and self._last.model is model else None
        with floatx(spec.training.dtype):
            return RaceSession(
                model,
                spec,
                self._batch,
                self._data,
                self._recorded,
                learning_rate=member.learning_rate,
                program=last.program if last is not None else None,
                start=last.start if last is not None and last.seed == member.seed else None,
            )

    def keep(self, member: Member, session: RaceSession) -> None:
        """Have the next run of the same model trained by the same program, from the same start."""
        self._last = _Last(session.model, session.program, member.seed, session.start)


def run_members(
    plan: RacePlan,
    members: Iterable[Member],
    should_stop: ShouldStop = lambda: False,
    *,
    should_pause: ShouldStop = lambda: False,
    paused: Paused | None = None,
) -> Generator[Trained, None, Paused | None]:
    """Train runs of a race, and give each when it has ended.

    Members of one optimizer and one seed that follow each other share a model.

    Args:
        plan: The race.
        members: Which of its runs.
        should_stop: Asked about ten times a second; the run that is on then is given as far as it
            came, marked as stopped, and none follows.
        should_pause: Asked as often; the run that is on then is left in the middle, and none
            follows.
        paused: One of them that was left in the middle, here or in another process: it goes on
            there, and gives what it would have given, to the last bit.

    Returns:
        The run that was left in the middle; None if none was.

    Raises:
        SpecError: If the batch cannot be made, or the layers do not take it.
        ModelError: If Keras cannot train the network.
    """
    sessions, length = RaceSessions(plan), ChunkLength()
    for member in members:
        if should_stop():
            return None
        session = sessions.session(member)
        history = _begun(session, paused if paused and paused.member == member else None)
        if _train(session, history, length, should_stop, should_pause):
            return Paused(member, history, session.checkpoint())
        sessions.keep(member, session)
        run = scored(
            member,
            history,
            plan.target,
            seconds=session.train_seconds,
            memorised_epoch=session.memorisation.epoch,
            stopped=not session.finished,
        )
        yield Trained(run, history, session.end(), sessions.batch_hash, sessions.weights_hash)
        if run.stopped:
            return None
    return None


def _begun(session: RaceSession, paused: Paused | None) -> History:
    """Return what there is of a run already: nothing, or that up to where it was left."""
    if paused is None or paused.checkpoint is None or not session.go_on(paused.checkpoint):
        return History({})
    return paused.history


def _train(
    session: RaceSession,
    history: History,
    length: ChunkLength,
    should_stop: ShouldStop,
    should_pause: ShouldStop,
) -> bool:
    """Train a run on, and add to its history; tells whether it is left in the middle."""
    session.compile()
    while not session.finished:
        began = time.perf_counter()
        chunk = session.advance(length.epochs)
        length.record(len(chunk), time.perf_counter() - began)
        history.append(chunk)
        if session.finished or should_stop():
            break
        if should_pause():
            return True
    return False
