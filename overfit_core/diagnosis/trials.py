"""Training runs of a diagnosis: of the model as it is, and of changed copies of it."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.facts import Trained
from overfit_core.diagnosis.target import Target, attained, worst_r2
from overfit_core.errors import ModelError, OverfitError
from overfit_core.training.caller import arrays
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.plan import Data, Plan
from overfit_core.training.preparing import reason
from overfit_core.training.probes import PROBES
from overfit_core.training.session import Session

if TYPE_CHECKING:
    import keras

ShouldStop = Callable[[], bool]


@contextmanager
def own_random_state() -> Iterator[None]:
    """Leave the caller's random state as it was: Keras draws the seeds of layers from Python's."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


@dataclass(frozen=True)
class Workshop:
    """Makes copies of a model and trains them.

    Attributes:
        model: The caller's; never changed.
    """

    model: keras.Model

    def build(self, setup: Setup, seed: int) -> keras.Model:
        """Return a compiled copy.

        Args:
            setup: What to make.
            seed: 0 starts from the model's own weights, where they still fit; others are drawn.

        Raises:
            ModelError: If Keras cannot make it.
        """
        import keras

        random.seed(seed)
        try:
            model = self._copy(setup, seed)
            if not model.built:
                model.build(keras.tree.map_structure(np.shape, setup.x))
            if seed == 0 and setup.own_weights and self.model.built:
                model.set_weights(self.model.get_weights())
            model.compile(keras.optimizers.deserialize(setup.optimizer), setup.loss)
        except Exception as error:
            raise ModelError(reason(error)) from error
        return model

    def _copy(self, setup: Setup, seed: int) -> keras.Model:
        import keras

        if setup.config is None:
            if seed or not self.model.built:
                raise ModelError("The model cannot say how it is made: only it can be trained.")
            return keras.models.clone_model(self.model)
        # Keras takes what it reads out of a configuration.
        config = copy.deepcopy(_reseeded(setup.config, seed) if seed else setup.config)
        own = {type(layer).__name__: type(layer) for layer in self.model._flatten_layers()}
        own = {n: c for n, c in own.items() if not c.__module__.startswith("keras.")}
        kind = keras.Sequential if isinstance(self.model, keras.Sequential) else keras.Model
        return kind.from_config(config, custom_objects=own)

    def train(
        self,
        setup: Setup,
        seed: int,
        target: Target,
        *,
        probes: tuple[str, ...] = (),
        stop_when_memorised: bool = False,
        seconds: float = float("inf"),
        should_stop: ShouldStop = lambda: False,
    ) -> Trained:
        """Train a copy, in inference mode judged.

        Args:
            setup: What to train.
            seed: See ``build``.
            target: What the labels mean.
            probes: What to measure per layer.
            stop_when_memorised: End as soon as the batch is memorised.
            seconds: How long it may train, compiling left out.
            should_stop: Asked about ten times a second; True ends it where it is.

        Raises:
            ModelError: If Keras cannot make or train it.
        """
        model = self.build(setup, seed)
        x, y = arrays(setup.x, "x"), arrays(setup.y, "y")
        plan = Plan(None, probes, snapshots=False, criterion=target.criterion)
        session = Session(
            model, Data((x, y, None)), epochs=setup.epochs, plan=plan,
            stop_when_memorised=stop_when_memorised,
        )  # fmt: skip
        try:
            history = _trained(session, seconds, should_stop)
            return _judged(model, session, history, setup, target, (x, y))
        except OverfitError:
            raise
        except Exception as error:
            # TensorFlow's kernels refuse some things only when they run, and a loss may take
            # labels inside a compiled program that it refuses when it is called by itself.
            raise ModelError(reason(error)) from error


def _trained(session: Session, seconds: float, should_stop: ShouldStop) -> History:
    history, length = History({}), ChunkLength()
    session.compile()
    until = time.monotonic() + seconds
    while not session.finished:
        began = time.perf_counter()
        chunk = session.advance(length.epochs)
        length.record(len(chunk), time.perf_counter() - began)
        history.append(chunk)
        if (time.monotonic() > until or should_stop()) and not session.finished:
            session.ended = "stopped"
    session.finish()
    return history


def _judged(
    model: keras.Model,
    session: Session,
    history: History,
    setup: Setup,
    target: Target,
    batch: tuple[Any, Any],
) -> Trained:
    x, y = batch
    prediction = np.asarray(model(x, training=False))
    penalty = float(sum(float(np.asarray(value)) for value in model.losses))
    loss = float(np.asarray(model.compute_loss(x, y, model(x, training=False), training=False)))
    # Last: it moves the averages of batch normalisation.
    in_training = np.asarray(model(x, training=True))
    if target.is_classes:
        score = float(target.right(y, prediction).mean())
    else:
        score = worst_r2(y, prediction)
    return Trained(
        history=history,
        planned=setup.epochs,
        memorised=session.memorisation.epoch,
        forgotten=session.memorisation.forgotten,
        non_finite=session.non_finite_epoch,
        prediction=prediction,
        in_training=in_training,
        loss=loss,
        penalty=penalty,
        attained=attained(target, y, prediction),
        attained_in_training=attained(target, y, in_training),
        score=score,
    )


def _reseeded(config: Any, seed: int) -> Any:  # noqa: ANN401
    """Give every seed in a configuration that is fixed another value, the same for one ``seed``."""
    if isinstance(config, dict):
        return {
            key: (value + 7919 * seed) % 2**31
            if key == "seed" and isinstance(value, int) and not isinstance(value, bool)
            else _reseeded(value, seed)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(_reseeded(value, seed) for value in config)
    return config


ALL_PROBES = tuple(PROBES)
"""Everything that can be measured per layer."""
