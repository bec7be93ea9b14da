"""Files to take away: of one run, or of several together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.exports import EXPORTS, Run, export, file_name, runs_csv, runs_parquet
from pages.parts.engine import engine

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

TOGETHER = {
    "csv": ("CSV", ".csv", "text/csv"),
    "parquet": ("Parquet", ".parquet", "application/vnd.apache.parquet"),
    "report": ("Report (HTML)", ".html", "text/html"),
}


def take_one(record: RunRecord) -> None:
    """Draw the downloads of one run; each is made when it is asked for."""
    # With pyarrow's writers, for which a first page need not wait.

    with st.popover("Take away", icon=":material/download:", key="take-away"):
        st.caption("A file is made when you click; the trained network takes a few seconds.")
        for kind, made in EXPORTS.items():
            st.download_button(
                made.label,
                partial(_one, kind, record),
                file_name=file_name(kind, record),
                mime=made.mime,
                on_click="ignore",
                key=f"file-{kind}",
                help=made.meaning,
                width="stretch",
            )


def take_several(records: list[RunRecord]) -> None:
    """Draw the downloads of several runs together."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="take"):
        for kind, (label, ending, mime) in TOGETHER.items():
            st.download_button(
                label,
                partial(_several, kind, records),
                file_name=f"overfit-lab-comparison{ending}",
                mime=mime,
                on_click="ignore",
                key=f"take-all-{kind}",
                icon=":material/download:",
            )
        st.caption("PNG and SVG: the buttons at a chart's upper right corner.")


def _one(kind: str, record: RunRecord) -> bytes:

    if EXPORTS[kind].needs_worker:
        return engine().workers.export(record.id, kind)
    return export(kind, record, *_recorded(record))


def _several(kind: str, records: list[RunRecord]) -> bytes:

    runs = [Run(record, *_recorded(record)) for record in records]
    if kind == "report":
        from overfit_core.exports.report import report_html

        return report_html(runs)
    return runs_csv(runs) if kind == "csv" else runs_parquet(runs)


def _recorded(record: RunRecord) -> tuple[object, object]:
    store = engine().store
    return store.history(record.id), store.samples(record.id)
