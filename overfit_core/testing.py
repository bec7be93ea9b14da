"""For test suites: a training pipeline whose model cannot memorise one batch is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overfit_core.training.types import Arrays

if TYPE_CHECKING:
    import keras

    from overfit_core.diagnosis import Report


def assert_memorises(
    model: keras.Model,
    x: Arrays,
    y: Arrays,
    *,
    epochs: int | None = None,
    budget_seconds: float = 20.0,
    seeds: int = 1,
) -> Report:
    """Fail, with the whole report as the message, unless the network memorises the batch.

    Args:
        model: A compiled Keras model; it is not changed.
        x: Inputs, samples first.
        y: Labels, samples first.
        epochs: See ``overfit_core.check``.
        budget_seconds: See ``overfit_core.check``.
        seeds: See ``overfit_core.check``.

    Returns:
        The report, where it does.

    Raises:
        AssertionError: If it does not.
    """
    from overfit_core.diagnosis import check

    report = check(model, x, y, epochs=epochs, budget_seconds=budget_seconds, seeds=seeds)
    if not report.memorised:
        raise AssertionError(report.to_markdown())
    return report
