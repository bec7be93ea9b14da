"""Several optimizers at once, the Compare and Runs pages, links and who may change a run."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.training.history import History
from tests.e2e.server import App, running_app
from tests.e2e.test_accessibility import DESK, PHONE, _serious
from tests.e2e.train_page import BOTH, PATIENCE, Both, TrainPage, open_compare, train_both

ROW_HEIGHT = 35


def row(page: Page, number: int) -> tuple[Locator, dict[str, float]]:
    """The table of runs, and where the box of a row is, the first row being 1."""
    table = page.get_by_test_id("stDataFrame").first
    return table, {"x": 16, "y": ROW_HEIGHT * number + ROW_HEIGHT / 2}


def pick(page: Page, number: int) -> None:
    table, place = row(page, number)
    expect(table).to_be_visible()
    table.click(position=place)


def test_two_optimizers_start_from_the_same_weights_and_share_their_charts(
    page: Page, app: App
) -> None:
    train_page = TrainPage(page).open(app.url + BOTH)
    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    train_page.settle()

    curves = train_page.chart("loss").evaluate(
        "node => node.calcdata.map((curve) => [curve[0].trace.name, curve[0].y])"
    )
    (adam, first), (sgd, also_first) = curves
    assert (adam, sgd) == ("Adam 0.001", "SGD 0.01")
    assert first == also_first
    expect(page.locator(".st-key-fairness")).to_contain_text("Same batch, same initial weights")


def test_a_link_shows_the_same_comparison_in_another_browser(
    compared: TrainPage, new_context: Callable[..., BrowserContext]
) -> None:
    page = compared.page
    compared.choose("Target", "Loss")
    compared.settle()
    compared.type_in("Value of the target", "0.3")
    page.get_by_text("Seconds", exact=True).click()
    page.locator(".st-key-compare-log_x label").first.click()
    compared.choose("Baseline", "SGD 0.01")
    compared.wait_for_address("base=2")
    compared.settle()

    def shown(page: Page) -> object:
        return page.locator(".st-key-chart-compare-0 .live-chart").evaluate(
            "node => [node.layout.xaxis.type, node.layout.yaxis.type, node.layout.shapes[0].y0,"
            " node.layout.xaxis.title.text, node.data.map((trace) => trace.name)]"
        )

    other = open_compare(new_context().new_page(), page.url)
    TrainPage(other).settle()
    assert shown(other) == shown(page)
    axis, _, target, over, _ = shown(other)
    assert (axis, target) == ("log", 0.3)
    assert over.startswith("Training time, seconds")
    expect(other.get_by_role("combobox", name="Baseline")).to_have_value("SGD 0.01")


def test_a_second_visitor_can_look_but_neither_rename_nor_delete(
    compared: TrainPage, new_context: Callable[..., BrowserContext], app: App
) -> None:
    page = compared.page
    page.get_by_text("Name, colour, tags and notes").click()
    expect(page.get_by_label("Name", exact=True)).to_be_visible()

    stranger = open_compare(new_context().new_page(), page.url)
    stranger.get_by_text("Name, colour, tags and notes").click()
    expect(stranger.get_by_text("Somebody else made this run")).to_be_visible()
    expect(stranger.get_by_label("Name", exact=True)).to_have_count(0)
    stranger.goto(f"{app.url}/runs")
    expect(stranger.get_by_role("heading", name="No runs yet")).to_be_visible(timeout=PATIENCE)


@pytest.mark.exhaustive
def test_runs_are_found_named_deleted_and_brought_back(page: Page, app: App) -> None:
    # Runs of its own: they get other names here.
    compared = train_both(page, app.url)
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    compared.settle()
    pick(page, 1)
    page.get_by_label("Name", exact=True).fill("The <b>slow</b> one")
    page.get_by_role("button", name=re.compile("Save$")).click()
    compared.settle()
    page.get_by_role("textbox", name="Search").fill("slow")
    page.get_by_role("textbox", name="Search").press("Enter")
    compared.settle()
    # A full page of its own: names are kept by the store, and the visitor by a cookie.
    page.reload()
    expect(page.get_by_text("of yours")).to_be_visible(timeout=PATIENCE)
    compared.settle()
    said = page.get_by_text(re.compile(r"(\d+) runs? of yours")).inner_text()
    runs = int(re.search(r"(\d+) runs? of yours", said)[1])

    pick(page, 1)
    compared.button("Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 run deleted.")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"\b{runs - 1} runs? of yours"))).to_be_visible()
    compared.button("Undo").click()
    expect(page.get_by_text(re.compile(rf"\b{runs} runs? of yours"))).to_be_visible()


@pytest.mark.exhaustive
def test_the_link_can_be_copied_and_is_a_qr_code(
    page: Page, app: App, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    train_page = TrainPage(context.new_page()).open(app.url + BOTH)
    train_page.button("Share").click()
    dialog = train_page.page.get_by_role("dialog")
    expect(dialog.locator("img")).to_be_visible()
    dialog.get_by_role("button", name="Copy the link").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    copied = train_page.page.evaluate("navigator.clipboard.readText()")
    assert copied == train_page.page.url.replace("%2C", ",")


@pytest.mark.exhaustive
def test_the_link_stays_open_while_the_run_ends_beneath_it(train_page: TrainPage) -> None:
    page = train_page.page
    train_page.choose("Pace", "100 epochs/s")
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=50)
    train_page.button("Share").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("img")).to_be_visible()
    expect(page.locator(".st-key-take-away")).to_be_attached(timeout=PATIENCE)
    train_page.settle()
    expect(dialog.locator("img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    train_page.settle()
    expect(dialog).to_have_count(0)
    train_page.button("Share").click()
    expect(dialog.locator("img")).to_be_visible()


@pytest.mark.exhaustive
def test_in_a_frame_the_charts_stand_alone(compared: TrainPage) -> None:
    page = compared.page
    open_compare(page, f"{page.url}&embed=true")
    compared.settle()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_have_count(0)
    expect(page.get_by_role("combobox")).to_have_count(0)
    expect(page.get_by_role("link", name="Runs")).to_have_count(0)
    expect(page.locator(".live-chart")).to_have_count(2)


def test_hovering_one_chart_shows_the_values_of_the_other(compared: TrainPage) -> None:
    page = compared.page
    page.locator(".st-key-chart-compare-0 .live-chart").hover(position={"x": 500, "y": 150})
    other = page.locator(".st-key-chart-compare-1 .live-chart .hoverlayer")
    expect(other.get_by_text(re.compile(r"Epoch \d+"))).to_be_visible()


@pytest.mark.exhaustive
def test_the_legend_of_many_runs_hides_an_optimizer_and_explains_the_dashes(
    page: Page, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    runs = [(name, rate) for name in ("Adam", "SGD", "Lion") for rate in np.geomspace(1e-4, 1, 7)]
    ids = [
        store.create_run(RunSpec.load({"optimizer": {"name": name, "learning_rate": float(rate)}}))
        for name, rate in runs
    ]
    for run_id in ids:
        store.claim(run_id, "test")
        store.begin(run_id, batch_hash="b" * 64, weights_hash="a" * 64, worker="test")
        store.append(run_id, History({"loss": np.array([3.0, 2.0, 1.0])}), worker="test")
        store.finish(run_id, "finished", worker="test")
    store.close()
    with running_app(tmp_path) as app:
        page.goto(f"{app.url}/compare?runs={','.join(ids)}")
        chart = page.locator(".st-key-chart-compare-0 .live-chart")
        entries = chart.locator(".legend .traces")
        curves = chart.locator(".scatterlayer .trace .js-line")
        expect(curves).to_have_count(21, timeout=PATIENCE)
        expect(entries).to_have_text(["Adam", "SGD", "Lion", *[re.compile("^rate ")] * 7])
        entries.filter(has_text=re.compile("^SGD$")).locator(".legendtoggle").click()
        expect(curves).to_have_count(14)
        entries.filter(has_text="rate 0.01").locator(".legendtoggle").dblclick()
        entries.filter(has_text=re.compile("^SGD$")).locator(".legendtoggle").click()
        expect(curves).to_have_count(21)


@pytest.mark.exhaustive
def test_the_buttons_of_a_chart_are_as_wide_as_a_finger_where_there_is_one(
    new_context: Callable[..., BrowserContext], both: Both
) -> None:
    touched = new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = open_compare(touched.new_page(), both.url)
    buttons = page.locator(".st-key-chart-compare-0 .modebar-btn")
    expect(buttons).to_have_count(2)
    for button in buttons.all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 32


@pytest.mark.exhaustive
def test_picks_on_the_runs_page_outlast_a_search_and_are_taken_away_at_once(
    new_context: Callable[..., BrowserContext], app: App, both: Both
) -> None:
    page = new_context(storage_state=both.visitor).new_page()
    page.goto(f"{app.url}/runs")
    expect(page.get_by_text("of yours")).to_be_visible(timeout=PATIENCE)
    runs = TrainPage(page)
    runs.settle()
    pick(page, 1)
    expect(page.get_by_text("1 run picked")).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("no such run")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page.get_by_text("1 run picked, 1 not in this list")).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page.get_by_text("1 run picked", exact=True)).to_be_visible()
    runs.settle()
    pick(page, 2)
    expect(page.get_by_text("2 runs picked", exact=True)).to_be_visible()
    runs.button("Pick none").click()
    expect(page.get_by_text("Pick rows at their left edge.")).to_be_visible()
    runs.settle()
    # The browser has forgotten them too: a new pick is the only one.
    pick(page, 2)
    expect(page.get_by_text("1 run picked", exact=True)).to_be_visible()


@pytest.mark.exhaustive
def test_a_run_that_is_opened_leaves_what_was_typed(
    new_context: Callable[..., BrowserContext], app: App, both: Both
) -> None:
    person = new_context(storage_state=both.visitor)
    train_page = TrainPage(person.new_page()).open(app.url)
    page = train_page.page
    page.get_by_role("tab", name="Training").click()
    train_page.type_in("Epochs", "77")
    train_page.wait_for_address("spec=")
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_text("of yours")).to_be_visible()
    train_page.settle()
    pick(page, 1)
    expect(page.get_by_text("1 run picked")).to_be_visible()
    page.locator(".st-key-open-run").get_by_role("button").click()
    train_page.wait_for_status("emorised")
    page.get_by_role("tab", name="Training").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("77")
    train_page.button("Take this run's settings").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("500")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", PHONE), ("dark", DESK)], ids=["light-phone", "dark-desk"]
)
def test_axe_finds_nothing_serious_on_compare_and_runs(
    new_context: Callable[..., BrowserContext],
    app: App,
    both: Both,
    theme: str,
    viewport: dict[str, int],
) -> None:
    look = {"color_scheme": theme, "viewport": viewport, "storage_state": both.visitor}
    page = open_compare(new_context(**look).new_page(), both.url)
    train_page = TrainPage(page)
    expect(page.locator(".st-key-chart-compare-1 .live-chart")).to_be_visible()
    train_page.settle()
    assert not _serious(page)
    page.goto(f"{app.url}/runs")
    expect(page.get_by_text("of yours")).to_be_visible(timeout=PATIENCE)
    train_page.settle()
    pick(page, 1)
    train_page.settle()
    assert not _serious(page)
