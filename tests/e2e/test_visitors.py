"""Who made a run: what the browser keeps, seen by several of its tabs."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.e2e.server import App
from tests.e2e.train_page import TrainPage


def test_two_tabs_that_are_opened_at_once_are_one_visitor(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    person = new_context()
    tabs = [TrainPage(person.new_page()) for _ in range(2)]
    for tab in tabs:
        tab.page.goto(app.url, wait_until="commit")
    for tab in tabs:
        expect(tab.button("Train")).to_be_visible()
        tab.settle()
    for tab in tabs:
        tab.train()
        tab.wait_for_status("emorised")
    page = person.new_page()
    for tab in tabs:
        page.goto(f"{app.url}/compare?runs={tab.run_id}")
        page.get_by_text("Name, colour, tags and notes").click()
        # Only who made a run gets the form.
        expect(page.get_by_role("button", name="Save")).to_be_visible()
    page = new_context().new_page()
    page.goto(f"{app.url}/compare?runs={tabs[0].run_id}")
    page.get_by_text("Name, colour, tags and notes").click()
    expect(page.get_by_text("Somebody else made this run")).to_be_visible()
