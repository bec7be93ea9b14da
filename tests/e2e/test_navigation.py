"""The way to a page that is not the first one."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import running_app


@pytest.mark.exhaustive
@pytest.mark.parametrize("address", ["compare", "runs"])
def test_a_link_that_is_the_first_thing_opened_after_a_start_has_the_apps_own_navigation(
    page: Page, tmp_path: Path, address: str
) -> None:
    with running_app(tmp_path, OVERFIT_WORKERS="1") as app:
        page.goto(f"{app.url}/{address}")
        expect(page.get_by_role("heading", name=address.capitalize(), exact=True)).to_be_visible()
        expect(page.get_by_role("banner").get_by_role("link", name="Train")).to_be_visible()
        expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
        expect(page).to_have_title("Overfit Lab")


@pytest.mark.exhaustive
def test_such_a_link_keeps_what_it_says(page: Page, tmp_path: Path) -> None:
    with running_app(tmp_path, OVERFIT_WORKERS="1") as app:
        page.goto(f"{app.url}/compare?runs=no-such-run")
        expect(page.get_by_text("One of these runs is not here")).to_be_visible()
