"""One run of a diagnosis: advanced to its end, and judged on the way and there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overfit_core.diagnosis.facts import Trained
from overfit_core.diagnosis.target import Target, attained, worst_r2
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.program import Program
from overfit_core.training.session import Session
from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras

ShouldStop = Callable[[], bool]
Batch = tuple[Any, Any]


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
        seconds: How long it may train, compiling left out.
        should_stop: Asked about ten times a second; True ends it where it is.
        at: Epoch at which it is judged as well, if it was not memorised until then; 0 for none.
        stop_when_memorised: Whether it ends as soon as the batch is memorised.
    """

    seconds: float = float("inf")
    should_stop: ShouldStop = lambda: False
    at: int = 0
    stop_when_memorised: bool = False


class Trial(NamedTuple):
    """What came out of a run, and where it was on its way.

    Attributes:
        end: How it ended.
        then: Where it was at the epoch that was asked for; None where it ended before.
    """

    end: Trained
    then: Standing | None


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
    return Trial(_judged(session, history, target, batch), then)


def _trained(
    session: Session, target: Target, batch: Batch, limits: Limits
) -> tuple[History, Standing | None]:
    history, length, then = History({}), ChunkLength(), None
    session.compile()
    until = time.monotonic() + limits.seconds
    while not session.finished:
        began, left = time.perf_counter(), limits.at - session.epoch
        chunk = session.advance(min(length.epochs, left) if left > 0 else length.epochs)
        length.record(len(chunk), time.perf_counter() - began)
        history.append(chunk)
        if session.epoch == limits.at and session.memorisation.epoch is None:
            session.finish()
            then = _standing(session.model, session.epoch, target, batch)[0]
        if (time.monotonic() > until or limits.should_stop()) and not session.finished:
            session.ended = "stopped"
    session.finish()
    return history, then


def _standing(
    model: keras.Model, epochs: int, target: Target, batch: Batch
) -> tuple[Standing, FloatArray]:
    """Judge a model as it is now; returns its answers as well."""
    x, y = batch
    answers = model(x, training=False)
    penalty = float(sum(float(np.asarray(value)) for value in model.losses))
    loss = float(np.asarray(model.compute_loss(x, y, answers, training=False)))
    prediction = np.asarray(answers)
    right = target.right(y, prediction).mean() if target.is_classes else worst_r2(y, prediction)
    return Standing(epochs, loss, penalty, float(right)), prediction


def _judged(session: Session, history: History, target: Target, batch: Batch) -> Trained:
    x, y = batch
    now, prediction = _standing(session.model, session.epoch, target, batch)
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
        attained=attained(target, y, prediction),
        attained_in_training=attained(target, y, in_training),
        score=now.score,
    )
