"""The Compare page while runs go on, and when the store fails meanwhile."""

from __future__ import annotations

import pytest

from overfit_core.errors import StoreError
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers, begin
from tests.pages.reading import address, components, legend, table, wrong


def test_live_runs_are_compared_too(open_app: OpenApp, store: Store, workers: FakeWorkers) -> None:
    workers.hold = True
    sgd = RunSpec.load({"optimizer": {"name": "SGD"}})
    ended, going = store.create_run(RunSpec()), store.create_run(sgd)
    workers.train(ended)
    begin(store, going)
    at = open_app("compare", runs=f"{ended},{going}")
    assert legend(at) == ["Adam 0.001", "SGD 0.01"]
    assert len(table(at, "Run")) == 2


def test_while_a_run_goes_on_nothing_is_said_that_is_not_known(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    ended, going = (
        store.create_run(RunSpec()),
        store.create_run(RunSpec.load({"optimizer": {"name": "SGD"}})),
    )
    workers.submit(ended)
    at = open_app("compare", runs=f"{ended},{going}")
    assert "known with the first epoch" in components(at, "fairness")[0]["text"]
    begin(store, going)
    at.run()
    assert components(at, "fairness")[0]["text"].startswith("Different batches")
    shown = table(at, "Run")
    assert shown["Run"][1] == "SGD 0.01 (as of epoch 1)"
    assert list(shown["Reached, %"].fillna(-1)) == [100, -1]


def test_what_is_chosen_before_the_first_epoch_stays(open_app: OpenApp, store: Store) -> None:
    going = store.create_run(RunSpec())
    at = open_app("compare", runs=going)
    assert address(at) == {"runs": going}
    at.selectbox(key="compare-kind").set_value("r2").run()
    assert address(at) == {"runs": going, "t": "r0.99"}
    begin(store, going)
    at.run()
    assert address(at) == {"runs": going, "y": "loss,accuracy", "t": "r0.99"}


def test_a_link_opened_before_the_first_epoch_keeps_its_measures(
    open_app: OpenApp, store: Store, made: list[str]
) -> None:
    going = store.create_run(RunSpec())
    at = open_app("compare", runs=f"{made[0]},{going}", y="val_loss,loss")
    assert address(at)["y"] == "val_loss,loss"
    assert at.multiselect(key="compare-columns").value == ["val_loss", "loss"]
    begin(store, going)
    at.run()
    assert address(at)["y"] == "loss"


def test_an_error_of_the_store_is_said_where_the_curves_are(
    open_app: OpenApp, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = store.create_run(RunSpec())

    def broken(run_ids: list[str]) -> None:
        raise StoreError("The database does not answer.")

    monkeypatch.setattr(store, "look", broken)
    at = open_app("compare", runs=going)
    assert wrong(at) == ["▲ The database does not answer."]
    assert table(at, "Run") is not None
