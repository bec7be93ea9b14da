"""Runs of an older version of the program live on in a newer one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

import overfit_core.migrations
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.store.conftest import make_chunk

OPTIMIZERS = ("SGD", "Adam", "Lion")
WHEN = "2026-01-01 00:00:00+00:00"


def _insert(connection: Connection, table: str, **row: object) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


def _first_version(url: str) -> None:
    """A database as the first version left it, with an ended run for each optimizer."""
    config = Config()
    config.set_main_option("script_location", str(Path(overfit_core.migrations.__file__).parent))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name in OPTIMIZERS:
            spec = RunSpec.load({"name": f"with {name}", "optimizer": {"name": name}})
            _insert(
                connection,
                "runs",
                **{"id": name, "name": spec.name, "spec": spec.to_json(), "spec_hash": spec.hash},
                **{"created_at": WHEN, "wished_at": WHEN, "finished_at": WHEN},
                **{"wish": "run", "steps_wanted": 0, "steps_done": 0},
                **{"status": "finished", "worker": "w", "epoch": 3},
            )
            data = make_chunk(1, 3).to_arrow()
            chunk = {"first_epoch": 1, "last_epoch": 3, "level": 0, "size": len(data)}
            _insert(connection, "chunks", run_id=name, data=data, **chunk)
    engine.dispose()


@pytest.fixture
def migrated(url: str) -> Iterator[Store]:
    _first_version(url)
    store = Store(url)
    yield store
    store.close()


def test_runs_of_the_first_version_survive_and_say_their_optimizer(migrated: Store) -> None:
    for name in OPTIMIZERS:
        run = migrated.run(name)
        assert (run.name, run.optimizer, run.status) == (f"with {name}", name, "finished")
        assert run.spec.optimizer.name == name
        assert run.created_at.isoformat() == "2026-01-01T00:00:00+00:00"
        assert (run.owner, run.group_id, run.place, run.tags, run.sparkline) == (
            None,
            None,
            0,
            (),
            (),
        )
        np.testing.assert_array_equal(migrated.history(name)["loss"], make_chunk(1, 3)["loss"])


def test_runs_of_the_first_version_are_named_deleted_and_brought_back(migrated: Store) -> None:
    migrated.label("SGD", by="anybody", tags=["old"])
    assert migrated.run("SGD").tags == ("old",)
    assert sorted(migrated.delete(OPTIMIZERS, by=None)) == sorted(OPTIMIZERS)
    assert migrated.restore(["Lion"], by=None) == ["Lion"]
    assert [run.id for run in migrated.find()] == ["Lion"]
