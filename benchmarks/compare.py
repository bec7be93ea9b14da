"""Fifty runs side by side, measured in a real browser: ``python -m benchmarks.compare``.

The runs are in the store, 2,000 epochs each, with loss and accuracy: ten optimizers at five
learning rates. Each time a fresh page picks them all, and the clock runs from the click on *Add the
picked runs* until both charts show every curve.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.results import machine, table, write_section
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.training.history import History
from tests.e2e.browser import launch
from tests.e2e.server import App, running_app

OPTIMIZERS = "Adam SGD RMSprop AdamW Adagrad Nadam Lion Adamax Adafactor Ftrl".split()
RATES = (0.0001, 0.001, 0.01, 0.03, 0.1)
EPOCHS = 2_000
REPEATS = 5
DRAWN = """
count => [0, 1].every((place) => {
  const node = document.querySelector(`.st-key-chart-compare-${place} .live-chart`);
  return node?.calcdata?.length >= count && node.dataset.drawn >= 1;
})
"""


def main() -> None:
    """Measure, print, write."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runs = _fill(Path(folder))
        browser = launch(playwright)
        with running_app(Path(folder), OVERFIT_WORKERS="1") as app:
            # The first page starts the workers, which are not measured here.
            _seconds(browser, app, runs)
            app.wait_until_warm()
            seconds = [_seconds(browser, app, runs) for _ in range(REPEATS)]
            memory = app.process.memory_info().rss / 1e6
        described = (
            f"{machine()}, Chromium {browser.version}. Load average before: {load:.1f}. "
            f"{runs} runs of {EPOCHS:,} epochs, two charts."
        )
        browser.close()
    median, worst = statistics.median(seconds), max(seconds)
    figures = table(
        ["what", "measured", "goal", "met"],
        [
            [
                f"click → {runs} runs drawn, scored and compared",
                f"median {median:.2f} s, worst of {REPEATS} {worst:.2f} s",
                "≤ 1 s",
                "yes" if median <= 1 else "**no**",
            ],
            ["web process afterwards", f"{memory:.0f} MB", "< 250 MB", _yes(memory < 250)],
        ],
    )
    write_section("compare", f"## Fifty runs side by side\n\n{described}\n\n{figures}")


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _fill(folder: Path) -> int:
    """Put the runs into the store of an app that is yet to be started."""
    store = Store(f"sqlite:///{folder / 'runs.sqlite3'}")
    epochs = np.arange(1, EPOCHS + 1)
    for place, name in enumerate(OPTIMIZERS):
        for step, rate in enumerate(RATES):
            settings = {"name": name, "learning_rate": rate}
            run_id = store.create_run(
                RunSpec.load({"optimizer": settings, "training": {"epochs": EPOCHS}})
            )
            noise = np.random.default_rng(100 * place + step).normal(0, 0.05, EPOCHS)
            loss = 0.7 * np.exp(-epochs * rate / (1 + place)) * np.exp(noise) + 1e-4
            history = History(
                {
                    "loss": loss,
                    "accuracy": np.round(4 * np.clip(1.2 - loss, 0, 1)) / 4,
                    "learning_rate": np.full(EPOCHS, rate),
                }
            )
            store.claim(run_id, "benchmark")
            store.begin(run_id, batch_hash="b" * 64, weights_hash="a" * 64, worker="benchmark")
            store.append(run_id, history, worker="benchmark")
            store.finish(run_id, "finished", worker="benchmark")
    store.close()
    return len(OPTIMIZERS) * len(RATES)


def _seconds(browser: Browser, app: App, runs: int) -> float:
    """Return the seconds from the click to the last curve, in a browser that is new each time."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        page.goto(f"{app.url}/compare")
        button = page.get_by_role("button", name=re.compile("Add the picked runs"))
        button.wait_for(timeout=60_000)
        _pick_all(page)
        page.wait_for_timeout(1_000)
        started = time.perf_counter()
        button.click()
        page.wait_for_function(DRAWN, arg=runs, timeout=60_000)
        return time.perf_counter() - started
    finally:
        page.close()


def _pick_all(page: Page) -> None:
    rows = page.get_by_test_id("stDataFrame").first
    rows.wait_for()
    page.wait_for_timeout(1_000)
    rows.click(position={"x": 16, "y": 17})


if __name__ == "__main__":
    main()
