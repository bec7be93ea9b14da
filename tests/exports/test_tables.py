"""Tables read back as what was recorded."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from overfit_core.exports.tables import (
    Run,
    history_csv,
    history_parquet,
    runs_csv,
    runs_parquet,
    spec_json,
)
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.training.history import History
from tests.exports.fakes import FakeRecord, history, run_of


def two_runs() -> list[Run]:
    adam = FakeRecord("r1", RunSpec(name='Größe, "quoted" 🙂'))
    sgd = FakeRecord("r2", RunSpec(name="=1+1", optimizer=OptimizerSpec(name="SGD")))
    return [Run(adam, history()), Run(sgd, history("float64", val_loss=np.arange(20.0)))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_csv_gives_every_digit_back(dtype: str) -> None:
    recorded = history(dtype)
    data = history_csv(recorded)
    assert data.decode().splitlines()[0].replace('"', "") == "epoch,loss,gradient_norm/dense_1"
    frame = pd.read_csv(io.BytesIO(data))
    assert frame["epoch"].tolist() == list(range(1, 21))
    for name in recorded:
        read = frame[name].to_numpy().astype(recorded[name].dtype)
        np.testing.assert_array_equal(read, recorded[name])


def test_what_is_not_finite_stays_so_in_csv() -> None:
    data = history_csv(History({"loss": np.array([1.0, np.inf, np.nan])}))
    np.testing.assert_array_equal(pd.read_csv(io.BytesIO(data))["loss"], [1.0, np.inf, np.nan])


def test_a_parquet_file_gives_every_bit_back() -> None:
    recorded = history()
    frame = pd.read_parquet(io.BytesIO(history_parquet(recorded)))
    assert list(frame) == ["epoch", *recorded]
    for name in recorded:
        assert frame[name].dtype == recorded[name].dtype
        np.testing.assert_array_equal(frame[name], recorded[name])


def test_a_chunk_that_starts_later_keeps_its_epochs() -> None:
    frame = pd.read_csv(io.BytesIO(history_csv(History({"loss": [0.5, 0.4]}, 7))))
    assert frame["epoch"].tolist() == [7, 8]


def test_several_runs_stand_in_one_long_table() -> None:
    frame = pd.read_parquet(io.BytesIO(runs_parquet(two_runs())))
    assert list(frame)[:5] == ["run", "name", "tags", "optimizer", "epoch"]
    assert len(frame) == 40
    assert frame.groupby("run")["optimizer"].first().to_dict() == {"r1": "Adam", "r2": "SGD"}
    assert frame["name"].unique().tolist() == ['Größe, "quoted" 🙂', "=1+1"]
    assert frame.loc[frame.run == "r1", "val_loss"].isna().all()
    assert frame.loc[frame.run == "r2", "val_loss"].tolist() == list(range(20))


def test_no_text_is_a_formula_in_a_spreadsheet() -> None:
    runs = [run_of(RunSpec(name="=1+1"), "-r1", tags=("@tag", "b")), *two_runs()]
    frame = pd.read_csv(io.BytesIO(runs_csv(runs)))
    assert frame["run"].unique().tolist() == ["'-r1", "r1", "r2"]
    assert frame["name"].unique().tolist() == ["'=1+1", 'Größe, "quoted" 🙂']
    assert frame["tags"].dropna().unique().tolist() == ["'@tag, b"]
    assert pd.read_parquet(io.BytesIO(runs_parquet(runs)))["run"].iloc[0] == "-r1"


def test_tags_are_for_the_owner_of_each_run() -> None:
    runs = [run_of(RunSpec(), i, mine=i == "mine", tags=("a",)) for i in ("mine", "theirs")]
    for frame in (
        pd.read_csv(io.BytesIO(runs_csv(runs))),
        pd.read_parquet(io.BytesIO(runs_parquet(runs))),
    ):
        assert frame.loc[frame["run"] == "mine", "tags"].eq("a").all()
        assert frame.loc[frame["run"] == "theirs", "tags"].isna().all()


def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="no run to export"):
        runs_csv([])


def test_settings_load_back() -> None:
    spec = RunSpec(name="Öre", optimizer=OptimizerSpec(name="Lion", learning_rate=0.1))
    text = spec_json(spec).decode()
    assert RunSpec.load(text) == spec
    assert json.loads(text)["name"] == "Öre"
    assert "Öre" in text
    assert "\n  " in text
