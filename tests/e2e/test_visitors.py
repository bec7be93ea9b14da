"""Who made a run: what the browser keeps, seen by several of its tabs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from overfit_core.visitors import COOKIE
from tests.e2e.server import App, running_app
from tests.e2e.train_page import TrainPage


@pytest.mark.exhaustive
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
        assert_is_mine(page)
    page = new_context().new_page()
    page.goto(f"{app.url}/compare?runs={tabs[0].run_id}")
    page.get_by_text("Name, colour, tags and notes").click()
    expect(page.get_by_text("Somebody else made this run")).to_be_visible()


@pytest.mark.exhaustive
def test_two_installations_on_one_host_keep_their_visitors_apart(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    person = new_context()
    here = train_once(TrainPage(person.new_page()), app)
    with running_app(OVERFIT_WORKERS="1") as other:
        there = TrainPage(person.new_page()).open(other.url)
        there.settle()
        page = person.new_page()
        page.goto(f"{app.url}/compare?runs={here}")
        assert_is_mine(page)
        names = {cookie["name"] for cookie in person.cookies()}
        assert len({name for name in names if name.startswith(COOKIE)}) == 2


@pytest.mark.exhaustive
def test_a_visitor_of_before_stays_the_same(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    """Once a cookie had one name for all installations."""
    person = new_context()
    mine = train_once(TrainPage(person.new_page()), app)
    (cookie,) = [one for one in person.cookies() if one["name"].startswith(COOKIE)]
    returning = new_context()
    returning.add_cookies([{**cookie, "name": COOKIE}])
    page = returning.new_page()
    page.goto(f"{app.url}/compare?runs={mine}")
    assert_is_mine(page)
    kept = f"{cookie['name']}={cookie['value']}"
    page.wait_for_function("kept => document.cookie.includes(kept)", arg=kept)


def train_once(tab: TrainPage, app: App) -> str:
    """Train what the page offers, and return the run's id."""
    tab.open(app.url).settle()
    tab.train()
    tab.wait_for_status("emorised")
    return tab.run_id


def assert_is_mine(page: Page) -> None:
    """See that the page of a run offers the form that only who made it gets."""
    page.get_by_text("Name, colour, tags and notes").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
