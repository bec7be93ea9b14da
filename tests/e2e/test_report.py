"""A browser draws a report from its file, and nothing else is loaded or run."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from overfit_core.exports.report import report_html
from overfit_core.spec import RunSpec
from tests.exports.fakes import run_of

COLOURS = """[...document.querySelectorAll('.js-plotly-plot')].flatMap(
    ({ _fullLayout }) => [_fullLayout.plot_bgcolor, _fullLayout.font.color])"""
NASTY = "</script><script>hit = 1</script><img src=x onerror='hit = 1'>"


def opened(browser: Browser, path: Path, scheme: str) -> tuple[Page, list[str], list[str]]:
    """The page, what it complained about, and what it asked for."""
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector(".main-svg")
    return page, errors, [url for url in requests if not url.startswith("data:")]


@pytest.mark.exhaustive
def test_a_report_is_drawn_in_both_themes_and_runs_no_text(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(
        report_html([run_of(RunSpec(name=NASTY), notes=NASTY), run_of(RunSpec(name="b"), "r2")])
    )
    colours = []
    for scheme in ("light", "dark"):
        page, errors, requests = opened(browser, path, scheme)
        assert not errors
        assert requests == [path.as_uri()]
        assert page.locator(".js-plotly-plot").count() == 7
        assert page.evaluate("typeof hit") == "undefined"
        colours.append(chart_colours(page))
        # Who changes the theme of the system sees it change here.
        page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
        page.wait_for_function(f"before => !({COLOURS}).includes(before)", arg=min(colours[-1]))
        colours.append(chart_colours(page))
        assert not errors
    light, dark, also_dark, also_light = colours
    assert (light, dark) == (also_light, also_dark)
    assert not light & dark
    assert "hit = 1" in page.locator("#run-1 h2").inner_text()


def chart_colours(page: Page) -> set[str]:
    """The colours that the charts have behind their curves and in their texts."""
    return set(page.evaluate(COLOURS))
