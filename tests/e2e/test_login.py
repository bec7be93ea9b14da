"""With a login configured, a person's runs are theirs in every browser."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.server import App, free_port, running_app
from tests.e2e.train_page import PATIENCE, TrainPage

SECRETS = """
[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "only for this test"
client_id = "overfit-lab"
client_secret = "only for this test"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@contextmanager
def provider() -> Iterator[str]:
    """A provider in a process of its own: what it warns of is not ours to mend."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    where = f"http://localhost:{port}"
    try:
        wait_until_it_answers(f"{where}/.well-known/openid-configuration")
        yield where
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app behind a login at a provider of our own."""
    folder, port = tmp_path_factory.mktemp("login"), free_port()
    secrets = Path(folder) / "secrets.toml"
    with provider() as where:
        secrets.write_text(SECRETS.format(port=port, provider=where))
        with running_app(
            port=port, OVERFIT_WORKERS="1", STREAMLIT_SECRETS_FILES=str(secrets)
        ) as app:
            yield app


def logged_in(app: App, context: BrowserContext, name: str) -> Page:
    page = context.new_page()
    # The provider sends back to the address that is configured, and cookies belong to it.
    page.goto(app.url.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Log in").click(timeout=PATIENCE)
    page.locator("input[name=sub]").fill(name)
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible(timeout=PATIENCE)
    return page


@pytest.mark.exhaustive
def test_whoever_logs_in_finds_their_runs_in_another_browser_and_nobody_else_does(
    guarded: App, new_context: Callable[..., BrowserContext]
) -> None:
    mine = TrainPage(logged_in(guarded, new_context(), "ada@example.org"))
    mine.train()
    mine.wait_for_status(r"^Memorised at epoch")
    runs = f"{mine.page.url.partition('?')[0]}runs"

    elsewhere = logged_in(guarded, new_context(), "ada@example.org")
    elsewhere.goto(runs)
    expect(elsewhere.get_by_text("1 run of yours")).to_be_visible(timeout=PATIENCE)

    other = logged_in(guarded, new_context(), "bob@example.org")
    other.goto(runs)
    expect(other.get_by_role("heading", name="No runs yet")).to_be_visible(timeout=PATIENCE)

    mine.page.get_by_role("button", name="Log out").click()
    mine.page.get_by_role("button", name="End session").click(timeout=PATIENCE)
    expect(mine.page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENCE)
