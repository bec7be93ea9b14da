"""SciPy's L-BFGS on a race's batch, from its weights: how fast can it be fitted at all?"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.errors import ModelError
from overfit_core.models.build import build_model
from overfit_core.models.layers import Attention, Dropout
from overfit_core.models.summary import summarise
from overfit_core.racing.objective import Objective, others_of, weights_of
from overfit_core.racing.plan import REFERENCE, Member
from overfit_core.racing.results import LEAST_LOSS, RaceRun, scored
from overfit_core.racing.trained import Paused, Trained
from overfit_core.training.criterion import Memorisation
from overfit_core.training.history import History
from overfit_core.training.types import FloatArray

if TYPE_CHECKING:
    import keras

    from overfit_core.racing.plan import RacePlan
    from overfit_core.spec import RunSpec, TrainingSpec

ShouldStop = Callable[[], bool]

ASKED_EVERY = 0.05
"""Seconds between two looks at whether to stop."""
LINE_SEARCH_STEPS = 20
"""Most evaluations of one line search: SciPy's default."""


def why_no_reference(spec: RunSpec) -> str | None:
    """Say why L-BFGS cannot be tried on a net; None if it can. No TensorFlow is needed for it.

    Its line search compares losses of nearby weights, which chance would blur.
    """
    for layer in spec.model.layers:
        if (isinstance(layer, Dropout) and layer.rate) or (
            isinstance(layer, Attention) and layer.dropout
        ):
            return (
                "No L-BFGS for comparison: dropout makes the loss random in training, and its "
                "line search needs one that is not."
            )
    if not summarise(spec).trainable_parameters:
        return "No L-BFGS for comparison: every layer is frozen, so there is nothing to fit."
    return None


def run_reference(
    plan: RacePlan,
    seeds: Iterable[int],
    should_stop: ShouldStop = lambda: False,
    *,
    should_pause: ShouldStop = lambda: False,
) -> Generator[Trained, None, Paused | None]:
    """Fit the batch of a race with SciPy's L-BFGS-B, without bounds, for each of these seeds.

    It starts from the same weights as every optimizer does with that seed, and minimises the loss
    that they report: in training mode, with penalties. An epoch of it is one evaluation of loss
    and gradient, those of its line searches included: one pass over the batch, as for the others.
    It may make as many as they have epochs, and ends before where it can go no further, or where
    the network's own precision could not tell the loss from 0. It computes in float64, whatever
    the network does: in float32 its line searches fail on rounding long before the batch is
    fitted. Byrd et al. 1995, "A Limited Memory Algorithm for Bound Constrained Optimization".

    Args:
        plan: The race.
        seeds: Which initial weights.
        should_stop: Asked about twenty times a second; the fit that is on then is given as far as
            it came, marked as stopped, and none follows.
        should_pause: Asked as often; the fit that is on then is left, and none follows. It has to
            begin again: SciPy does not say where it stands.

    Returns:
        The fit that was left; None if none was.

    Raises:
        SpecError: If the batch cannot be made, or the layers do not take it.
        ModelError: If Keras cannot train the network, or if it has no such reference; see
            ``why_no_reference``.
    """
    spec = plan.spec
    if (said := why_no_reference(spec)) is not None:
        raise ModelError(said)
    objective: Objective | None = None
    for seed in seeds:
        if should_stop():
            return None
        objective = objective or Objective(spec)
        model = build_model(plan.spec_of(Member(0, plan.default_rate(0), seed)))
        record = _Recorder(objective, model, spec.training, should_stop, should_pause)
        seconds = _minimise(record, model, spec.training.epochs)
        history = History(dict(zip(objective.columns, np.transpose(record.rows), strict=True)))
        if record.paused:
            return Paused(Member(REFERENCE, 1.0, seed), history)
        yield Trained(_scored(plan, seed, record, history, seconds), history)
        if record.stopped:
            return None
    return None


class _EndedError(Exception):
    """No further evaluation: SciPy itself looks at its budget between line searches only."""


class _Recorder:
    """The function that SciPy minimises; it notes every evaluation."""

    def __init__(
        self,
        objective: Objective,
        model: keras.Model,
        training: TrainingSpec,
        should_stop: ShouldStop,
        should_pause: ShouldStop,
    ) -> None:
        self._objective, self._others = objective, others_of(model)
        self._budget, self._least = training.epochs, float(np.finfo(training.dtype).tiny)
        self._should_stop, self._should_pause = should_stop, should_pause
        self._asked = time.perf_counter()
        self.rows: list[FloatArray] = []
        self.right: list[bool] = []
        self.stopped = self.paused = False

    def __call__(self, weights: FloatArray) -> tuple[float, FloatArray]:
        found = self._objective(weights, self._others)
        self.rows.append(found.figures)
        self.right.append(found.right)
        loss = float(found.figures[0])
        if len(self.rows) >= self._budget or not self._least <= loss < np.inf:
            raise _EndedError
        now = time.perf_counter()
        if now - self._asked >= ASKED_EVERY:
            self._asked = now
            self.stopped = self._should_stop()
            self.paused = not self.stopped and self._should_pause()
            if self.stopped or self.paused:
                raise _EndedError
        return loss, found.gradient


def _minimise(record: _Recorder, model: keras.Model, budget: int) -> float:
    """Minimise from the weights of a model, and return the seconds that it took."""
    from scipy.optimize import minimize

    # It goes on as long as the loss falls at all: only where a line search finds nothing lower, or
    # the gradient is 0, it ends by itself.
    patient = {"ftol": 0.0, "gtol": 0.0, "maxiter": budget, "maxfun": budget + LINE_SEARCH_STEPS}
    began = time.perf_counter()
    with suppress(_EndedError):
        minimize(record, weights_of(model), jac=True, method="L-BFGS-B", options=patient)
    return time.perf_counter() - began


def _scored(
    plan: RacePlan, seed: int, record: _Recorder, history: History, seconds: float
) -> RaceRun:
    memorisation = Memorisation()
    memorisation.follow(1, np.asarray(record.right))
    run = scored(
        Member(REFERENCE, 1.0, seed),
        history,
        plan.target,
        seconds=seconds,
        memorised_epoch=memorisation.epoch,
        stopped=record.stopped,
    )
    return _held(run, plan.spec.training.epochs)


def _held(run: RaceRun, epochs: int) -> RaceRun:
    """Return the run with the area of all planned epochs: from its end on, it stays at its best."""
    if run.stopped or run.diverged or run.best_loss is None:
        return run
    rest = np.log10(max(run.best_loss, LEAST_LOSS)) * (epochs - run.epochs)
    return replace(run, log_area=float((run.log_area * run.epochs + rest) / epochs))
