"""Can this network memorise this one batch, how fast, and if not, why not?

Importing this package imports no TensorFlow: `check`, `overfit`, `race`, `race_tasks` and `run`
load it on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overfit_core.errors import (
    LinkCodeError,
    ModelError,
    OverfitError,
    Problem,
    ShapeError,
    SpecError,
)
from overfit_core.spec import BatchSpec, HeadSpec, ModelSpec, OptimizerSpec, RunSpec, TrainingSpec

if TYPE_CHECKING:
    from overfit_core.diagnosis import Report, check, check_spec
    from overfit_core.presets import PRESETS
    from overfit_core.racing import RaceResult, TasksResult, race, race_tasks
    from overfit_core.training import RunResult, overfit, run
    from overfit_core.training.history import History

_LAZY = {
    "PRESETS": "overfit_core.presets",
    "History": "overfit_core.training.history",
    "Report": "overfit_core.diagnosis",
    "RaceResult": "overfit_core.racing",
    "RunResult": "overfit_core.training",
    "TasksResult": "overfit_core.racing",
    "check": "overfit_core.diagnosis",
    "check_spec": "overfit_core.diagnosis",
    "overfit": "overfit_core.training",
    "race": "overfit_core.racing",
    "race_tasks": "overfit_core.racing",
    "run": "overfit_core.training",
}

__all__ = [
    "PRESETS",
    "BatchSpec",
    "HeadSpec",
    "History",
    "LinkCodeError",
    "ModelError",
    "ModelSpec",
    "OptimizerSpec",
    "OverfitError",
    "Problem",
    "RaceResult",
    "Report",
    "RunResult",
    "RunSpec",
    "ShapeError",
    "SpecError",
    "TasksResult",
    "TrainingSpec",
    "check",
    "check_spec",
    "overfit",
    "race",
    "race_tasks",
    "run",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a name on its first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
