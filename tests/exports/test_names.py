"""A run is taken away under the name that it has now, whatever it was started as."""

import io
from pathlib import Path

import pandas as pd
import pytest

from overfit_core.exports import Run, export, runs_csv, runs_parquet
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.exports.fakes import history


@pytest.fixture
def renamed(tmp_path: Path) -> dict[str, Run]:
    """Runs of a real store: started under a name or without one, then named anew or not at all."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    runs = {}
    for now, before in (("Zebra", "Okapi"), ("Quagga", None), ("", "Okapi")):
        run_id = store.create_run(RunSpec(name=before), owner="me")
        store.label(run_id, by="me", name=now)
        runs[now] = Run(store.run(run_id), history())
    store.close()
    return runs


@pytest.mark.parametrize("kind", ["script", "notebook", "settings", "report"])
@pytest.mark.parametrize("name", ["Zebra", "Quagga", ""])
def test_every_file_of_a_run_has_its_name(renamed: dict[str, Run], kind: str, name: str) -> None:
    text = export(kind, renamed[name]).decode()
    found = {each for each in ("Zebra", "Quagga", "Okapi") if each in text}
    assert found == {name} - {""}


def test_tables_of_several_runs_have_their_names(renamed: dict[str, Run]) -> None:
    runs = list(renamed.values())
    for frame in (
        pd.read_csv(io.BytesIO(runs_csv(runs))),
        pd.read_parquet(io.BytesIO(runs_parquet(runs))),
    ):
        assert frame["name"].dropna().unique().tolist() == ["Zebra", "Quagga"]
        assert frame["run"].nunique() == 3
