"""What a test reads from a page, and the rows that it picks there."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest


def address(at: AppTest) -> dict[str, str]:
    """The query parameters of the page's address."""
    values = {name: at.query_params[name] for name in at.query_params}
    return {n: value if isinstance(value, str) else value[0] for n, value in values.items()}


def wrong(at: AppTest) -> list[str]:
    """What the page names as wrong beside its widgets, in order."""
    return [text for text in _paragraphs(at, "wrong") if text.startswith("▲")]


def reasons(at: AppTest) -> list[str]:
    """Why there can be no training, as listed beside the button."""
    bodies = [element.proto.body for element in at.get("html")]
    items = [item for body in bodies for item in re.findall(r"<li>(.*?)</li>", body)]
    return [html.unescape(item) for item in items]


def notices(at: AppTest) -> list[str]:
    """What the page says of the address, or of a run that was not started."""
    return _paragraphs(at, "notice")


def components(at: AppTest, key: str) -> list[dict[str, Any]]:
    """The data of the components of the page whose key is, or begins with, `key`."""
    found = []
    for element in at.get("bidi_component"):
        if f"-{key}" in element.proto.id or element.proto.id.endswith(key):
            found.append(json.loads(element.proto.json))
    return found


def status(at: AppTest) -> dict[str, str]:
    """The sentence on the run, and its tone."""
    return components(at, "status")[0]


def charts(at: AppTest) -> dict[str, dict[str, Any]]:
    """The figures of the page, by title."""
    figures = [data["figure"] for data in components(at, "chart-") if "figure" in data]
    return {figure["layout"]["title"]["text"]: figure for figure in figures}


def legend(at: AppTest, title: str = "Loss, logarithmic axis") -> list[str]:
    """The names in the legend of a chart."""
    return [t["name"] for t in charts(at)[title]["data"] if t.get("showlegend")]


def table(at: AppTest, first: str) -> pd.DataFrame:
    """The table whose first column has this head."""
    return next(t.value for t in at.dataframe if t.value.columns[0] == first)


def captions(at: AppTest) -> list[str]:
    """The captions of the page, in order."""
    return [caption.value for caption in at.caption]


def pick(at: AppTest, *places: int) -> None:
    """Pick rows of the table, as a click at their left edge does."""
    table = at.dataframe[0]
    at.session_state[table.key] = {"selection": {"rows": list(places)}}
    at.run()
    assert not at.exception


def _paragraphs(at: AppTest, css_class: str) -> list[str]:
    found = []
    for element in at.get("html"):
        for body in re.findall(rf'<p class="{css_class}"[^>]*>(.*?)</p>', element.proto.body):
            found.append(html.unescape(re.sub(r"<[^>]+>", "", body)).strip())
    return found
