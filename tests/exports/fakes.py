"""Records and runs as the store gives them, made without a store."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_core.exports.tables import Run
from overfit_core.spec import RunSpec
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples


@dataclass
class FakeRecord:
    """What exports need of a ``RunRecord``."""

    id: str
    spec: RunSpec
    summary: RunSummary | None = None
    status: str = "finished"
    wish: str = "run"
    reason: str | None = None
    colour: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    name: str | None = None

    def __post_init__(self) -> None:
        """Take the name of the spec, as the store does for a new run."""
        self.name = self.name or self.spec.name


def history(dtype: str = "float32", **more: Any) -> History:  # noqa: ANN401
    """Twenty epochs."""
    rng = np.random.default_rng(1)
    columns = {"loss": rng.random(20).astype(dtype), "gradient_norm/dense_1": rng.random(20)}
    return History(columns | {k: np.asarray(v) for k, v in more.items()})


def summary(**changed: Any) -> RunSummary:  # noqa: ANN401
    """A run that memorised its batch at epoch 12."""
    values: dict[str, Any] = {
        "ended": "epochs",
        "epochs": 20,
        "memorised_epoch": 12,
        "loss": 0.0123,
        "accuracy": 1.0,
        "compile_seconds": 0.5,
        "train_seconds": 0.02,
        "backend": "xla",
        "parameters": 17,
        "versions": {},
    }
    return RunSummary.model_validate(values | changed)


def samples(**changed: Any) -> Samples:  # noqa: ANN401
    """Four samples, all of them right."""
    values: dict[str, Any] = {
        "x": np.arange(8.0).reshape(4, 2),
        "y": np.array([[0.0], [1.0], [0.0], [1.0]]),
        "task": "binary",
        "class_names": ("no", "yes"),
        "prediction": np.array([[0.1], [0.9], [0.2], [0.8]]),
        "learned_epoch": np.array([3, 4, 5, 12]),
        "correct": np.array([True] * 4),
    }
    return Samples(**values | changed)


def run_of(
    spec: RunSpec,
    run_id: str = "r1",
    *,
    mine: bool = True,
    **record: Any,  # noqa: ANN401
) -> Run:
    """A whole run."""
    made = FakeRecord(run_id, spec, **{"summary": summary()} | record)
    return Run(made, history(accuracy=np.linspace(0, 1, 20)), samples(), mine)
