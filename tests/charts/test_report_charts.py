"""The charts of a report: a run's own colour, and its name as it was typed."""

from __future__ import annotations

import json
from typing import Any

from overfit_core.charts.theme import COLOURS
from overfit_core.exports.report import report_html
from overfit_core.spec import RunSpec
from tests.exports.fakes import run_of


def figures(*runs: Any) -> dict[str, Any]:  # noqa: ANN401
    text = report_html(runs).decode()
    start = text.index('{"chart-')
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text[start:])[0]
    return found


def test_a_run_has_its_own_colour_in_every_chart() -> None:
    mine = run_of(RunSpec(), colour="green")
    drawn = figures(mine, run_of(RunSpec(), "r2"))
    green = COLOURS["light"]["green"]
    for chart in ("chart-shared", "chart-0-0", "chart-0-1"):
        assert drawn[chart]["light"]["data"][0]["line"]["color"] == green
    assert drawn["chart-1-0"]["light"]["data"][0]["line"]["color"] == COLOURS["light"]["blue"]


def test_a_name_stands_in_the_legend_as_it_was_typed() -> None:
    runs = [run_of(RunSpec(name=name), name) for name in ('a "b" & <b>', "@blue")]
    drawn = figures(*runs)["chart-shared"]["light"]["data"]
    assert [trace["name"] for trace in drawn] == ['a "b" &amp; &lt;b&gt;', "\u200b@blue"]
