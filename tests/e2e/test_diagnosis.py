"""From a run that fails to its cause, to a change that mends it, and to the lesson in it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from overfit_core import RunSpec
from tests.e2e.server import App
from tests.e2e.train_page import PATIENCE, TrainPage

HOPELESS = RunSpec.load(
    {
        "batch": {"source": "xor"},
        "model": {"layers": [{"kind": "dense", "units": 1, "activation": "tanh"}]},
        "optimizer": {"name": "SGD", "learning_rate": 1e-6},
        "training": {"epochs": 50_000},
    }
)
MEMORISED = re.compile(r"^Memorised at epoch [\d,]+")


def search_says(page: Page, text: str) -> None:
    """Wait until the search for the cause is over, and has come to this."""
    said = page.locator("[class*='st-key-search'] .status-line").first
    expect(said).to_contain_text(text, timeout=PATIENCE)


def begin_a_long_search(train_page: TrainPage) -> Locator:
    """Train what no change mends in a moment; returns the button that stops the search."""
    url = train_page.page.url.partition("?")[0]
    train_page.open(f"{url}?spec={HOPELESS.link_code()}")
    train_page.train()
    stop = train_page.page.locator(".st-key-stop-search").get_by_role("button")
    expect(stop).to_be_visible(timeout=PATIENCE)
    return stop


def test_article_3_is_trained_explained_mended_and_memorises(train_page: TrainPage) -> None:
    page = train_page.page
    # At once: what is trained is what was chosen, also where the browser shows it a moment later.
    train_page.choose("Preset", "Article, example 3:")
    train_page.train()
    train_page.wait_for_status(r"^Not memorised after 500 epochs")
    expect(page.locator(".st-key-verdict .verdict")).to_contain_text("Still descending")
    search_says(page, "A change was found that memorises the batch")
    expect(page.get_by_role("heading", name="Why: The learning rate is too low")).to_be_visible()
    # While the page is drawn anew at the end of the search, the old list stands there for a moment.
    on_all_seeds = re.compile(r"memorised at epoch [\d,]+ on 3 of 3 seeds")
    fix = page.locator(".st-key-fix-0").filter(has_text=on_all_seeds)
    expect(fix).to_have_count(1)
    train_page.settle()
    failed = train_page.run_id

    fix.get_by_role("button", name="Apply and train").click()

    expect(train_page.status).to_have_text(MEMORISED, timeout=PATIENCE)
    assert train_page.run_id != failed
    train_page.wait_until_drawn("loss", epoch=500)
    assert len(train_page.curves("loss")) == 2
    assert not train_page.errors


@pytest.mark.exhaustive
def test_a_search_is_stopped_and_the_page_reloaded_in_its_middle(train_page: TrainPage) -> None:
    page = train_page.page
    stop = begin_a_long_search(train_page)
    train_page.reload()
    expect(stop).to_be_visible(timeout=PATIENCE)
    stop.click()
    search_says(page, "The search was stopped.")
    expect(page.locator(".st-key-ask-search")).to_be_visible()


@pytest.mark.exhaustive
def test_a_broken_run_trains_beside_a_healthy_one(page: Page, app: App) -> None:
    page.goto(f"{app.url}/learn?lesson=break&fault=zero-weights")
    page.get_by_role("button", name="Train both").click()
    expect(page.get_by_role("heading", name="Why: The weights start")).to_be_visible(
        timeout=PATIENCE
    )
    expect(page.locator(".status-line").first).to_contain_text("Healthy: Memorised at epoch")
    mended = page.locator(".st-key-fix-0").filter(has_text="memorised at epoch")
    expect(mended).to_have_count(1, timeout=PATIENCE)
    TrainPage(page).settle()
    mended.get_by_role("button", name="Apply and train").click()
    page.wait_for_url(lambda url: "/learn" not in url, timeout=PATIENCE)
    expect(TrainPage(page).status).to_have_text(MEMORISED, timeout=PATIENCE)


@pytest.mark.exhaustive
def test_a_mystery_is_sent_to_somebody_who_guesses_it(
    page: Page, app: App, new_context: Callable[..., BrowserContext]
) -> None:
    page.goto(f"{app.url}/learn?lesson=mystery")
    page.get_by_role("button", name="Make a mystery").click()
    page.wait_for_url(lambda url: "mystery=" in url, timeout=PATIENCE)
    student = new_context().new_page()
    student.goto(page.url)
    student.get_by_role("button", name="Train it").click()
    tell = student.get_by_role("button", name="Tell me")
    expect(tell).to_be_visible(timeout=PATIENCE)
    expect(student.locator(".st-key-guess").get_by_role("radio")).to_have_count(5)
    expect(student.get_by_role("heading", name=re.compile("^Why:"))).to_have_count(0)
    tell.click()
    expect(student.get_by_text(re.compile("^It is: "))).to_be_visible()
    expect(student.get_by_role("heading", name=re.compile("^Why:"))).to_be_visible(timeout=PATIENCE)


@pytest.mark.exhaustive
def test_a_worker_that_dies_while_it_looks_is_said_and_the_search_is_asked_for_again(
    train_page: TrainPage, app: App
) -> None:
    page = train_page.page
    stop = begin_a_long_search(train_page)
    for worker in app.wait_for_workers():
        worker.kill()
    search_says(page, "The search for the cause went wrong")
    app.wait_for_workers()
    page.locator(".st-key-ask-search").get_by_role("button").click()
    expect(stop).to_be_visible(timeout=PATIENCE)
