"""One run of a diagnosis: advanced to its end, and judged on the way and there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overfit_core.diagnosis.masks import mask_of
from overfit_core.diagnosis.target import Target, Targets, attained, score_of, side_by_side
from overfit_core.diagnosis.trained import Answers, Trained
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.program import Program
from overfit_core.training.session import Session
from overfit_core.training.types import AnyArray, Arrays, BoolArray, FloatArray

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
        most: Epochs that it might have had; infinity for no limit.
    """

    end: Trained
    then: Standing | None
    compiling: float = 0.0
    most: float = float("inf")


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
) -> tuple[Standing, list[_Part]]:
    """Judge a model as it is now; returns its answers as well, output by output."""
    x, y = batch
    answers = model(x, training=False)
    penalty = float(sum(float(np.asarray(value)) for value in model.losses))
    loss = float(np.asarray(model.compute_loss(x, y, answers, training=False)))
    parts = _parts(target, y, answers)
    return Standing(epochs, loss, penalty, min(score_of(*part) for part in parts)), parts


class _Part(NamedTuple):
    """One output that is judged."""

    target: Target
    y: AnyArray
    prediction: FloatArray
    mask: BoolArray | None


def _parts(target: Target, y: Arrays, answers: Any) -> list[_Part]:  # noqa: ANN401
    import keras

    flat = keras.tree.flatten(y), keras.tree.flatten(answers)
    return [
        _Part(one, labels, np.asarray(answer), mask_of(answer))
        for one, labels, answer in zip(target.each, *flat, strict=True)
        if one is not None
    ]


def _judged(session: Session, history: History, target: Target, batch: Batch) -> Trained:
    x, y = batch
    now, parts = _standing(session.model, session.epoch, target, batch)
    # Last: it moves the averages of batch normalisation.
    in_training = _parts(target, y, session.model(x, training=True))
    each = [
        Answers(
            prediction=used.prediction,
            in_training=trained.prediction,
            attained=attained(*used),
            attained_in_training=attained(*used._replace(prediction=trained.prediction)),
            score=score_of(*used),
        )
        for used, trained in zip(parts, in_training, strict=True)
    ]
    return Trained(
        history=history,
        planned=session.total,
        memorised=session.memorisation.epoch,
        forgotten=session.memorisation.forgotten,
        non_finite=session.non_finite_epoch,
        prediction=side_by_side([one.prediction for one in each]),
        in_training=side_by_side([one.in_training for one in each]),
        loss=now.loss,
        penalty=now.penalty,
        attained=all(one.attained for one in each),
        attained_in_training=all(one.attained_in_training for one in each),
        score=now.score,
        each=tuple(each) if isinstance(target, Targets) else (),
    )
