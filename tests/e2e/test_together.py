"""Runs that go on together: watched on the Compare page, twelve at once, and their pictures."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from overfit_core.optimizers import OPTIMIZERS
from overfit_core.spec import MAX_GROUP
from tests.e2e.server import App
from tests.e2e.train_page import BOTH, CURVES, PATIENCE, TrainPage

# Adam is there already; Adafactor's first steps take a ReLU net out of the numbers.
OTHERS = [
    optimizer.label for name, optimizer in OPTIMIZERS.items() if name not in ("Adam", "Adafactor")
]
EPOCHS = 20


def last_epochs(train_page: TrainPage, chart: str) -> list[int]:
    """The last epoch of each curve that a chart shows."""
    return [max(curve["x"]) for curve in train_page.curves(chart)]


class TimerBehind:
    """Sends the last message of a page's timer again and again, right behind that of a click.

    So it goes where the browser is slow, or the server: the timer comes before the browser has
    heard what the click does.

    Attributes:
        armed: Whether the next click is followed by it.
        sent: How often it was sent: with each of the first answers of the server.
    """

    ANSWERS = 20

    def __init__(self, page: Page) -> None:
        self.armed, self.sent = False, 0
        self._left, self._last = 0, b""
        page.route_web_socket(re.compile("/_stcore/stream"), self._between)

    def _between(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            server.send(message)
            assert isinstance(message, bytes), "Streamlit's messages are protocol buffers"
            asked = BackMsg.FromString(message).rerun_script
            if asked.is_auto_rerun:
                self._last = message
            elif self.armed and any(w.trigger_value for w in asked.widget_states.widgets):
                self.armed, self._left = False, self.ANSWERS

        def answer(message: str | bytes) -> None:
            browser.send(message)
            if self._left:
                server.send(self._last)
                self._left, self.sent = self._left - 1, self.sent + 1

        browser.on_message(pass_on)
        server.on_message(answer)


@pytest.mark.exhaustive
def test_curves_grow_on_the_compare_page_until_their_runs_end(
    train_page: TrainPage, app: App
) -> None:
    page = train_page.open(app.url + BOTH).page
    train_page.choose("Pace", "10 epochs/s")
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=2)
    page.get_by_role("button", name="Open on the Compare page").click()

    train_page.wait_until_drawn("compare-0", epoch=3)
    first = last_epochs(train_page, "compare-0")
    train_page.mark("compare-0")
    train_page.wait_until_drawn("compare-0", epoch=max(first) + 5)
    then = last_epochs(train_page, "compare-0")
    assert len(first) == len(then) == 2
    assert all(before < after for before, after in zip(first, then, strict=True))
    assert train_page.is_marked("compare-0")

    app.stop_all_runs()
    ended = app.wait_for_ends(2)
    expect(page.get_by_text("Settings that differ")).to_be_visible()
    page.wait_for_function(
        f"ends => JSON.stringify(({CURVES})(document.querySelector("
        "'.st-key-chart-compare-0 .live-chart')).map(({ x }) => Math.max(...x))) === ends",
        arg=str(ended).replace(" ", ""),
    )
    assert not train_page.errors


@pytest.mark.exhaustive
def test_a_timer_sent_while_its_page_is_left_does_not_clear_the_next_page(
    train_page: TrainPage, app: App
) -> None:
    page = train_page.page
    timer = TimerBehind(page)
    train_page.open(app.url + BOTH)
    train_page.choose("Pace", "10 epochs/s")
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=2)
    timer.armed = True
    page.get_by_role("button", name="Open on the Compare page").click()

    train_page.wait_until_drawn("compare-0", epoch=3)
    seen = max(last_epochs(train_page, "compare-0"))
    train_page.wait_until_drawn("compare-0", epoch=seen + 20)
    assert timer.sent == timer.ANSWERS
    assert not train_page.errors


@pytest.mark.exhaustive
def test_twelve_optimizers_of_the_table_train_at_once(train_page: TrainPage) -> None:
    page = train_page.page
    page.get_by_role("tab", name="Training").click()
    train_page.type_in("Epochs", str(EPOCHS))
    page.get_by_role("tab", name="Optimizer").click()
    for place, label in enumerate(OTHERS[: MAX_GROUP - 1], 2):
        train_page.choose("Add an optimizer", label, typed=True)
        expect(page.get_by_role("combobox", name=f"Name of optimizer {place}")).to_be_visible()

    train_page.train()
    train_page.wait_for_status(r"emorised", seconds=90)
    train_page.settle()

    assert last_epochs(train_page, "loss") == [EPOCHS] * MAX_GROUP
    assert len({curve["name"] for curve in train_page.curves("loss")}) == MAX_GROUP
    assert not train_page.errors


@pytest.mark.exhaustive
@pytest.mark.parametrize(("kind", "beginning"), [("PNG", b"\x89PNG\r\n"), ("SVG", b"<svg ")])
def test_a_chart_is_downloaded_as_a_picture(
    compared: TrainPage, kind: str, beginning: bytes
) -> None:
    chart = compared.chart("compare-0")
    chart.hover()
    with compared.page.expect_download(timeout=PATIENCE) as download:
        chart.locator(f"[data-title='Download as {kind}']").click()
    assert download.value.suggested_filename == f"overfit-lab-loss.{kind.lower()}"
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(beginning)
    assert len(data) > 5_000
