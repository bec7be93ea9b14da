"""The Compare page's scoreboard: its rows, what they are scored by, the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.training.history import History
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, captions, charts, table, wrong


def test_the_scoreboard_has_a_row_per_group_of_seeds_or_per_run(compared: AppTest) -> None:
    def rows() -> list[str]:
        return list(table(compared, "Run")["Run"])

    assert len(rows()) == 2
    compared.toggle(key="compare-seeds_together").set_value(False).run()
    assert len(rows()) == 3


def test_samples_that_were_never_learned_are_counted(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    short = store.create_run(RunSpec.load({"training": {"epochs": 40}}))
    workers.submit(short)
    at = open_app("compare", runs=short)
    assert list(table(at, "Run")["Not learned, samples"]) == [3.0]


def test_scores_are_shown_as_multiples_of_a_baseline(compared: AppTest, made: list[str]) -> None:
    compared.selectbox(key="compare-baseline").set_value(made[2]).run()
    shown = table(compared, "Run")
    ratio = shown["Epochs to target, × baseline"]
    assert list(ratio) == [0.5, 1.0]
    assert "(baseline)" in " ".join(shown["Run"])


def test_hiding_runs_changes_no_score_and_keeps_the_baseline(
    compared: AppTest, made: list[str]
) -> None:
    compared.selectbox(key="compare-baseline").set_value(made[2]).run()
    before = table(compared, "Run")
    compared.multiselect(key="compare-hidden").set_value([made[0], made[2]]).run()
    after = table(compared, "Run")
    pd.testing.assert_frame_equal(after, before[:1])
    assert list(after["Seeds"]) == [2]


def test_long_runs_are_scored_exactly_on_both_pages_and_read_once(
    open_app: OpenApp, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    epochs = np.arange(1, 20_001)
    for seed in (1, 2):
        ids.append(store.create_run(RunSpec.load({"training": {"seed": seed, "epochs": 20_000}})))
        store.claim(ids[-1], "worker")
        store.begin(ids[-1], batch_hash="b", weights_hash="w", worker="worker")
        history = History({"loss": 1 / epochs, "r2": 1 - 133.365 / epochs})
        store.append(ids[-1], history, worker="worker")
        store.finish(ids[-1], "finished", worker="worker")
    read: list[str] = []
    stored = store.history

    def counted(run_id: str, after_epoch: int = 0) -> History:
        read.append(run_id)
        return stored(run_id, after_epoch)

    monkeypatch.setattr(store, "history", counted)
    at = open_app("compare", runs=",".join(ids), t="r0.99", seeds="0")
    assert list(table(at, "Run")["Epochs to target"]) == [13_337, 13_337]
    before = len(read)
    at.toggle(key="compare-log_x").set_value(True).run()
    assert len(read) == before
    train = open_app(run=ids[0], **{"with": ",".join(ids)})
    assert list(table(train, "Run")["Epochs to target"]) == [13_337, 13_337]


def test_a_target_line_can_be_moved(compared: AppTest) -> None:
    compared.selectbox(key="compare-kind").set_value("loss").run()
    compared.number_input(key="compare-target").set_value(0.25).run()
    (line,) = charts(compared)["Loss, logarithmic axis"]["layout"]["shapes"]
    assert line["y0"] == line["y1"] == 0.25


def test_a_target_that_cannot_be_is_named_and_scores_nothing(compared: AppTest) -> None:
    compared.number_input(key="compare-target").set_value(900.0).run()
    assert wrong(compared) == ["▲ Accuracy as a target lies between 0 and 100 %, not 900 %."]
    assert "Epochs to target" not in table(compared, "Run")
    assert "t" not in address(compared)
    compared.number_input(key="compare-target").set_value(90.0).run()
    assert not wrong(compared)
    assert address(compared)["t"] == "a0.9"
    assert "Target: Accuracy 90 % or more." in captions(compared)


def test_a_target_of_another_kind_begins_with_its_usual_value(compared: AppTest) -> None:
    field = compared.number_input(key="compare-target")
    assert (field.value, field.label) == (100, "Value of the target, %")
    compared.selectbox(key="compare-kind").set_value("loss").run()
    field = compared.number_input(key="compare-target")
    assert (field.value, field.label) == (0.01, "Value of the target")
    compared.run()
    assert compared.number_input(key="compare-target").value == 0.01
    assert "Target: Loss 0.01 or less." in captions(compared)


def test_without_a_target_nothing_tells_of_one(compared: AppTest) -> None:
    compared.selectbox(key="compare-kind").set_value(None).run()
    assert "Epochs to target" not in table(compared, "Run")
    assert "Best Loss" in table(compared, "Run")
    assert not any(said.startswith("Target") for said in captions(compared))
    assert address(compared)["t"] == "none"
