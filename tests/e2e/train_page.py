"""The Train page as a person sees it: its fields, its buttons, and what it says."""

import re
import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, StorageState, TimeoutError, expect

SECONDS = 1000.0
# A worker that starts imports TensorFlow, on a busy machine for a while.
PATIENCE = 90 * SECONDS
# How long to try to take an option of a list.
LIST_SECONDS = 30
# The address of two optimizers on one batch.
BOTH = "/?preset=adam-against-sgd"
# Name and epochs of each line in a chart; one that is only about to be drawn has none yet.
CURVES = (
    "node => (node?.calcdata ?? []).filter(([{ trace }]) => trace.mode.includes('lines')).map("
    "(curve) => ({ name: curve[0].trace.name, x: curve.map((point) => point.x) }))"
)
STATUS = "[class*='st-key-status'] .status-line"


class TrainPage:
    """Finds things by what they are called, not by how they are built."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> Self:
        """Go there, and wait until the page can be used."""
        self.page.goto(url)
        expect(self.button("Train")).to_be_visible(timeout=PATIENCE)
        return self

    def reload(self) -> Self:
        return self.open(self.page.url)

    def button(self, name: str) -> Locator:
        """A button of the page; Streamlit's own header has a Stop while a script runs."""
        main = self.page.get_by_role("main")
        return main.get_by_role("button", name=re.compile(rf"\b{name}$"))

    @property
    def status(self) -> Locator:
        """The one plain sentence; while a page is drawn anew, the old one stands there too."""
        return self.page.locator(STATUS).last

    @property
    def run_id(self) -> str:
        """The run of the address, which follows what the page shows."""
        self.wait_for_address("run=")
        return parse_qs(urlsplit(self.page.url).query)["run"][0]

    def chart(self, name: str) -> Locator:
        """The chart that is kept and updated in place: `loss`, `accuracy`, `learning-rate`."""
        return self.page.locator(f".st-key-chart-{name} .live-chart")

    def curves(self, name: str) -> list[dict[str, Any]]:
        """Name and epochs of each line in a chart."""
        chart = self.chart(name)
        # While a page is drawn anew, the old chart stands beside the new one for a moment.
        expect(chart).to_have_count(1)
        return list(chart.evaluate(CURVES))

    def choose(self, field: str, option: str, *, typed: bool = False) -> None:
        """Take an option of a list, which closes when the page scrolls: then once more.

        Args:
            field: Name of the list.
            option: What the option's name holds; all of it where it is typed.
            typed: Whether to look for it by typing: of a long list, only a part is in the page.
        """
        box = self.page.get_by_role("combobox", name=field, exact=True)
        wanted = self.page.get_by_role("option", name=option, exact=typed)
        deadline = time.monotonic() + LIST_SECONDS
        while True:
            # First, and not with the click: the browser tells of it a moment later.
            box.scroll_into_view_if_needed()
            box.click()
            if typed:
                box.fill(option)
            try:
                wanted.click(timeout=2 * SECONDS)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def type_in(self, field: str, value: str) -> None:
        """Write into a field, as a person does who goes on with the next one."""
        box = self.page.get_by_label(field, exact=True)
        box.fill(value)
        box.press("Tab")

    def train(self) -> None:
        self.button("Train").click()

    def wait_for_status(self, said: str, seconds: float = 60) -> None:
        expect(self.status).to_have_text(re.compile(said), timeout=seconds * SECONDS)
        expect(self.page.locator(STATUS)).to_have_count(1)

    def wait_until_drawn(self, name: str, epoch: int = 1, seconds: float = 30) -> None:
        """Wait until the chart shows this epoch."""
        self.page.wait_for_function(
            "([name, epoch]) => Number(document.querySelector("
            "`.st-key-chart-${name} .live-chart`)?.dataset.epoch ?? 0) >= epoch",
            arg=[name, epoch],
            timeout=seconds * SECONDS,
        )

    def wait_for_address(self, part: str, seconds: float = 30) -> None:
        self.page.wait_for_url(lambda url: part in url, timeout=seconds * SECONDS)

    def settle(self, seconds: float = 30) -> None:
        """Wait until the script has run and what it drew has faded in."""
        self.page.locator("[data-test-script-state='notRunning']").wait_for(
            state="attached", timeout=seconds * SECONDS
        )
        # What is about to be taken away is paler.
        self.page.wait_for_function("() => !document.querySelector('[data-stale=true]')")
        self.page.wait_for_timeout(0.4 * SECONDS)

    def layer_row(self, number: int) -> Locator:
        """A row of the table of layers, the first one being 1."""
        return self.page.locator("[class*='st-key-layer-row-']").nth(number - 1)

    def epoch(self) -> int:
        """The epoch that the progress names; 0 before there is one."""
        found = re.search(r"epoch ([\d,]+) of", self.page.locator(".st-key-progress").inner_text())
        return int(found[1].replace(",", "")) if found else 0

    def settled_epoch(self) -> int:
        """The epoch at which a paused run stands: the same at two looks, a second apart."""
        before, epoch = -1, self.epoch()
        while epoch != before:
            self.page.wait_for_timeout(1 * SECONDS)
            before, epoch = epoch, self.epoch()
        return epoch

    def wait_for_epoch(self, epoch: int, seconds: float = 30) -> None:
        said = re.compile(rf"epoch {epoch:,} of")
        expect(self.page.locator(".st-key-progress")).to_contain_text(
            said, timeout=seconds * SECONDS
        )

    def zoom(self, name: str, epochs: tuple[float, float]) -> None:
        """Zoom the epoch axis as dragging does."""
        self.chart(name).evaluate(
            "(node, range) => window.Plotly.relayout(node, {'xaxis.range': range})", list(epochs)
        )

    def shown_range(self, name: str) -> list[float]:
        """First and last epoch on the axis."""
        return list(self.chart(name).evaluate("node => node.layout.xaxis.range"))

    def is_zoomed(self, name: str) -> bool:
        """Whether the epoch axis is a person's choice and no longer follows the run."""
        return not self.chart(name).evaluate("node => node.layout.xaxis.autorange")

    def mark(self, name: str) -> None:
        """Put a mark on the chart's node, which a node in its place would not have."""
        self.chart(name).evaluate("node => { node.marked = true; }")

    def is_marked(self, name: str) -> bool:
        return bool(self.chart(name).evaluate("node => node.marked === true"))


@dataclass(frozen=True)
class Both:
    """Adam and SGD, trained together: the address of their comparison, and who made them."""

    url: str
    visitor: StorageState


def train_both(page: Page, url: str) -> TrainPage:
    """Train Adam and SGD together in the app at this address; open them on the Compare page."""
    train_page = TrainPage(page).open(url + BOTH)
    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    train_page.settle()
    page.get_by_role("button", name="Open on the Compare page").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.locator(".st-key-chart-compare-1 .live-chart")).to_be_visible()
    train_page.settle()
    return train_page


def open_compare(page: Page, url: str) -> Page:
    """Open a comparison and wait until it is drawn."""
    page.goto(url)
    drawn = page.locator(".st-key-chart-compare-0 .live-chart[data-drawn]")
    expect(drawn).to_be_visible(timeout=PATIENCE)
    return page
