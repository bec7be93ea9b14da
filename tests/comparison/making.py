"""Runs to compare, made of a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from overfit_core.charts.lines import lines_of
from overfit_core.charts.status import run_title
from overfit_core.comparison.run import ComparedRun
from overfit_core.spec import RunSpec
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary


def spec_of(
    optimizer: str = "Adam",
    learning_rate: float | None = 0.01,
    seed: int = 1,
    **parts: Any,  # noqa: ANN401
) -> RunSpec:
    settings = {
        "optimizer": {"name": optimizer, "learning_rate": learning_rate},
        "training": {"seed": seed},
    }
    return RunSpec.load(settings | parts)


def summary_of(epochs: int, **values: Any) -> RunSummary:  # noqa: ANN401
    given = {
        "ended": "epochs",
        "epochs": epochs,
        "loss": 0.1,
        "compile_seconds": 1.0,
        "train_seconds": 0.01 * epochs,
        "backend": "xla",
        "parameters": 10,
        "versions": {},
    }
    return RunSummary(**given | values)


def history_of(loss: Sequence[float], **columns: Sequence[float]) -> History:
    return History({"loss": np.array(loss)} | {n: np.array(v) for n, v in columns.items()})


def run_of(
    run_id: str,
    spec: RunSpec,
    history: History,
    **given: Any,  # noqa: ANN401
) -> ComparedRun:
    return ComparedRun(
        **{"id": run_id, "title": run_title(spec), "spec": spec, "lines": lines_of(history)} | given
    )
