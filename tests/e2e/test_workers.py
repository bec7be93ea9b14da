"""What happens to processes, in the real app: a worker that dies, the web process, the end."""

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.server import App, has_tensorflow, running_app
from tests.e2e.train_page import TrainPage


def test_a_killed_worker_leaves_the_reason_and_the_next_run_works(
    train_page: TrainPage, app: App
) -> None:
    (worker,) = app.wait_for_workers()
    train_page.choose("Pace", "10 epochs/s")
    train_page.train()
    train_page.wait_until_drawn("loss", epoch=2)

    worker.kill()

    train_page.wait_for_status(r"^Interrupted: .*worker")
    expect(train_page.button("Train")).to_be_enabled()
    train_page.choose("Pace", "As fast as it goes")
    train_page.train()
    train_page.wait_for_status(r"^Memorised at epoch \d+")


def test_the_web_process_has_no_tensorflow_after_a_run(train_page: TrainPage, app: App) -> None:
    train_page.train()
    train_page.wait_for_status(r"^Memorised")
    assert not has_tensorflow(app.process)
    assert app.wait_for_workers()


@pytest.mark.exhaustive
def test_closing_the_app_in_the_middle_of_a_run_leaves_no_process(browser: Browser) -> None:
    context = browser.new_context()
    with running_app(OVERFIT_WORKERS="1") as app:
        page = TrainPage(context.new_page()).open(app.url)
        page.choose("Pace", "10 epochs/s")
        page.train()
        page.wait_until_drawn("loss", epoch=1, seconds=60)
        children = app.process.children(recursive=True)
        assert children
        app.process.terminate()
        _, left = psutil.wait_procs([app.process, *children], timeout=60)
        assert not left
    context.close()
