"""The Compare page: picks, what is drawn, differences, and its address."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.comparison import view
from overfit_core.comparison.view import MAX_RUNS
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.store.engine import writing
from overfit_core.store.guards import changed
from overfit_core.store.tables import RunRow
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, captions, charts, components, legend, notices, pick, table


def test_an_empty_comparison_says_what_to_do(open_app: OpenApp) -> None:
    at = open_app("compare")
    assert at.title[0].value == "Compare"
    assert any("No other run of yours matches" in caption.value for caption in at.caption)


def test_runs_of_the_address_are_drawn_with_loss_and_accuracy(compared: AppTest) -> None:
    assert list(charts(compared)) == ["Loss, logarithmic axis", "Accuracy"]
    assert any("Adam" in name for name in legend(compared))


def test_what_all_runs_have_in_common_is_said_once(
    compared: AppTest, open_app: OpenApp, store: Store, made: list[str]
) -> None:
    common = "All of them: The article's four samples · 64-32-16."
    assert common in captions(compared)
    other = store.create_run(RunSpec.load({"batch": {"source": "iris"}}))
    said = captions(open_app("compare", runs=",".join([*made, other])))
    assert not any("All of them" in caption for caption in said)


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


def add(at: AppTest, *places: int) -> None:
    """Add runs by their rows in the table of those that can be added."""
    pick(at, *places)
    at.button(key="add-picked").click().run()


def test_runs_are_added_where_those_of_the_address_are_gone(
    open_app: OpenApp, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_app("compare", runs=",".join(f"gone{k}" for k in range(MAX_RUNS)))
    add(at, 0)
    assert address(at)["runs"] == made[2]
    assert charts(at)
    assert not notices(at)


def test_runs_that_are_too_many_to_be_added_are_counted(
    open_app: OpenApp, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MAX_RUNS", 2)
    at = open_app("compare", runs=made[0])
    add(at, 0, 1)
    assert address(at)["runs"] == f"{made[0]},{made[2]}"
    said = "At most 2 runs are compared at once: the last one was left out."
    assert notices(at) == [said]
    at.multiselect(key="compare-picked").set_value(made[:1]).run()
    assert not notices(at)


def test_a_run_that_was_added_is_picked_no_more(open_app: OpenApp, made: list[str]) -> None:
    at = open_app("compare")
    add(at, 0)
    assert "Pick rows at their left edge." in captions(at)
    assert at.button(key="add-picked").disabled


def test_a_picked_run_that_a_search_hides_is_added_too(open_app: OpenApp, made: list[str]) -> None:
    at = open_app("compare")
    pick(at, 0)
    at.text_input(key="search").set_value("no such run").run()
    assert "1 run picked, 1 not in this list" in captions(at)
    at.button(key="add-picked").click().run()
    assert address(at)["runs"] == made[2]


@pytest.mark.few(3)
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
    assert held_out["name"] in at.multiselect(key="compare-picked").options
    assert "," in held_out["name"]


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
