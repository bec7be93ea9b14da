"""A race in the browser: started, watched, stopped, opened again by its link, its runs opened."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from overfit_core.racing.setup import ENTRANTS, RaceSetup
from tests.e2e.server import App
from tests.e2e.test_accessibility import DESK, PHONE, _serious
from tests.e2e.train_page import PATIENCE, SECONDS, TrainPage

OPTIMIZERS = (ENTRANTS["SGD"], ENTRANTS["Adam"], ENTRANTS["Lion"])
SMALL = RaceSetup(optimizers=OPTIMIZERS, rates=5, seeds=2, epochs=300)
# Long enough to be seen on its way: about a second for each of 36 runs.
LONG = SMALL.model_copy(update={"epochs": 60_000})
# Where on the screen the cell of the heat strip is that stands for an optimizer and a rate.
PLACE_OF_CELL = """
(node, [optimizer, rate]) => {
  const { xaxis, yaxis } = node._fullLayout;
  const box = node.getBoundingClientRect();
  const heat = node.data.find((trace) => trace.type === "heatmap");
  const row = heat.customdata.findIndex((cells) => cells[0][0] === optimizer);
  const column = heat.customdata[row].findIndex((cell) => cell[1] === rate);
  return [
    box.x + xaxis._offset + xaxis.d2p(heat.x[column]),
    box.y + yaxis._offset + yaxis.d2p(heat.y[row]),
  ];
}"""


class RacePage(TrainPage):
    """The Race page as a person sees it."""

    def open(self, url: str) -> "RacePage":
        self.page.goto(url)
        expect(self.button("Start race")).to_be_visible(timeout=PATIENCE)
        return self

    @property
    def done(self) -> int:
        """How many runs the page says are there."""
        said = self.page.locator(".st-key-progress").inner_text()
        found = re.search(r"([\d,]+) of [\d,]+ runs", said)
        return int(found[1].replace(",", "")) if found else 0

    def wait_for_runs(self, runs: int) -> None:
        self.page.wait_for_function(
            "(runs) => Number(/([\\d,]+) of/.exec(document.querySelector("
            "'.st-key-progress')?.innerText ?? '')?.[1] ?? 0) >= runs",
            arg=runs,
            timeout=PATIENCE,
        )

    def wait_until_over(self) -> None:
        self.wait_for_status("is first|None of them", seconds=PATIENCE / SECONDS)
        self.settle()


@pytest.fixture
def race_page(page: Page, app: App) -> Iterator[RacePage]:
    """The Race page, ready for a race of 3 optimizers, 5 learning rates and 2 seeds."""
    yield RacePage(page).open(f"{app.url}/race?setup={SMALL.link_code()}")
    app.stop_all_runs()


def test_a_race_is_started_watched_stopped_and_opened_by_its_link(
    page: Page, app: App, new_context: Callable[..., BrowserContext]
) -> None:
    race_page = RacePage(page).open(f"{app.url}/race?setup={LONG.link_code()}")
    told = "36 runs: 34 of 60,000 epochs and 2 of L-BFGS for comparison, about"
    expect(page.get_by_text(told)).to_be_visible()
    race_page.button("Start race").click()
    race_page.wait_for_address("race=")
    race_page.wait_for_runs(2)
    expect(race_page.chart("heat")).to_be_visible()
    race_page.chart("heat").evaluate("node => { node.marked = true; }")
    race_page.wait_for_runs(race_page.done + 1)
    assert race_page.chart("heat").evaluate("node => node.marked === true")
    race_page.button("Stop").click()
    race_page.wait_for_status(r"^Stopped: \d+ runs missing of 36")
    race_page.settle()
    there, said = race_page.done, race_page.status.inner_text()
    assert 3 <= there < 36

    stranger = RacePage(new_context().new_page()).open(page.url)
    expect(stranger.status).to_have_text(said)
    assert stranger.done == there
    expect(stranger.button("Stop")).to_be_disabled()
    expect(stranger.page.get_by_role("button", name=re.compile("what is missing"))).to_have_count(0)
    expect(stranger.page.get_by_role("spinbutton", name="Seeds")).to_have_value("2")
    stranger.settle()
    assert not race_page.errors
    assert not stranger.errors


@pytest.mark.exhaustive
def test_a_race_is_named_where_it_stands_and_the_name_goes_with_its_link(
    race_page: RacePage, new_context: Callable[..., BrowserContext]
) -> None:
    page, name = race_page.page, "Adam and its friends"
    race_page.button("Start race").click()
    race_page.wait_until_over()
    page.get_by_role("button", name="Name", exact=True).click()
    page.get_by_label("Name of the race").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    # The form has gone, so that nothing of the race is behind it.
    expect(page.get_by_label("Name of the race")).to_have_count(0)
    assert _serious(page) == []

    stranger = RacePage(new_context().new_page()).open(page.url)
    expect(stranger.page.get_by_role("heading", name=name)).to_be_visible()
    expect(stranger.page.get_by_role("button", name="Name", exact=True)).to_have_count(0)
    stranger.settle()
    assert not race_page.errors
    assert not stranger.errors


@pytest.mark.exhaustive
def test_a_click_on_a_cell_opens_its_runs_with_their_histories(race_page: RacePage) -> None:
    page = race_page.page
    race_page.button("Start race").click()
    race_page.wait_until_over()

    # The cell of Lion at 0.01, by what it stands for.
    place = race_page.chart("heat").evaluate(PLACE_OF_CELL, [2, 0.01])
    page.mouse.click(*place)
    chosen = page.locator(".st-key-open-runs")
    expect(chosen.get_by_role("combobox", name="Optimizer")).to_have_value("Lion")
    expect(chosen.get_by_role("combobox", name="Learning rate")).to_have_value("0.01")
    race_page.settle()
    race_page.button("Open on the Compare page").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.locator(".st-key-chart-compare-0 .live-chart[data-drawn]")).to_be_visible()
    race_page.settle()
    assert max(curve["x"][-1] for curve in race_page.curves("compare-0")) == 300
    runs = parse_qs(urlsplit(page.url).query)["runs"][0].split(",")
    assert len(runs) == len(set(runs)) == 2
    expect(page.locator(".st-key-fairness")).to_contain_text("ame batch")
    assert not race_page.errors


@pytest.mark.exhaustive
def test_one_run_of_a_race_is_opened_on_the_train_page(race_page: RacePage) -> None:
    page = race_page.page
    race_page.button("Start race").click()
    race_page.wait_until_over()
    race_page.choose("Seed", "Seed 1")
    race_page.settle()
    race_page.button("Open on the Train page").click()
    expect(page.get_by_role("heading", name="Train one batch")).to_be_visible()
    race_page.wait_for_address("run=")
    race_page.wait_until_drawn("loss", epoch=300)
    race_page.wait_for_status("emorised")
    assert not race_page.errors


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_race_page_can_be_used_by_everybody(
    app: App, new_context: Callable[..., BrowserContext], view: dict[str, int], scheme: str
) -> None:
    page = new_context(viewport=view, color_scheme=scheme).new_page()
    race_page = RacePage(page).open(f"{app.url}/race?setup={SMALL.link_code()}")
    race_page.button("Start race").click()
    race_page.wait_until_over()
    assert _serious(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= view["width"]
