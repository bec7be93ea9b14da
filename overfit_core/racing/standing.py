"""How a race stands: its runs as far as they go, scored, and named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from overfit_core.racing.names import optimizer_names
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.scores import OptimizerScore, optimizer_scores

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun


@dataclass(frozen=True)
class Standing:
    """A race as far as it goes.

    Attributes:
        plan: The race.
        names: What each optimizer is called, in the order of the plan.
        runs: Those that have ended; ones cut short are left out.
        scores: How each optimizer did that has runs of the grid.
        reference: Runs of SciPy's L-BFGS.
    """

    plan: RacePlan
    names: tuple[str, ...]
    runs: tuple[RaceRun, ...]
    scores: tuple[OptimizerScore, ...]
    reference: tuple[RaceRun, ...]

    @classmethod
    def of(cls, plan: RacePlan, runs: Iterable[RaceRun]) -> Self:
        """Score runs of a race, those of the reference among them."""
        whole = [run for run in runs if not run.stopped]
        own = tuple(run for run in whole if run.member.optimizer != REFERENCE)
        reference = tuple(run for run in whole if run.member.optimizer == REFERENCE)
        scores = tuple(optimizer_scores(plan, own))
        return cls(plan, optimizer_names(plan), own, scores, reference)
