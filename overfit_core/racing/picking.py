"""Which runs of a race a person has picked, by a click on a chart or from lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from overfit_core.charts.numbers import count, number

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member
    from overfit_core.racing.results import RaceRun
    from overfit_core.racing.standing import Standing


@dataclass(frozen=True)
class Picked:
    """A cell of the grid, or one run of it.

    Attributes:
        optimizer: Place of the optimizer in the plan.
        learning_rate: Its learning rate.
        seed: Of one run; None for all of the cell.
    """

    optimizer: int
    learning_rate: float
    seed: int | None = None

    @classmethod
    def read(cls, standing: Standing, data: object) -> Self:
        """Return what is picked; where that is no run that is there, what comes nearest.

        Args:
            standing: With one score at least.
            data: Optimizer, learning rate and seed as a chart or a list gives them; None for the
                best cell of all.
        """
        given: list[Any] = list(data) if isinstance(data, list | tuple) else []
        optimizer, rate, seed = (*given, None, None, None)[:3]
        known = [run.member.optimizer for run in standing.runs]
        if optimizer not in known:
            best = min(standing.scores, key=lambda score: float(score.best.epochs.median))
            return cls(best.optimizer, best.best.learning_rate)
        rates = [run.member.learning_rate for run in _of(standing, optimizer)]
        if rate not in rates:
            rate = _best_rate(standing, optimizer, rates)
        seeds = [run.member.seed for run in _of(standing, optimizer, rate)]
        return cls(optimizer, rate, seed if seed in seeds else None)


@dataclass(frozen=True)
class Choices:
    """What can be picked beside what is picked.

    Attributes:
        optimizers: Names by place.
        rates: Texts by learning rate, of the picked optimizer.
        seeds: Texts by seed, of the picked cell; None is all of them.
        members: The runs that are picked.
        said: How they did, in a sentence.
    """

    optimizers: dict[object, str]
    rates: dict[object, str]
    seeds: dict[object, str]
    members: tuple[Member, ...]
    said: str


def choices(standing: Standing, picked: Picked) -> Choices:
    """Return what can be picked, and what is."""
    places = sorted({run.member.optimizer for run in standing.runs})
    cell = sorted(
        _of(standing, picked.optimizer, picked.learning_rate), key=lambda run: run.member.seed
    )
    rates = sorted({run.member.learning_rate for run in _of(standing, picked.optimizer)})
    runs = [run for run in cell if picked.seed in (None, run.member.seed)]
    default = standing.plan.default_rate(picked.optimizer)
    return Choices(
        {place: standing.names[place] for place in places},
        {rate: f"{number(rate)}{' (default)' * (rate == default)}" for rate in rates},
        {None: "All seeds"} | {run.member.seed: f"Seed {run.member.seed}" for run in cell},
        tuple(run.member for run in runs),
        _said(runs),
    )


def picked_words(standing: Standing, data: object) -> str:
    """Return what is picked: ``Adam at 0.01, all seeds``.

    Args:
        standing: With one score at least.
        data: As for ``Picked.read``.
    """
    picked = Picked.read(standing, data)
    seed = "all seeds" if picked.seed is None else f"seed {picked.seed}"
    return f"{standing.names[picked.optimizer]} at {number(picked.learning_rate)}, {seed}"


def _of(standing: Standing, optimizer: int, rate: float | None = None) -> list[RaceRun]:
    return [
        run
        for run in standing.runs
        if run.member.optimizer == optimizer and rate in (None, run.member.learning_rate)
    ]


def _best_rate(standing: Standing, optimizer: int, rates: list[float]) -> float:
    best = [score.best.learning_rate for score in standing.scores if score.optimizer == optimizer]
    return (best or sorted(rates))[0]


def _said(runs: list[RaceRun]) -> str:
    if len(runs) != 1:
        reached = sum(run.reached for run in runs)
        return f"{reached} of {count(len(runs), 'run')} reach the target."
    (run,) = runs
    if run.reached:
        return f"It reaches the target after {number(run.epochs_to_target)} epochs."
    if run.diverged:
        return f"It diverged: its loss was no finite number at epoch {run.non_finite_epoch:,}."
    return f"It misses the target: best loss {number(run.best_loss)}."
