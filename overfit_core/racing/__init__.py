"""Races: any optimizers x learning rates x seeds on one batch, each from the same weights."""

from overfit_core.racing.plan import Member, RacePlan, rate_grid
from overfit_core.racing.racing import RaceResult, race
from overfit_core.racing.results import RaceRun
from overfit_core.racing.scores import (
    Cell,
    OptimizerScore,
    expected_best,
    optimizer_scores,
    performance_profile,
)

__all__ = [
    "Cell",
    "Member",
    "OptimizerScore",
    "RacePlan",
    "RaceResult",
    "RaceRun",
    "expected_best",
    "optimizer_scores",
    "performance_profile",
    "race",
    "rate_grid",
]
