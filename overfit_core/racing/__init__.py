"""Races: any optimizers x learning rates x seeds on one batch, each from the same weights."""

from overfit_core.racing.names import REFERENCE_NAME, optimizer_names
from overfit_core.racing.plan import REFERENCE, Member, RacePlan, rate_grid
from overfit_core.racing.profiles import ProfileCurve, profile_curves
from overfit_core.racing.racing import RaceResult, race
from overfit_core.racing.results import RaceRun
from overfit_core.racing.scores import (
    Cell,
    OptimizerScore,
    expected_best,
    optimizer_scores,
    performance_profile,
)
from overfit_core.racing.tasks import TasksResult, race_tasks

__all__ = [
    "REFERENCE",
    "REFERENCE_NAME",
    "Cell",
    "Member",
    "OptimizerScore",
    "ProfileCurve",
    "RacePlan",
    "RaceResult",
    "RaceRun",
    "TasksResult",
    "expected_best",
    "optimizer_names",
    "optimizer_scores",
    "performance_profile",
    "profile_curves",
    "race",
    "race_tasks",
    "rate_grid",
]
