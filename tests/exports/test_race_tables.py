"""Tables of a race read back as what came of it."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from overfit_core.charts.race_columns import race_columns, race_runs_columns
from overfit_core.exports import race_tables
from overfit_core.exports.race_tables import RACE_EXPORTS, Race, export_race, race_file_name
from overfit_core.racing import RacePlan
from tests.charts.race_fakes import MISS, race_plan, reference, run, runs_of

WHOSE = ["race", "task"]


def made() -> Race:
    cut = run(0, 0.1, 9, 1.0, stopped=True)
    return Race(race_plan(), [*runs_of(), cut, *reference(7, 8, 9)])


def read(kind: str, race: Race | None = None) -> pd.DataFrame:
    data = io.BytesIO(export_race(kind, race or made()))
    return pd.read_csv(data) if kind.endswith("csv") else pd.read_parquet(data)


@pytest.mark.parametrize("kind", ["scores_csv", "scores_parquet"])
def test_scores_are_given_back_and_a_miss_is_infinite(kind: str) -> None:
    frame = read(kind)
    assert list(frame) == [*WHOSE, *(column.key for column in race_columns(race_plan()))]
    # Neither the reference nor the run that was cut short counts: 10, 30 and a miss.
    assert frame["optimizer"].tolist() == ["Adam", "SGD"]
    assert frame["epochs"].tolist() == [30, 50]
    assert frame["epochs_upper"].tolist() == [MISS, 50]
    assert frame["default_epochs"].tolist() == [90, MISS]


@pytest.mark.parametrize("kind", ["runs_csv", "runs_parquet"])
def test_every_run_is_given_back(kind: str) -> None:
    frame, race = read(kind), made()
    assert list(frame) == [*WHOSE, *(column.key for column in race_runs_columns(race.plan))]
    assert len(frame) == len(race.runs) == 25
    epochs = [run.epochs_to_target for run in race.runs]
    np.testing.assert_array_equal(frame["epochs_to_target"], epochs)
    seconds = [run.seconds_to_target for run in race.runs]
    np.testing.assert_array_equal(frame["seconds_to_target"], seconds)
    assert frame["optimizer"].tolist()[-3:] == ["L-BFGS (SciPy)"] * 3
    assert frame["learning_rate"].isna().sum() == 3
    assert frame["stopped"].sum() == 1


def test_a_race_without_runs_has_tables_without_rows() -> None:
    for kind in ("scores_csv", "scores_parquet", "runs_csv", "runs_parquet"):
        assert len(read(kind, Race(race_plan(), []))) == 0


def test_no_name_is_a_formula_in_a_spreadsheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race_tables, "optimizer_names", lambda _plan: ("=1+1", "@sgd"))
    assert read("scores_csv")["optimizer"].tolist() == ["'=1+1", "'@sgd"]
    assert read("scores_parquet")["optimizer"].tolist() == ["=1+1", "@sgd"]


@pytest.mark.parametrize("kind", ["scores_csv", "scores_parquet", "runs_csv", "runs_parquet"])
def test_every_row_says_what_the_race_is_called(kind: str) -> None:
    named = replace(made(), name="=Mine", task="XOR")
    frame = read(kind, named)
    assert set(frame["race"]) == {"'=Mine" if kind.endswith("csv") else "=Mine"}
    assert set(frame["task"]) == {"XOR"}
    assert read(kind)["race"].isna().all(), "nobody has named it"


def test_settings_have_the_name_that_the_race_was_given() -> None:
    data = json.loads(export_race("settings", replace(made(), name="Mine")))
    loaded = RacePlan.load(data)
    assert loaded.spec.name == "Mine"
    spec = loaded.spec.model_copy(update={"name": race_plan().spec.name})
    assert loaded.model_copy(update={"spec": spec}) == race_plan()


def test_settings_are_those_of_the_race() -> None:
    data = json.loads(export_race("settings", made()))
    assert RacePlan.load(data) == race_plan()


def test_every_kind_has_a_file_name_of_its_own() -> None:
    names = {race_file_name(kind, "1f3a") for kind in RACE_EXPORTS}
    assert len(names) == len(RACE_EXPORTS)
    assert "overfit-lab-race-1f3a-runs.csv" in names


def test_a_kind_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="'excel' does not exist; there are scores_csv"):
        export_race("excel", made())
