"""The Compare page: picks, what is drawn, scores, differences, and its address."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.errors import StoreError
from overfit_core.spec import RunSpec
from overfit_core.store import RunRecord, Store
from overfit_core.store.engine import writing
from overfit_core.store.guards import changed
from overfit_core.store.tables import RunRow
from overfit_core.training.history import History
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, charts, components, notices, wrong


@pytest.fixture
def made(store: Store, workers: FakeWorkers) -> list[str]:
    """Three runs: two seeds of Adam, and SGD."""
    specs = [
        RunSpec(),
        RunSpec.load({"training": {"seed": 2}}),
        RunSpec.load({"optimizer": {"name": "SGD"}}),
    ]
    ids = [store.create_run(spec) for spec in specs]
    for run_id in ids:
        workers.submit(run_id)
    return ids


@pytest.fixture
def compared(open_app: OpenApp, made: list[str]) -> AppTest:
    return open_app("compare", runs=",".join(made))


def names(at: AppTest, title: str = "Loss, logarithmic axis") -> list[str]:
    return [t["name"] for t in charts(at)[title]["data"] if t.get("showlegend")]


def table(at: AppTest, first: str) -> pd.DataFrame:
    """The table whose first column has this head."""
    return next(t.value for t in at.dataframe if t.value.columns[0] == first)


def test_an_empty_comparison_says_what_to_do(open_app: OpenApp) -> None:
    at = open_app("compare")
    assert at.title[0].value == "Compare"
    assert any("No other run of yours matches" in caption.value for caption in at.caption)


def test_runs_of_the_address_are_drawn_with_loss_and_accuracy(compared: AppTest) -> None:
    assert list(charts(compared)) == ["Loss, logarithmic axis", "Accuracy"]
    assert any("Adam" in name for name in names(compared))


def test_the_view_stands_in_the_address_and_comes_back(
    compared: AppTest, open_app: OpenApp, made: list[str]
) -> None:
    compared.multiselect(key="compare-columns").set_value(["loss", "learning_rate"]).run()
    compared.button_group(key="compare-x").set_value("seconds").run()
    compared.toggle(key="compare-log_x").set_value(True).run()
    compared.toggle(key="compare-log_y").set_value(False).run()
    compared.toggle(key="compare-seeds_together").set_value(False).run()
    compared.selectbox(key="compare-kind").set_value("loss").run()
    compared.number_input(key="compare-target").set_value(0.3).run()
    compared.selectbox(key="compare-baseline").set_value(made[2]).run()
    compared.multiselect(key="compare-hidden").set_value([made[0]]).run()
    assert not compared.exception

    again = open_app("compare", **address(compared))
    assert address(again) == address(compared)
    assert charts(again) == charts(compared)
    assert list(charts(again)) == ["Loss, linear axis", "Learning rate, linear axis"]
    assert again.selectbox(key="compare-baseline").value == made[2]
    assert again.multiselect(key="compare-hidden").value == [made[0]]
    assert again.number_input(key="compare-target").value == 0.3


def test_a_target_line_can_be_moved(compared: AppTest) -> None:
    compared.selectbox(key="compare-kind").set_value("loss").run()
    compared.number_input(key="compare-target").set_value(0.25).run()
    (line,) = charts(compared)["Loss, logarithmic axis"]["layout"]["shapes"]
    assert line["y0"] == line["y1"] == 0.25


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
    assert list(ratio) == [1.0, 1.0]
    assert "(baseline)" in " ".join(shown["Run"])


def test_only_the_settings_that_differ_are_listed(compared: AppTest) -> None:
    shown = table(compared, "Setting")
    assert set(shown["Setting"]) == {
        "Optimizer: Optimizer",
        "Optimizer: Learning rate",
        "Training: Seed",
    }


def test_a_badge_says_whether_speed_can_be_compared(
    compared: AppTest, store: Store, workers: FakeWorkers, made: list[str], open_app: OpenApp
) -> None:
    assert components(compared, "fairness")
    other = store.create_run(RunSpec.load({"batch": {"source": "xor"}}))
    workers.submit(other)
    at = open_app("compare", runs=f"{made[0]},{other}")
    said = components(at, "fairness")[0]
    assert said["tone"] == "bad"
    assert said["text"].startswith("Different batches")


def test_runs_are_added_and_taken_away(open_app: OpenApp, made: list[str]) -> None:
    at = open_app("compare", runs=made[0])
    at.multiselect(key="compare-picked").set_value([]).run()
    assert not charts(at)
    assert "runs" not in address(at)


@pytest.mark.parametrize(
    "wrong",
    [
        {"runs": "<script>,' OR 1=1"},
        {"y": "nonsense"},
        {"t": "lnan"},
        {"x": "parsecs"},
        {"base": "99"},
        {"hide": "0,-1"},
        {"lx": "yes"},
    ],
)
def test_a_hostile_address_says_so_kindly(
    open_app: OpenApp, made: list[str], wrong: dict[str, str]
) -> None:
    at = open_app("compare", **({"runs": ",".join(made)} | wrong))
    assert not at.exception
    assert len(notices(at)) == 1


def test_runs_that_are_gone_are_named(open_app: OpenApp, made: list[str], store: Store) -> None:
    store.delete(made[:1], by=None)
    at = open_app("compare", runs=",".join([*made, "neverwas"]))
    assert notices(at) == ["2 of these runs are not here: deleted, or made on another machine."]
    assert charts(at)


def test_somebody_elses_runs_can_be_compared_and_not_renamed(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    theirs = store.create_run(RunSpec(), owner="somebody")
    workers.submit(theirs)
    at = open_app("compare", runs=theirs)
    assert charts(at)
    assert any("Somebody else made this run" in caption.value for caption in at.caption)


def test_live_runs_are_compared_too(open_app: OpenApp, store: Store, workers: FakeWorkers) -> None:
    workers.hold = True
    ended, going = store.create_run(RunSpec()), store.create_run(RunSpec())
    workers.train(ended)
    at = open_app("compare", runs=f"{ended},{going}")
    assert charts(at)
    assert not at.exception


def begin(store: Store, run_id: str, loss: float = 1.0) -> None:
    """Let a run have its first epoch, and go on."""
    store.claim(run_id, "worker")
    store.begin(run_id, batch_hash="b" * 64, weights_hash="w" * 64, worker="worker")
    store.append(run_id, History({"loss": [loss], "accuracy": [0.5]}), worker="worker")


def test_measures_and_target_as_in_a_new_view_come_back_too(
    compared: AppTest, open_app: OpenApp
) -> None:
    compared.multiselect(key="compare-columns").set_value(["loss"]).run()
    compared.selectbox(key="compare-kind").set_value("loss").run()
    assert address(compared)["y"] == "loss"
    assert address(compared)["t"] == "l0.01"
    again = open_app("compare", **address(compared))
    assert list(charts(again)) == ["Loss, logarithmic axis"]
    assert again.selectbox(key="compare-kind").value == "loss"


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


def test_a_target_that_cannot_be_is_named_and_scores_nothing(compared: AppTest) -> None:
    compared.number_input(key="compare-target").set_value(900.0).run()
    assert wrong(compared) == ["▲ Accuracy as a target lies between 0 and 100 %, not 900 %."]
    assert "Epochs to target" not in table(compared, "Run")
    assert "t" not in address(compared)
    compared.number_input(key="compare-target").set_value(90.0).run()
    assert not wrong(compared)
    assert address(compared)["t"] == "a0.9"
    assert "Target: Accuracy 90 % or more." in captions(compared)


def captions(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption]


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


def test_hiding_runs_changes_no_score_and_keeps_the_baseline(
    compared: AppTest, made: list[str]
) -> None:
    compared.selectbox(key="compare-baseline").set_value(made[2]).run()
    before = table(compared, "Run")
    compared.multiselect(key="compare-hidden").set_value([made[0], made[2]]).run()
    after = table(compared, "Run")
    pd.testing.assert_frame_equal(after, before[:1])
    assert list(after["Seeds"]) == [2]


def test_runs_with_equal_names_are_told_apart_in_every_list(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    ids = [
        store.create_run(RunSpec.load({"name": name, "training": {"seed": seed}}))
        for seed, name in enumerate(("r", "r", "r (1)", "None"))
    ]
    at = open_app("compare", runs=",".join(ids))
    for key in ("compare-baseline", "compare-hidden", "compare-picked", "compare-labelled"):
        options = [*at.selectbox, *at.multiselect]
        labels = next(widget.options for widget in options if widget.key == key)
        assert len(set(labels)) == len(labels)
    assert at.selectbox(key="compare-baseline").options[0] == "None"


def test_a_run_has_one_name_in_every_chart_and_in_the_scoreboard(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    """The schedule tells the first two apart; only the third one has held-out samples."""
    specs: list[dict[str, object]] = [
        {"training": {"epochs": 100}},
        {"training": {"epochs": 200}},
        {"training": {"epochs": 200}, "batch": {"source": "iris", "held_out": 3}},
    ]
    ids = [store.create_run(RunSpec.load(spec)) for spec in specs]
    for run_id in ids:
        workers.submit(run_id)
    at = open_app("compare", runs=",".join(ids), y="loss,val_loss", hide="1,2")
    (held_out,) = charts(at)["Loss, held-out samples, logarithmic axis"]["data"]
    assert [held_out["name"]] == list(table(at, "Run")["Run"])
    assert held_out["name"] in table(at, "Setting").columns
    assert "," in held_out["name"]


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


def test_the_whole_page_is_drawn_again_when_a_batch_becomes_known(
    open_app: OpenApp, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = store.create_run(RunSpec())
    at = open_app("compare", runs=going, y="loss", t="none")
    drawn_for = at.session_state[keys.COMPARED_STATE]
    assert drawn_for == [(going, False, None)]
    stored, looks = store.runs_of, []

    def runs_of(run_ids: list[str]) -> list[RunRecord]:
        """The first epoch comes after the page was drawn, before its curves are."""
        looks.append(run_ids)
        if len(looks) == 2:
            begin(store, going)
        return stored(run_ids)

    monkeypatch.setattr(store, "runs_of", runs_of)
    at.run()
    assert not at.exception
    assert at.session_state[keys.COMPARED_STATE] == [(going, False, "b" * 64)]


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


@pytest.mark.parametrize("others", [True, False], ids=["beside others", "alone"])
def test_runs_of_another_version_are_named(
    open_app: OpenApp, store: Store, made: list[str], others: bool
) -> None:
    newer = store.create_run(RunSpec(name="the new one"))
    with writing(store._engine) as session:
        changed(session, RunRow.id == newer, {"spec": '{"version": 99}'})
    at = open_app("compare", runs=",".join([*(made if others else []), newer]))
    assert notices(at) == [
        "Made by another version, whose settings cannot be read here, and not compared: "
        "'the new one'."
    ]
    assert bool(charts(at)) == others
    assert newer in address(at)["runs"]


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
