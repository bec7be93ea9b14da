"""One run of a diagnosis: advanced to its end, and judged on the way and there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overfit_core.diagnosis.facts import Trained
from overfit_core.diagnosis.masks import mask_of
from overfit_core.diagnosis.target import Target, attained, score_of
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.program import Program
from overfit_core.training.session import Session
from overfit_core.training.types import BoolArray, FloatArray

if TYPE_CHECKING:
    import keras

ShouldStop = Callable[[], bool]
Batch = tuple[Any, Any]

LEAST_SECONDS = 1.0
"""At least so much counts as left: what was compiled is tried."""
SLOW = 1.0
"""Epochs a second of a network of which nothing is known: the first chunk is a single epoch."""


@dataclass(frozen=True)
class Standing:
    """Where a run was after so many epochs.

    Attributes:
        epochs: After how many.
        loss: Loss in inference mode, penalties included.
        penalty: The part of it that is penalties on weights and outputs.
        score: Share of right samples, or R² of the worst output.
    """

    epochs: int
    loss: float
    penalty: float
    score: float


class Limits(NamedTuple):
    """When a run ends.

    Attributes:
        deadline: When it has to be over, by ``time.monotonic``.
        share: How much it may take of the time that is left until then once it is compiled.
        should_stop: Asked about ten times a second; True ends it where it is.
        at: Epoch at which it is judged as well, if it was not memorised until then; 0 for none.
        stop_when_memorised: Whether it ends as soon as the batch is memorised.
    """

    deadline: float = float("inf")
    share: float = 1.0
    should_stop: ShouldStop = lambda: False
    at: int = 0
    stop_when_memorised: bool = False

    def end(self) -> float:
        """Return when a run ends that begins to train now, by ``time.monotonic``."""
        now = time.monotonic()
        return now + self.share * max(self.deadline - now, LEAST_SECONDS)


class Trial(NamedTuple):
    """What came out of a run, and where it was on its way.

    Attributes:
        end: How it ended.
        then: Where it was at the epoch that was asked for; None where it ended before.
        compiling: Seconds that it waited to be compiled.
    """

    end: Trained
    then: Standing | None
    compiling: float = 0.0


_kept: weakref.WeakKeyDictionary[Program, tuple[Any, ...]] = weakref.WeakKeyDictionary()


def run_to_end(session: Session, target: Target, batch: Batch, limits: Limits) -> Trial:
    """Train a session to its end and judge it.

    Args:
        session: Of a compiled model; nothing is trained yet.
        target: What the labels mean.
        batch: Inputs and labels, in the form that the model takes.
        limits: When it ends.
    """
    model = session.model
    # A program of code that is not Keras's own is found again by the identity of its parts. Those
    # of a model that was lent are not on it for long, and must not be mistaken for later ones.
    _kept[session.program] = (model.optimizer, model._compile_loss)
    history, then = _trained(session, target, batch, limits)
    return Trial(_judged(session, history, target, batch), then, session.compile_seconds)


def _trained(
    session: Session, target: Target, batch: Batch, limits: Limits
) -> tuple[History, Standing | None]:
    history, length, then = History({}), ChunkLength(epochs_per_second=SLOW), None
    session.compile()
    until = limits.end()
    while not session.finished:
        began, left = time.perf_counter(), limits.at - session.epoch
        chunk = session.advance(min(length.epochs, left) if left > 0 else length.epochs)
        length.record(len(chunk), time.perf_counter() - began)
        history.append(chunk)
        if session.epoch == limits.at and session.memorisation.epoch is None:
            session.finish()
            then, *_ = _standing(session.model, session.epoch, target, batch)
        if (time.monotonic() > until or limits.should_stop()) and not session.finished:
            session.ended = "stopped"
    session.finish()
    return history, then


def _standing(
    model: keras.Model, epochs: int, target: Target, batch: Batch
) -> tuple[Standing, FloatArray, BoolArray | None]:
    """Judge a model as it is now; returns its answers as well, and which of them count."""
    x, y = batch
    answers = model(x, training=False)
    penalty = float(sum(float(np.asarray(value)) for value in model.losses))
    loss = float(np.asarray(model.compute_loss(x, y, answers, training=False)))
    prediction, mask = np.asarray(answers), mask_of(answers)
    score = score_of(target, y, prediction, mask)
    return Standing(epochs, loss, penalty, score), prediction, mask


def _judged(session: Session, history: History, target: Target, batch: Batch) -> Trained:
    x, y = batch
    now, prediction, mask = _standing(session.model, session.epoch, target, batch)
    # Last: it moves the averages of batch normalisation.
    in_training = np.asarray(session.model(x, training=True))
    return Trained(
        history=history,
        planned=session.total,
        memorised=session.memorisation.epoch,
        forgotten=session.memorisation.forgotten,
        non_finite=session.non_finite_epoch,
        prediction=prediction,
        in_training=in_training,
        loss=now.loss,
        penalty=now.penalty,
        attained=attained(target, y, prediction, mask),
        attained_in_training=attained(target, y, in_training, mask),
        score=now.score,
    )
