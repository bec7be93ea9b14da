"""Nothing serious or critical for axe, in either theme, at a desk and on a phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.e2e.server import App
from tests.e2e.train_page import TrainPage

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
TABS = ("Model", "Optimizer", "Training", "Batch")


def _serious(page: Page) -> list[str]:
    """What axe objects to, each with the element that it means."""
    return [
        f"{violation['impact']}: {violation['help']}: {node['html']}: {node['failureSummary']}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.few(1)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious_before_and_after_a_run(
    new_context: Callable[..., BrowserContext], app: App, theme: str, viewport: dict[str, int]
) -> None:
    context = new_context(color_scheme=theme, viewport=viewport)
    train_page = TrainPage(context.new_page()).open(app.url)
    for tab in TABS:
        train_page.page.get_by_role("tab", name=tab).click()
        train_page.settle()
        assert not _serious(train_page.page), tab

    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    train_page.wait_until_drawn("loss", epoch=100)
    train_page.settle()
    assert not _serious(train_page.page)


@pytest.mark.exhaustive
def test_axe_finds_nothing_serious_where_settings_are_wrong(
    new_context: Callable[..., BrowserContext], app: App, theme: str
) -> None:
    train_page = TrainPage(new_context(color_scheme=theme).new_page()).open(app.url)
    train_page.page.get_by_role("tab", name="Model").click()
    train_page.type_in("Units of layer 2", "-3")
    train_page.page.locator(".st-key-layers .wrong").wait_for()
    train_page.settle()
    assert not _serious(train_page.page)


@pytest.mark.exhaustive
def test_the_two_themes_look_different(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    backgrounds = [
        TrainPage(new_context(color_scheme=theme).new_page())
        .open(app.url)
        .page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        for theme in ("light", "dark")
    ]
    assert backgrounds[0] != backgrounds[1]
