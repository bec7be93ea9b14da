"""The real app and a real browser, started once for all tests in this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.browser import launch
from tests.e2e.server import App, running_app
from tests.e2e.train_page import Both, TrainPage, open_compare, train_both

HERE = Path(__file__).parent
# Patience for a machine that is busy; what must be quick is measured by benchmarks/page.py.
expect.set_options(timeout=30_000)


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: they are slow, and Playwright's event loop stays in the main thread."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")
            # Several waits of a patient test may come together on a busy machine.
            item.add_marker(pytest.mark.timeout(300))
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def app() -> Iterator[App]:
    """The app with one worker that is ready to train."""
    # Two browsers and their apps share the machine: a search has the time that it needs alone.
    with running_app(OVERFIT_WORKERS="1", OVERFIT_CHECK_SECONDS="100") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a person of their own: no cookies, no storage."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        )
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """An empty page. What the browser itself complains about fails the test."""
    return new_context().new_page()


@pytest.fixture
def train_page(page: Page, app: App) -> Iterator[TrainPage]:
    """The Train page as a newcomer finds it."""
    yield TrainPage(page).open(app.url)
    app.stop_all_runs()


@pytest.fixture(scope="session")
def both(browser: Browser, app: App) -> Both:
    """Adam and SGD, trained once; whoever looks at them leaves them as they are."""
    context = browser.new_context()
    # The first page that is opened starts the workers.
    page = TrainPage(context.new_page()).open(app.url).page
    app.wait_for_workers()
    train_both(page, app.url)
    made = Both(page.url, context.storage_state())
    context.close()
    return made


@pytest.fixture
def compared(new_context: Callable[..., BrowserContext], both: Both) -> TrainPage:
    """The Compare page with Adam and SGD, as the person sees it who trained them."""
    page = open_compare(new_context(storage_state=both.visitor).new_page(), both.url)
    expect(page.locator(".st-key-chart-compare-1 .live-chart")).to_be_visible()
    train_page = TrainPage(page)
    train_page.settle()
    return train_page
