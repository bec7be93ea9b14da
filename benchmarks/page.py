"""What the Train page feels like, measured in a real browser: ``python -m benchmarks.page``.

Prints one table and writes it into its own section of ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from benchmarks.results import machine, table, write_section
from overfit_core.models.layers import Dense
from overfit_core.spec import ModelSpec, RunSpec, TrainingSpec
from tests.e2e.browser import launch
from tests.e2e.server import App, has_tensorflow, running_app
from tests.e2e.train_page import TrainPage

RECORDER = (Path(__file__).parent / "recorder.js").read_text(encoding="utf-8")
MB = 1e6
REPEATS = 5
WATCHED_SECONDS = 12


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        what: What was measured.
        measured: What came out, with its unit.
        goal: What it should be.
        met: Whether it is.
    """

    what: str
    measured: str
    goal: str
    met: bool


def main() -> None:
    """Measure, print, write."""
    # A busy machine measures its neighbours: say how busy it was.
    load = os.getloadavg()[0]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        rows = [*_first_page(browser, Path(folder)), *_running(browser, Path(folder))]
        described = (
            f"{machine()}, Chromium {browser.version}, one worker. Load average before: {load:.1f}."
        )
        browser.close()
    lines = [[row.what, row.measured, row.goal, "yes" if row.met else "**no**"] for row in rows]
    figures = table(["what", "measured", "goal", "met"], lines)
    write_section("page", f"## The page, in a real browser\n\n{described}\n\n{figures}")


def _first_page(browser: Browser, folder: Path) -> Iterator[Row]:
    """How long the first page of a new server takes: with no data yet, then with the data kept."""
    for what in ("no data yet", "started again"):
        with running_app(folder, OVERFIT_WORKERS="1") as app, _person(browser) as page:
            started = time.monotonic()
            page.open(app.url)
            seconds = time.monotonic() - started
            app.wait_until_warm()
        yield Row(
            f"server answers → page usable, {what}", f"{seconds:.2f} s", "≤ 3 s", seconds <= 3
        )


def _running(browser: Browser, folder: Path) -> Iterator[Row]:
    with running_app(folder, OVERFIT_WORKERS="1") as app:
        with _person(browser) as page:
            page.open(app.url)
            app.wait_until_warm()
            _first_point(page)
            again = [_first_point(page) for _ in range(REPEATS)]
        fresh = [_first_point_of_a_visitor(browser, app.url) for _ in range(REPEATS)]
        new = [
            _first_point_of_a_visitor(browser, f"{app.url}/?spec={spec.link_code()}")
            for spec in _new_nets()
        ]
        yield _clicks("click → first point, net seen before, in a page just opened", fresh, 0.5)
        yield _clicks("click → first point, net seen before, the same page again", again, 0.5)
        yield _clicks("click → first point, net never seen", new, 2.0)
        yield from _steady(browser, app)
        yield from _memory(app)


@contextmanager
def _person(browser: Browser) -> Iterator[TrainPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(RECORDER)
    try:
        yield TrainPage(context.new_page())
    finally:
        context.close()


def _first_point(page: TrainPage) -> float:
    """Seconds from a click on Train to the first frame that shows a point of the run."""
    page.settle()
    page.page.evaluate("window.measured = window.firstPoint(); undefined")
    page.train()
    seconds = page.page.evaluate("window.measured") / 1000
    page.wait_for_status(r"emorised")
    return float(seconds)


def _first_point_of_a_visitor(browser: Browser, url: str) -> float:
    with _person(browser) as page:
        return _first_point(page.open(url))


def _new_nets() -> list[RunSpec]:
    """Nets of a shape that no cache has: the preset's own, with a few units less."""
    return [
        RunSpec(model=ModelSpec(layers=tuple(Dense(units=units - less) for units in (64, 32, 16))))
        for less in range(1, REPEATS + 1)
    ]


def _clicks(what: str, seconds: list[float], goal: float) -> Row:
    middle, worst = statistics.median(seconds), max(seconds)
    measured = f"median {middle:.2f} s, worst of {len(seconds)} {worst:.2f} s"
    return Row(what, measured, f"≤ {goal:g} s", worst <= goal)


def _steady(browser: Browser, app: App) -> Iterator[Row]:
    """What a person sees during a run: node, zoom, blank frames, jumps."""
    spec = RunSpec(training=TrainingSpec(epochs=5_000))
    with _person(browser) as page:
        page.open(f"{app.url}/?spec={spec.link_code()}")
        page.choose("Pace", "100 epochs/s")
        page.train()
        page.wait_until_drawn("loss", epoch=50)
        page.page.wait_for_timeout(1000)
        # A drag is lost where the chart gets new margins under it; a person drags again.
        for _ in range(3):
            _drag(page)
            if page.is_zoomed("loss"):
                break
        shown = page.shown_range("loss")
        page.page.evaluate("window.watchFrames()")
        page.page.wait_for_timeout(WATCHED_SECONDS * 1000)
        seen = page.page.evaluate("window.stopWatching()")
        page.button("Stop").click()
        page.wait_for_status("^(Stopped|.*emorised)")
    yield from _seen(seen, shown)


def _drag(page: TrainPage) -> None:
    """Drag over the chart with the mouse, as a person does to zoom."""
    box = page.chart("loss").locator(".nsewdrag").bounding_box()
    assert box is not None, "the chart has no area to drag in"
    middle = box["y"] + box["height"] / 2
    page.page.mouse.move(box["x"] + box["width"] * 0.2, middle)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    page.page.mouse.up()
    page.page.wait_for_timeout(600)


def _seen(seen: dict[str, Any], shown: list[float]) -> Iterator[Row]:
    rate = seen["updates"] / seen["seconds"]
    yield Row("during a run: updates of the chart", f"{rate:.1f} a second", "2–5", 2 <= rate <= 5)
    same = seen["sameNode"] and not seen["otherNode"] and not seen["removed"]
    yield Row("during a run: the chart's DOM node", "kept" if same else "replaced", "kept", same)
    kept = seen["range"] == shown
    yield Row("during a run: the zoom", "kept" if kept else f"now {seen['range']}", "kept", kept)
    blank = f"{seen['blank']} of {seen['frames']}"
    yield Row("during a run: blank frames", blank, "0", not seen["blank"])
    moved = f"{seen['moved']} of {seen['frames']}, layout shift {seen['shift']:.3f}"
    yield Row("during a run: frames with the chart elsewhere", moved, "0", not seen["moved"])
    tasks = f"{seen['longTasks']}, the longest {seen['longestTask']:.0f} ms"
    yield Row(
        "during a run: browser tasks over 50 ms", tasks, "≤ 100 ms", seen["longestTask"] <= 100
    )


def _memory(app: App) -> Iterator[Row]:
    """After all the runs above."""
    web = app.process.memory_full_info()
    yield Row("web process: memory", _megabytes(web), "< 250 MB", web.rss < 250 * MB)
    clean = not has_tensorflow(app.process)
    said = "no" if clean else "yes"
    yield Row("web process: TensorFlow in its memory map", said, "no", clean)
    (worker,) = app.workers()
    used = worker.memory_full_info()
    yield Row(
        "worker, every preset loaded: memory", _megabytes(used), "< 900 MB", used.rss < 900 * MB
    )


def _megabytes(memory: Any) -> str:  # noqa: ANN401  # psutil's tuple differs by system
    return f"{memory.rss / MB:.0f} MB resident, {memory.uss / MB:.0f} MB its own"


if __name__ == "__main__":
    main()
