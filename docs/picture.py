"""Takes the picture of the Train page that the README shows: ``python -m docs.picture``."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.browser import launch
from tests.e2e.server import running_app
from tests.e2e.train_page import TrainPage

PICTURE = Path(__file__).with_name("train.png")


def main() -> None:
    """Train the second example, and take the picture when its curves are drawn."""
    with sync_playwright() as playwright, running_app(OVERFIT_WORKERS="1") as app:
        browser = launch(playwright)
        context = browser.new_context(
            viewport={"width": 1280, "height": 975}, device_scale_factor=1.5, color_scheme="light"
        )
        page = TrainPage(context.new_page()).open(app.url)
        app.wait_until_warm()
        page.page.get_by_role("tab", name="Model").click()
        page.train()
        page.wait_for_status("^Memorised")
        page.wait_until_drawn("learning-rate", epoch=500)
        # Nothing is pointed at: a tooltip would stand in the picture.
        page.page.mouse.move(0, 0)
        page.settle(seconds=30)
        page.page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE.relative_to(Path.cwd())}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
