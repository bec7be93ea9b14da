"""The tables of a race, against numbers worked out by hand."""

import math
from typing import Any

import pandas as pd
import pytest

from overfit_core.charts.race_columns import (
    RaceColumn,
    race_columns,
    race_runs_columns,
)
from overfit_core.charts.race_table import race_runs_table, race_table
from overfit_core.comparison.target import Target
from tests.charts.race_fakes import EPOCHS, MISS, RATES, race, race_plan, reference, run, runs_of


def row_of(table: pd.DataFrame, place: int) -> dict[str, Any]:
    found: dict[str, Any] = table.iloc[place].to_dict()
    return found


def test_every_score_of_an_optimizer_has_its_column() -> None:
    row = row_of(race_table(*race()), 0)
    # At 0.1: 10, 30 and a miss. Of the nine runs of the grid five reach it.
    assert row["optimizer"] == "Adam"
    assert row["runs"] == 9
    assert (row["epochs"], row["epochs_lower"], row["epochs_upper"]) == (30, 20, MISS)
    assert (row["seconds"], row["seconds_lower"]) == pytest.approx((0.3, 0.2))
    assert row["best_rate"] == 0.1
    assert row["best_success_rate"] == pytest.approx(2 / 3)
    assert row["success_rate"] == pytest.approx(5 / 9)
    # Only 0.01 always reaches it.
    assert row["width"] == 0
    assert (row["default_rate"], row["default_epochs"], row["default_success_rate"]) == (
        0.001,
        90,
        1,
    )
    assert row["best_loss"] == 0.05
    assert math.isnan(row["drift"])
    assert row["log_area"] == -1
    # One of 40, 30 and a miss.
    assert (row["expected_1"], row["expected_1_lower"], row["expected_1_upper"]) == (40, 30, MISS)


def test_an_optimizer_that_always_misses_is_infinite_and_not_left_out() -> None:
    grid = {1: {rate: [MISS] * 3 for rate in RATES}}
    row = row_of(race_table(*race(runs_of(grid))), 0)
    assert row["optimizer"] == "SGD"
    assert row["epochs"] == row["seconds"] == row["expected_1"] == MISS
    assert row["success_rate"] == 0
    assert math.isnan(row["width"])


def test_a_default_that_was_not_tried_is_missing() -> None:
    row = row_of(race_table(*race([run(0, 0.1, 3, 20)])), 0)
    assert row["default_rate"] == 0.001
    assert math.isnan(row["default_epochs"])
    assert math.isnan(row["default_success_rate"])


def test_every_run_has_a_row_with_every_field() -> None:
    wild = run(1, 1.0, 4, MISS, loss=None, epochs=6, non_finite_epoch=6, log_area=math.inf)
    plan, _, names = race()
    table = race_runs_table(plan, [run(0, 0.001, 3, 20), wild, *reference(7)], names)
    adam, sgd, fitted = (row_of(table, place) for place in range(3))
    assert (adam["optimizer"], adam["learning_rate"], adam["seed"]) == ("Adam", 0.001, 3)
    assert (adam["default"], adam["reached"], adam["diverged"]) == (True, True, False)
    assert (adam["epochs_to_target"], adam["epochs"], adam["best_epoch"]) == (20, EPOCHS, 7)
    assert pd.isna(adam["memorised_epoch"])
    assert (sgd["default"], sgd["reached"], sgd["diverged"]) == (False, False, True)
    assert (sgd["epochs_to_target"], sgd["non_finite_epoch"]) == (MISS, 6)
    assert math.isnan(sgd["best_loss"])
    assert sgd["log_area"] == math.inf
    assert fitted["optimizer"] == "L-BFGS (SciPy)"
    assert math.isnan(fitted["learning_rate"])
    assert not fitted["default"]


def tables() -> list[tuple[pd.DataFrame, list[RaceColumn]]]:
    plan, scores, names = race()
    return [
        (race_table(plan, scores, names), race_columns(plan)),
        (race_table(plan, [], names), race_columns(plan)),
        (race_runs_table(plan, runs_of(), names), race_runs_columns(plan)),
    ]


def test_every_column_is_described_and_keeps_its_type_in_an_empty_table_too() -> None:
    for table, columns in tables():
        assert list(table) == [column.key for column in columns]
        assert len({column.head for column in columns}) == len(columns)
        for column in columns:
            assert column.help
            assert str(table[column.key].dtype) == column.dtype
            assert (column.format is None) == (column.dtype in ("object", "bool"))


def test_both_times_are_medians_over_the_seeds_of_the_best_rate() -> None:
    columns = {column.key: column.help for column in race_columns(race_plan())}
    for key in ("epochs", "seconds"):
        assert "with the best learning rate" in columns[key]
        assert "median over the seeds" in columns[key]


def test_no_more_rates_are_expected_to_be_tried_than_the_grid_has() -> None:
    keys = [column.key for column in race_columns(race_plan())]
    assert "expected_1" in keys
    assert "expected_4" not in keys


def test_the_unit_of_the_drift_is_that_of_the_target() -> None:
    def head(target: Target) -> str:
        columns = race_columns(race_plan(target=target))
        return next(column.head for column in columns if column.key == "drift")

    assert head(Target("loss", 0.1)) == "Drift after target, decades"
    assert head(Target("accuracy", 1.0)) == "Drift after target"
