"""A Plotly chart that is updated in place, without a blank frame and without losing the zoom.

``st.plotly_chart`` mounts a new chart for every new figure. Here one component with a fixed key
calls ``Plotly.react`` on the node it already has. Its code lies in ``static/live_chart.js`` and is
loaded once; only the figure travels with an update.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

from overfit_core.charts.theme import COLOURS, Figure

STATIC = Path(__file__).resolve().parents[2] / "static"
PLOTLY_FILE = f"plotly-{version('plotly')}.min.js"

# The page lies at the root of the app or one name below it, so a relative address serves both,
# also behind a proxy that puts the app under a path of its own.
_LOADER = """
const at = (file) => new URL(`app/static/${file}`, document.baseURI).href;
const chart = import(at("live_chart.js?v={changed}"));
export default async (component) => (await chart).draw(component, at("{plotly}"));
"""


@cache
def put_plotly_in_place() -> Path:
    """Copy plotly.js from the installed wheel to ``static/`` and return where it lies.

    5 MB need not be committed, and nothing is loaded from elsewhere.
    """
    # Importing plotly to learn where it lies would cost memory for nothing.
    found = find_spec("plotly")
    assert found is not None and found.origin is not None, "plotly is one of the requirements"
    source = Path(found.origin).parent / "package_data" / "plotly.min.js"
    target = STATIC.joinpath(PLOTLY_FILE)
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        STATIC.mkdir(exist_ok=True)
        # Written aside and renamed: a second server that starts now never serves half a file.
        partial = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, partial)
        partial.replace(target)
    return target


@cache
def _loader() -> str:
    put_plotly_in_place()
    changed = int((STATIC / "live_chart.js").stat().st_mtime)
    return _LOADER.replace("{changed}", str(changed)).replace("{plotly}", PLOTLY_FILE)


@st.cache_resource(show_spinner=False)
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("overfit_live_chart", js=_loader(), isolate_styles=False)


def live_chart(figure: Figure, key: str, on_pick: Callable[[Any], None] | None = None) -> None:
    """Show a figure of ``overfit_core.charts``; the same key updates the same chart.

    Args:
        figure: With named colours, and ``layout.height`` and ``layout.meta.alt``.
        key: What the chart is; fixed as long as it is the same chart.
        on_pick: Told the ``customdata`` of a point that was clicked.
    """
    data = {"figure": figure, "colours": COLOURS}
    if on_pick is None:
        _component()(key=key, data=data)
        return

    def picked() -> None:
        on_pick(st.session_state[key].picked)

    _component()(key=key, data=data | {"picks": True}, on_picked_change=picked)


def preload_charts() -> None:
    """Have the browser load the drawing library before the first chart needs it."""
    _component()(key="chart-library", data={})
