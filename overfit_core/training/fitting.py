"""The two ways in: a Keras model of the caller's own, and a spec."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from overfit_core.errors import ModelError
from overfit_core.training.caller import arrays, checked_model, same_samples
from overfit_core.training.criterion import Criterion
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.plan import Data, Plan
from overfit_core.training.probes import PROBES
from overfit_core.training.result import RunResult, Task
from overfit_core.training.session import Session
from overfit_core.training.spec_session import SpecSession
from overfit_core.training.structure import Backend
from overfit_core.training.types import Arrays

if TYPE_CHECKING:
    import keras

    from overfit_core.spec import RunSpec

OnChunk = Callable[[History], None]
ShouldStop = Callable[[], bool]


def overfit(
    model: keras.Model,
    x: Arrays,
    y: Arrays,
    *,
    epochs: int,
    sample_weight: Arrays = None,
    validation_data: tuple[Arrays, ...] | None = None,
    probes: Sequence[str] = (),
    snapshots: bool = False,
    task: Task | None = None,
    stop_when_memorised: bool = False,
    backend: Backend | None = None,
    on_chunk: OnChunk | None = None,
    should_stop: ShouldStop | None = None,
) -> History:
    """Train a compiled Keras model on one batch, one step per epoch, all samples in each step.

    Does what ``model.fit(x, y, epochs=epochs, batch_size=len(x))`` does, and leaves the model and
    its optimizer as that would, but in one compiled loop. Training ends early at the first loss
    that is not a finite number.

    Args:
        model: A compiled model.
        x: Inputs, shape ``(samples, …)``, or a list or dict of such.
        y: Labels, samples first, in the form that the loss takes.
        epochs: Steps to train, at least 1.
        sample_weight: Weight of each sample, shape ``(samples,)``.
        validation_data: ``(x, y)`` or ``(x, y, sample_weight)``, evaluated after each epoch.
        probes: What to measure per layer: ``gradient_norm``, ``weight_norm``, ``update_ratio``,
            ``dead_share``, ``saturated_share``.
        snapshots: Keep loss and prediction per sample at epochs spaced by their logarithm.
        task: ``binary``, ``multiclass`` or ``regression``; says when a sample is right.
        stop_when_memorised: End at the fifth epoch running in which all samples are right; needs
            ``task``.
        backend: ``xla`` or ``tensorflow``; None takes what is faster for the kind of layers.
        on_chunk: Called with each piece of history as it is made, about ten times a second.
        should_stop: Asked after each piece; True ends the run there.

    Returns:
        The history: ``loss``, the compiled metrics, ``learning_rate``, ``val_…``,
        ``inference_…`` and the probes' columns.

    Raises:
        ModelError: If the model is not compiled, trains in its own way, does not take the batch,
            the batch holds NaN or infinity, or ``snapshots`` or ``task`` are asked of a model
            with several outputs.
        ValueError: If ``epochs`` is below 1, a probe, task or backend is not known, or
            ``stop_when_memorised`` is asked for without a ``task``.
    """
    if epochs < 1:
        raise ValueError(f"Train at least one epoch, got epochs={epochs}.")
    if stop_when_memorised and task is None:
        raise ValueError("stop_when_memorised needs a task: binary, multiclass or regression.")
    _known("probe", probes, PROBES)
    _known("task", [task] if task else [], get_args(Task))
    _known("backend", [backend] if backend else [], get_args(Backend))
    checked_model(model)
    several = len(getattr(model, "outputs", None) or ()) > 1
    if (snapshots or task) and several and isinstance(y, dict | list | tuple):
        raise ModelError("Snapshots and a task need a model with one output; this one has more.")
    data = _data(x, y, sample_weight, validation_data)
    criterion = Criterion(task, _threshold(model)) if task else None
    plan = Plan(backend, tuple(probes), snapshots, criterion)
    session = Session(
        model, data, epochs=epochs, plan=plan, stop_when_memorised=stop_when_memorised
    )
    history = _train(session, on_chunk, should_stop)
    session.finish()
    return history


def _known(kind: str, names: Sequence[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise ValueError(f"There is no {kind} {name!r}; there are {', '.join(known)}.")


def run(
    spec: RunSpec, *, on_chunk: OnChunk | None = None, should_stop: ShouldStop | None = None
) -> RunResult:
    """Make the batch and the model of a spec and train them.

    Args:
        spec: What to run. The same spec gives the same history, to the last bit.
        on_chunk: Called with each piece of history as it is made, about ten times a second.
        should_stop: Asked after each piece; True ends the run there.

    Returns:
        History, summary and samples.

    Raises:
        SpecError: If the batch cannot be made or the layers do not take it.
        ModelError: If Keras cannot train the model on this batch.
    """
    session = SpecSession(spec)
    history = _train(session, on_chunk, should_stop)
    return RunResult(history, session.summary(), session.samples())


def _train(session: Session, on_chunk: OnChunk | None, should_stop: ShouldStop | None) -> History:
    """Advance to the end, in pieces only if somebody looks at them."""
    if on_chunk is None and should_stop is None:
        return session.advance(session.total)
    history, length = History({}), ChunkLength()
    session.compile()
    while not session.finished:
        start = time.perf_counter()
        chunk = session.advance(length.epochs)
        length.record(len(chunk), time.perf_counter() - start)
        history.append(chunk)
        if on_chunk is not None:
            on_chunk(chunk)
        if should_stop is not None and not session.finished and should_stop():
            session.ended = "stopped"
    return history


def _data(
    x: Arrays, y: Arrays, sample_weight: Arrays, validation_data: tuple[Arrays, ...] | None
) -> Data:
    batch = _checked((x, y, sample_weight), "")
    if validation_data is None:
        return Data(batch)
    if len(validation_data) not in (2, 3):
        raise ModelError(
            f"validation_data has {len(validation_data)} parts; give (x, y) or (x, y, weight)."
        )
    return Data(batch, _checked((*validation_data, None)[:3], "validation_data's "))


def _checked(parts: tuple[Arrays, ...], whose: str) -> tuple[Arrays, Arrays, Arrays]:
    x, y, weight = (
        arrays(part, f"{whose}{name}")
        for part, name in zip(parts, ("x", "y", "sample_weight"), strict=True)
    )
    same_samples(x, y, f"{whose}x and y")
    if weight is not None:
        same_samples(x, weight, f"{whose}x and sample_weight")
    return x, y, weight


def _threshold(model: keras.Model) -> float:
    """Return from which output on a binary answer is yes: logits are compared with 0."""
    return 0.0 if getattr(model.loss, "from_logits", False) else 0.5
