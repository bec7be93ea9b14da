"""Check: did the network memorise the batch, if not why not, and what makes it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from overfit_core.diagnosis.allowance import Allowance
from overfit_core.diagnosis.examination import Examination, Terms, unreadable
from overfit_core.diagnosis.report import OnProgress, Report
from overfit_core.diagnosis.running import ShouldStop
from overfit_core.diagnosis.trials import own_random_state
from overfit_core.errors import ModelError
from overfit_core.training.caller import arrays, checked_model, same_samples
from overfit_core.training.types import Arrays

if TYPE_CHECKING:
    import keras

    from overfit_core.spec import RunSpec

EPOCHS = 500
"""How long a check trains where nobody says it."""


def check(
    model: keras.Model,
    x: Arrays,
    y: Arrays,
    *,
    epochs: int | None = None,
    budget_seconds: float = 20.0,
    seeds: int = 3,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Report:
    """Find out whether a network memorises a batch, and if not why not and what makes it.

    The model is never changed: copies are trained, which start from its weights. Python's random
    state is left as it was; NumPy's and TensorFlow's are not touched.

    Args:
        model: A compiled Keras model. One with several outputs has memorised the batch when each
            of them has whose loss counts.
        x: Inputs, samples first: an array, or a list or dict of arrays.
        y: Labels, samples first, in the form that the loss takes: an array, or a list or dict of
            arrays for several outputs.
        epochs: Steps to train, 1 or more; ``EPOCHS`` if None.
        budget_seconds: About how long the check may take in all, compiling included, above 0. The
            run itself trains for half of it at most; then changes are tried until it is used up,
            and the last of them may be over a little later: by what compiling it takes, and a
            third of what was left.
        seeds: With how many initial weights a change that works is tried, 1 or more.
        on_progress: Told how far it is, by a report without what is not known yet: after the run,
            and before and after each change that is tried.
        should_stop: Asked about ten times a second while something is trained; True ends the
            trials, and what was tried is reported.

    Returns:
        The report. A batch or a model that cannot be trained is a report as well.

    Raises:
        ModelError: If ``model`` is no compiled Keras model.
        ValueError: If a number is out of its range.
    """
    terms = _terms(epochs, seeds, budget_seconds, on_progress, should_stop)
    return _checked(model, x, y, terms)


def check_spec(
    spec: RunSpec,
    *,
    epochs: int | None = None,
    budget_seconds: float = 20.0,
    seeds: int = 3,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
    run_work: float | None = None,
) -> Report:
    """Check the network and the batch of a spec; see ``check``.

    Args:
        spec: What is trained.
        epochs: Steps to train; those of the spec if None.
        budget_seconds: See ``check``.
        seeds: See ``check``.
        on_progress: See ``check``.
        should_stop: See ``check``.
        run_work: The most that the run and each trial may take: epochs x parameters x samples,
            held-out ones included; they end there, and the report says so. None for no limit.

    Raises:
        SpecError: If the batch cannot be made or the layers do not take it.
        TooLargeError: If ``run_work`` does not even allow one epoch.
    """
    from overfit_core.batches import make_batch
    from overfit_core.models.build import build_model, floatx
    from overfit_core.models.targets import target_for

    batch = make_batch(spec.batch, spec.training.dtype)
    epochs = spec.training.epochs if epochs is None else epochs
    with floatx(spec.training.dtype):
        model = build_model(spec)
        terms = _terms(epochs, seeds, budget_seconds, on_progress, should_stop)
        allowance = None if run_work is None else Allowance(run_work, spec.batch.held_out)
        terms = terms._replace(names=batch.feature_names, allowance=allowance)
        return _checked(model, batch.x, target_for(spec, batch), terms)


def _terms(
    epochs: int | None,
    seeds: int,
    budget_seconds: float,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> Terms:
    """Return what was asked for, from now on.

    Raises:
        ValueError: If a number is out of its range.
    """
    began = time.monotonic()
    epochs = EPOCHS if epochs is None else epochs
    for name, value in (("epochs", epochs), ("seeds", seeds)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    if not budget_seconds > 0:
        raise ValueError(f"budget_seconds must be above 0, got {budget_seconds}.")
    tell, stop = on_progress or (lambda _report: None), should_stop or (lambda: False)
    return Terms(epochs, seeds, began, budget_seconds, tell, stop)


def _checked(model: keras.Model, x: Arrays, y: Arrays, terms: Terms) -> Report:
    """Check a model on terms; see ``check``."""
    checked_model(model)
    with own_random_state():
        try:
            batch = _batch(x, y)
        except ModelError as error:
            return unreadable(str(error), terms)
        return Examination(model, *batch, terms).report()


def _batch(x: Arrays, y: Arrays) -> tuple[Arrays, Arrays]:
    """Return inputs and labels as arrays; what they hold is for the rules to say.

    Raises:
        ModelError: If they are no arrays of numbers, or not equally many.
    """
    x, y = arrays(x, "x", finite=False), arrays(_given(y), "y", finite=False)
    same_samples(x, y, "x and y")
    return x, y


def _given(y: Arrays) -> Arrays:
    """Leave out what Keras takes as no labels: None in the place of an output's without a loss."""
    if isinstance(y, dict):
        return {name: part for name, part in y.items() if part is not None}
    if isinstance(y, list | tuple) and any(part is None for part in y):
        return [part for part in y if part is not None]
    return y
