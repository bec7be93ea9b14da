"""How far a run is, in words with units."""

from __future__ import annotations

from overfit_core.charts.numbers import count, duration, rate
from overfit_core.training.result import RunSummary

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


def progress_line(
    status: str,
    epoch: int,
    epochs: int,
    *,
    epochs_per_second: float | None = None,
    seconds: float | None = None,
) -> str:
    """Return ``Training: epoch 120 of 500 · 1,200 epochs/s · 1.4 s``.

    Args:
        status: One of ``STATES``.
        epoch: The last epoch done; 0 before the first.
        epochs: How many there are to be.
        epochs_per_second: Left out where it is not known.
        seconds: Since the run was started; left out where it is not known.
    """
    parts = [f"{STATES[status]}: epoch {epoch:,} of {epochs:,}"]
    if epochs_per_second is not None:
        parts.append(rate(epochs_per_second))
    if seconds is not None:
        parts.append(duration(seconds))
    return " · ".join(parts)


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
