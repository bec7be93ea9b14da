"""The Compare page: picks, what is drawn, scores, differences, and its address."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.reading import address, charts, components, notices


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
