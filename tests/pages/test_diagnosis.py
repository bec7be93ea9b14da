"""The verdict of a run, its cause, and the changes that were tried, on the Train page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.diagnosis.facts import Cause, Change, Drawing
from overfit_core.diagnosis.report import Fix, Report
from overfit_core.presets import PRESETS
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers

FASTER = Change(
    "learning_rate_too_low", "optimizer.learning_rate", 0.1, "Ten times the rate.", "SGD(0.1)"
)
LONGER = Change("too_few_epochs", "epochs", 90, "Train 90 epochs.", "epochs=90")
RELABEL = Change("contradictory_labels", "labels", "one_hot", "Other labels.", "y = f(y)")
CAUSE = Cause(
    "learning_rate_too_low", "The learning rate is too low", {"learning_rate": 0.01},
    "It crawls.", "A book",
    drawing=Drawing("bars", "Steps by layer", ("one", "two"), (1e-5, 1e-6), log=True),
)  # fmt: skip
SECOND = Cause("too_few_epochs", "The run ends on its way down", {"epochs": 40}, "On.", "A book")


def report(*fixes: Fix) -> Report:
    return Report(
        "still_descending", None, None, 40, 40, 0.5, None, 0.53, 0.0, 1.0,
        causes=(CAUSE, SECOND), fixes=fixes, seconds=3.0,
    )  # fmt: skip


FOUND = report(
    Fix((FASTER, LONGER), tried=True, outcome="memorised", epochs=(80, 85, 82)),
    Fix((RELABEL,), tried=True, outcome="better"),
    Fix((LONGER,), tried=True, outcome="no_better"),
    Fix((FASTER,)),
)


@pytest.fixture
def trained(workers: FakeWorkers, open_app: OpenApp) -> AppTest:
    """A run of 40 epochs, which is not memorised, whose cause was looked for."""
    workers.found = FOUND
    return train(open_app(preset="article-3"), 40)


def train(at: AppTest, epochs: int) -> AppTest:
    at.number_input(key="set.training.epochs").set_value(epochs).run()
    at.button(key="train").click().run()
    assert not at.exception
    # In a browser the page is drawn anew when the run has ended.
    return at.run()


def text(at: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in at.get("html"))


def test_a_run_that_is_not_memorised_is_looked_into_by_itself(
    workers: FakeWorkers, trained: AppTest
) -> None:
    run_id = trained.session_state[keys.RUN]
    assert workers.checks == [run_id]
    trained.run()
    assert workers.checks == [run_id]


def test_verdict_cause_and_changes_are_shown(trained: AppTest) -> None:
    assert "Why: The learning rate is too low" in [header.value for header in trained.header]
    shown = text(trained)
    for said in ("Verdict", "Floor", "Ten times the rate.", "memorised at epoch", "3 of 3 seeds"):
        assert said in shown
    assert "Also found: 1" in [expander.label for expander in trained.expander]


def test_a_run_that_is_memorised_has_a_verdict_and_no_cause(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    at = train(open_app(preset="article-2"), 100)
    assert "Memorised at epoch 74" in text(at)
    assert workers.checks == []
    assert not [button for button in at.button if button.key == "ask-search"]


def test_a_change_is_applied_and_trained_beside_the_run(trained: AppTest) -> None:
    first = trained.session_state[keys.RUN]
    trained.button(key="apply-0").click().run()
    assert not trained.exception
    second = trained.session_state[keys.RUN]
    assert second != first
    assert trained.session_state[keys.TOGETHER] == [first, second]
    # The form follows, so that what is trained is what it says.
    assert trained.number_input(key="set.training.epochs").value == 90


def test_settings_that_were_typed_meanwhile_stay(trained: AppTest, workers: FakeWorkers) -> None:
    trained.number_input(key="set.training.epochs").set_value(77).run()
    trained.button(key="apply-0").click().run()
    assert trained.number_input(key="set.training.epochs").value == 77
    assert workers.store.run(trained.session_state[keys.RUN]).spec.training.epochs == 90


def test_what_a_spec_cannot_say_has_no_button(trained: AppTest) -> None:
    there = {button.key for button in trained.button if str(button.key).startswith("apply-")}
    assert there == {"apply-0", "apply-2", "apply-3"}


def test_a_search_can_be_stopped_and_asked_for_again(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    at = train(open_app(preset="article-3"), 40)
    run_id = at.session_state[keys.RUN]
    at.button(key="stop-search").click().run()
    found = workers.store.check(run_id)
    assert found is not None
    assert found.status == "stopped"
    workers.found = FOUND
    at.run()
    at.selectbox(key="budget").set_value("1 minute").run()
    at.button(key="ask-search").click().run()
    found = workers.store.check(run_id)
    assert found is not None
    assert (found.status, found.budget) == ("finished", 60.0)


def test_whoever_has_only_the_link_looks_and_starts_nothing(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    at = train(open_app(preset="article-3"), 40)
    run_id = at.session_state[keys.RUN]
    workers.store.stop_check(run_id)
    other = open_app(visitor="somebody", run=run_id)
    there = {button.key for button in other.button}
    assert not there & {"ask-search", "stop-search"}
    assert workers.checks == [run_id]
    assert "Verdict" in text(other)


def test_a_link_can_hide_the_diagnosis(workers: FakeWorkers, open_app: OpenApp) -> None:
    workers.found = FOUND
    at = train(open_app(preset="unscaled-inputs", hide="diagnosis"), 40)
    assert "Verdict" not in text(at)
    assert "not scaled" not in text(at)


def test_settings_that_cannot_memorise_are_named_before_they_are_trained(open_app: OpenApp) -> None:
    at = open_app(preset="unscaled-inputs")
    assert "The inputs are not scaled" in text(at)
    at.selectbox(key="set.batch.scaling").set_value("standard").run()
    assert "The inputs are not scaled" not in text(at)
    assert not PRESETS["xor"].beside
