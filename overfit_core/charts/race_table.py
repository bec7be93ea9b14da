"""The scores of a race, and its runs, as tables that can be sorted and exported."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overfit_core.charts.race_columns import (
    NAME,
    RaceColumn,
    expected_tries,
    race_columns,
    race_runs_columns,
)
from overfit_core.racing.names import REFERENCE_NAME
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.scores import expected_best

if TYPE_CHECKING:
    import pandas as pd

    from overfit_core.comparison.bands import Quartiles
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.results import RaceRun
    from overfit_core.racing.scores import OptimizerScore

Row = dict[str, Any]


def race_table(
    plan: RacePlan, scores: Sequence[OptimizerScore], names: Sequence[str]
) -> pd.DataFrame:
    """Return the scores of a race, one row per optimizer, one column per score.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``, in the order of the rows.
        names: Of all optimizers of the plan, in its order.

    Returns:
        With the columns of ``race_columns``, by key. Shares are from 0 to 1; a miss is infinite;
        what has no meaning, or is not known yet, is missing.
    """
    rows = [_score_row(plan, score, names) for score in scores]
    return _table(rows, race_columns(plan))


def race_runs_table(plan: RacePlan, runs: Sequence[RaceRun], names: Sequence[str]) -> pd.DataFrame:
    """Return the runs of a race, one row per run, one column per field.

    Args:
        plan: The race.
        runs: In the order of the rows; those of the reference have no learning rate.
        names: Of all optimizers of the plan, in its order.

    Returns:
        With the columns of ``race_runs_columns``, by key; see ``race_table``.
    """
    rows = [_run_row(plan, run, names) for run in runs]
    return _table(rows, race_runs_columns(plan))


def _score_row(plan: RacePlan, score: OptimizerScore, names: Sequence[str]) -> Row:
    best, usual = score.best, score.default
    row: Row = {
        NAME: names[score.optimizer],
        "runs": sum(len(cell.runs) for cell in score.cells),
        "success_rate": score.success_rate,
        "best_rate": best.learning_rate,
        "best_success_rate": best.success_rate,
        **_spread("epochs", best.epochs),
        **_spread("seconds", best.seconds),
        "default_rate": plan.default_rate(score.optimizer),
        "default_success_rate": None if usual is None else usual.success_rate,
        "default_epochs": None if usual is None else float(usual.epochs.median),
        "default_seconds": None if usual is None else float(usual.seconds.median),
        "width": score.width,
        "best_loss": score.best_loss,
        "drift": score.drift,
        "log_area": score.log_area,
    }
    for tries in expected_tries(plan):
        row |= _spread(f"expected_{tries}", expected_best(score, tries))
    return row


def _spread(key: str, found: Quartiles) -> Row:
    return {
        key: float(found.median),
        f"{key}_lower": float(found.lower),
        f"{key}_upper": float(found.upper),
    }


def _run_row(plan: RacePlan, run: RaceRun, names: Sequence[str]) -> Row:
    member = run.member
    fitted = member.optimizer == REFERENCE
    return {
        NAME: REFERENCE_NAME if fitted else names[member.optimizer],
        "learning_rate": None if fitted else member.learning_rate,
        "default": not fitted and member.learning_rate == plan.default_rate(member.optimizer),
        "seed": member.seed,
        "reached": run.reached,
        "diverged": run.diverged,
        **{
            field.name: getattr(run, field.name)
            for field in dataclasses.fields(run)
            if field.name != "member"
        },
    }


def _table(rows: Sequence[Row], columns: Sequence[RaceColumn]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {column.key: pd.Series([row[column.key] for row in rows], dtype=column.dtype)
         for column in columns}
    )  # fmt: skip
