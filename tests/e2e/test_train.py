"""What a person does on the Train page, from the first click to the run found again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.server import App
from tests.e2e.test_accessibility import PHONE
from tests.e2e.train_page import PATIENCE, TrainPage

SLOW = "10 epochs/s"


def test_article_2_is_memorised_and_found_again_after_a_reload(train_page: TrainPage) -> None:
    train_page.choose("Preset", "Article, example 1:")
    train_page.choose("Preset", "Article, example 2:")
    train_page.train()
    train_page.wait_for_status(r"^Memorised at epoch \d+: .*accuracy 100 % after 500 epochs")
    train_page.wait_until_drawn("loss", epoch=100)
    said, run_id = train_page.status.text_content(), train_page.run_id

    train_page.reload()

    expect(train_page.status).to_have_text(said or "")
    train_page.wait_until_drawn("loss", epoch=100)
    assert train_page.run_id == run_id
    assert not train_page.errors


@pytest.mark.exhaustive
def test_the_sentence_on_article_1_is_that_it_was_not_memorised(train_page: TrainPage) -> None:
    train_page.choose("Preset", "Article, example 1:")
    train_page.train()
    train_page.wait_for_status(r"^Not memorised")


@pytest.mark.exhaustive
def test_somebody_else_opens_the_address_of_a_run_that_goes_on_and_sees_it_end(
    train_page: TrainPage, new_context: Callable[..., BrowserContext]
) -> None:
    train_page.choose("Pace", SLOW)
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=2)
    train_page.wait_for_address("run=")

    other = TrainPage(new_context().new_page()).open(train_page.page.url)

    expect(other.status).to_have_text("Training.")
    other.wait_until_drawn("loss", epoch=2)
    train_page.button("Stop").click()
    other.wait_for_status(r"[Ss]topped")
    train_page.wait_for_status(r"[Ss]topped")
    assert other.status.text_content() == train_page.status.text_content()


def test_a_run_is_paused_stepped_and_resumed(train_page: TrainPage) -> None:
    train_page.choose("Pace", SLOW)
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=2)
    train_page.button("Pause").click()
    train_page.wait_for_status(r"^Paused")
    before = train_page.settled_epoch()
    train_page.button("Step").click()
    train_page.wait_for_epoch(before + 1)
    train_page.choose("Pace", "As fast as it goes")
    train_page.button("Resume").click()
    train_page.wait_for_status(r"^Memorised at epoch \d+")


def test_a_wrong_layer_setting_is_named_beside_its_widget_and_starts_nothing(
    train_page: TrainPage,
) -> None:
    train_page.page.get_by_role("tab", name="Model").click()
    train_page.type_in("Units of layer 2", "-3")

    beside = train_page.page.locator(".st-key-layers .wrong")
    expect(beside).to_contain_text("-3")
    expect(train_page.button("Train")).to_be_disabled()
    row, place = train_page.layer_row(2).bounding_box(), beside.bounding_box()
    assert row is not None
    assert place is not None
    assert 0 <= place["y"] - (row["y"] + row["height"]) < row["height"]
    expect(train_page.page.get_by_label("Units of layer 2", exact=True)).to_have_value("-3")

    train_page.type_in("Units of layer 2", "32")
    expect(train_page.button("Train")).to_be_enabled()
    expect(beside).to_have_count(0)


@pytest.mark.exhaustive
def test_a_runs_settings_come_back_into_the_form_beside_it(train_page: TrainPage) -> None:
    train_page.train()
    train_page.wait_for_status(r"emorised")
    train_page.page.get_by_role("tab", name="Training").click()
    train_page.type_in("Epochs", "321")
    train_page.wait_for_address("spec=")

    train_page.button("Take this run's settings").click()

    expect(train_page.page.get_by_label("Epochs", exact=True)).to_have_value("500")
    expect(train_page.button("Take this run's settings")).to_have_count(0)


@pytest.mark.exhaustive
def test_a_list_opened_right_after_a_change_stays_open_on_a_phone(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    # Where a line comes in above what is seen, the browser scrolls, and the list closes.
    train_page = TrainPage(new_context(viewport=PHONE).new_page()).open(app.url)
    page = train_page.page
    page.get_by_role("tab", name="Training").click()
    train_page.settle()
    page.get_by_role("combobox", name="Precision").evaluate(
        "node => node.scrollIntoView({ block: 'start' })"
    )
    page.get_by_label("Epochs", exact=True).fill("321")
    page.get_by_role("combobox", name="Pace").click()
    expect(page.get_by_text("321 epochs")).to_be_visible()
    expect(page.get_by_text("Changed: training.")).to_be_attached()
    train_page.settle()
    expect(page.get_by_role("option").first).to_be_visible()


@pytest.mark.exhaustive
def test_what_was_typed_is_still_there_after_a_reload(train_page: TrainPage) -> None:
    train_page.page.get_by_role("tab", name="Training").click()
    train_page.type_in("Epochs", "321")
    expect(train_page.page.get_by_text("321 epochs")).to_be_visible()
    train_page.wait_for_address("spec=")

    train_page.reload()

    train_page.page.get_by_role("tab", name="Training").click()
    expect(train_page.page.get_by_label("Epochs", exact=True)).to_have_value("321")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "query", ["run=nobody", "spec=!!!", "spec=1.AAAA", "draft=..%2F", "preset=x"]
)
def test_an_address_that_says_nonsense_opens_a_page_that_trains(
    train_page: TrainPage, app: App, query: str
) -> None:
    train_page.open(f"{app.url}/?{query}")
    expect(train_page.button("Train")).to_be_enabled()
    if not query.startswith("preset"):
        expect(train_page.page.get_by_role("alert")).to_be_visible()
    assert not train_page.errors


def test_the_chart_keeps_its_node_and_its_zoom_while_a_run_goes_on(train_page: TrainPage) -> None:
    train_page.choose("Pace", SLOW)
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=5)
    train_page.zoom("loss", (1.5, 4.0))
    train_page.mark("loss")
    train_page.wait_until_drawn("loss", epoch=20)

    assert train_page.is_marked("loss")
    assert train_page.shown_range("loss") == pytest.approx([1.5, 4.0])


@pytest.mark.exhaustive
def test_a_run_that_ended_is_not_drawn_again_while_it_is_looked_at(train_page: TrainPage) -> None:
    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    ended = train_page.run_id
    train_page.choose("Pace", SLOW)
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=3)

    train_page.choose("Run", "1. ")
    train_page.wait_for_address(ended)
    train_page.wait_for_status(r"^Memorised")
    # The curves of both would go on growing.
    train_page.button("Show only this run").click()
    train_page.settle()
    before = train_page.chart("loss").get_attribute("data-drawn")
    train_page.page.wait_for_timeout(2_000)

    assert train_page.chart("loss").get_attribute("data-drawn") == before


def test_a_run_is_taken_away_as_a_script_and_as_the_trained_network(
    train_page: TrainPage,
) -> None:
    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    train_page.settle()
    page = train_page.page
    page.get_by_role("button", name="Take away").click()
    for name, ending, beginning in (
        ("Keras script", ".py", b'"""'),
        ("Trained network (.keras)", ".keras", b"PK"),
    ):
        with page.expect_download(timeout=PATIENCE) as download:
            page.get_by_role("button", name=name).first.click()
        assert download.value.suggested_filename == f"overfit-lab-{train_page.run_id}{ending}"
        assert Path(download.value.path()).read_bytes().startswith(beginning)
