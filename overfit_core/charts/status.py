"""How far a run is, in words with units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from overfit_core.batches import SOURCES
from overfit_core.charts.numbers import count, duration, estimate, number, rate
from overfit_core.models.costs import training_seconds
from overfit_core.models.layers import LAYERS, Dense
from overfit_core.models.summary import summarise
from overfit_core.spec import RunSpec
from overfit_core.training.result import RunSummary

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

Tone = Literal["plain", "good", "open", "bad"]
"""``good`` is memorised, ``open`` not memorised, ``bad`` went wrong."""

STATES: dict[str, str] = {
    "queued": "Waiting for a worker",
    "running": "Training",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
"""A run's status to what the page calls it."""


def status_line(
    status: str, wish: str, summary: RunSummary | None, reason: str | None
) -> tuple[str, Tone]:
    """Return in one sentence how a run stands, and how that is to be taken.

    Args:
        status: One of ``STATES``.
        wish: What the person asked for last; a run that was asked to stop is stopping.
        summary: How it ended, where it did.
        reason: Why it failed, was interrupted, or was stopped by nobody's click.
    """
    if status in ("failed", "interrupted"):
        return f"{STATES[status]}: {reason or 'no reason was recorded.'}", "bad"
    if summary is not None:
        stopped = ["Stopped.", reason] if status == "stopped" else []
        return " ".join(filter(None, [*stopped, summary.sentence()])), _tone(summary)
    if status == "stopped":
        return f"Stopped. {reason or 'Nothing was trained.'}", "plain"
    if wish == "stop":
        return "Stopping …", "plain"
    if status == "paused":
        return "Paused. Step to train one epoch, or resume.", "plain"
    return f"{STATES[status]}.", "plain"


def _tone(summary: RunSummary) -> Tone:
    if summary.non_finite_epoch is not None:
        return "bad"
    held = summary.memorised_epoch is not None and summary.forgotten_epoch is None
    return "good" if held else "open"


def lesson_line(records: Sequence[RunRecord]) -> tuple[str, Tone]:
    """Return in one sentence how runs that were started together stand.

    Args:
        records: One run or more.
    """
    if len(records) == 1:
        run = records[0]
        return status_line(run.status, run.wish, run.summary, run.reason)
    if not all(run.ended for run in records):
        return f"Training {len(records)} runs.", "plain"
    said = [status_line(run.status, run.wish, run.summary, run.reason)[0] for run in records]
    return " ".join(
        f"{run_title(run.spec)}: {text}" for run, text in zip(records, said, strict=True)
    ), "open"


def compiling_line(runs: int) -> str:
    """Return what the page says before the first epoch of runs that are trained together."""
    if runs == 1:
        return "Compiling its training loop: about a second for a network not seen before."
    return f"Compiling {runs} training loops: about a second each, where they were not seen before."


def progress_line(
    epoch: int,
    epochs: int,
    *,
    epochs_per_second: float | None = None,
    seconds: float | None = None,
) -> str:
    """Return ``At epoch 120 of 500 · 1,200 epochs/s · 1.4 s since the start``.

    Args:
        epoch: The last epoch done; 0 before the first.
        epochs: How many there are to be.
        epochs_per_second: Left out where it is not known.
        seconds: Since the run was started; left out where it is not known.
    """
    parts = [f"At epoch {epoch:,} of {epochs:,}"]
    if epochs_per_second is not None:
        parts.append(rate(epochs_per_second))
    if seconds is not None:
        parts.append(f"{duration(seconds)} since the start")
    return " · ".join(parts)


def seconds_taken(
    started_at: datetime | None, finished_at: datetime | None, now: datetime | None = None
) -> float | None:
    """Return the seconds from a run's start to its end, or to ``now``; None before its start.

    Args:
        started_at: In UTC.
        finished_at: In UTC; None while it goes on.
        now: Aware; the present if not given.
    """
    if started_at is None:
        return None
    end = finished_at or now or datetime.now(UTC)
    return max(0.0, (end - started_at).total_seconds())


def run_title(spec: RunSpec) -> str:
    """Return a run in a few words: ``The article's four samples · 64-32-16 · Adam 0.001``."""
    if spec.name:
        return spec.name
    rate_text = number(spec.optimizer.base_learning_rate)
    schedule = spec.optimizer.schedule.kind.replace("_", " ")
    how = "" if schedule == "constant" else f", {schedule}"
    return f"{task_title(spec)} · {spec.optimizer.name} {rate_text}{how}"


def task_title(spec: RunSpec) -> str:
    """Return batch and network in a few words: ``The article's four samples · 64-32-16``."""
    return f"{SOURCES[spec.batch.source].label} · {_layers(spec)}"


def cost_line(spec: RunSpec, *beside: RunSpec) -> str:
    """Return what a run will take: parameters, samples, epochs and a rough time.

    Args:
        spec: What is run.
        beside: What is run at the same time, on the same batch.

    Raises:
        ShapeError: If a layer cannot take the shape that arrives at it.
    """
    seconds = sum(training_seconds(one) for one in (spec, *beside))
    parts = [
        count(summarise(spec).parameters, "parameter"),
        count(spec.batch.samples, "sample"),
        f"{count(spec.training.epochs, 'epoch')} in {estimate(seconds)}",
    ]
    if beside:
        parts.insert(0, count(1 + len(beside), "optimizer"))
        parts.append("the first time about 1 s each to compile")
    return " · ".join(parts)


def _layers(spec: RunSpec) -> str:
    """Return the layers by size, ``64-32-16``, or by kind where they are not all dense."""
    layers = spec.model.layers
    if not layers:
        return "no hidden layer"
    dense = [str(layer.units) for layer in layers if isinstance(layer, Dense)]
    if len(dense) == len(layers):
        return "-".join(dense)
    return ", ".join(LAYERS[layer.kind].label for layer in layers)


def figures_line(summary: RunSummary) -> str:
    """Return what a finished run cost: ``500 epochs in 8 ms · 62,000 epochs/s · …``."""
    parts = [f"{count(summary.epochs, 'epoch')} in {duration(summary.train_seconds)}"]
    if summary.train_seconds > 0:
        parts.append(rate(summary.epochs / summary.train_seconds))
    parts.append(f"{duration(summary.compile_seconds)} to get ready")
    backend = {"xla": "compiled with XLA", "tensorflow": "with TensorFlow's own kernels"}
    parts.append(backend[summary.backend])
    return " · ".join(parts)


def share_done(epoch: int, epochs: int) -> float:
    """Return the share of the epochs that is done, 0 to 1."""
    return min(1.0, epoch / epochs) if epochs > 0 else 0.0
