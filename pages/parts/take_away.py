"""Files to take away: of one run, or of several together."""

from __future__ import annotations

from collections.abc import Container
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.exports import EXPORTS, Run, export, file_name, runs_csv, runs_parquet
from pages.parts.engine import engine
from pages.parts.visitor import is_mine

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

TOGETHER = {
    "csv": ("CSV", ".csv", "text/csv"),
    "parquet": ("Parquet", ".parquet", "application/vnd.apache.parquet"),
    "report": ("Report (HTML)", ".html", "text/html"),
}


def take_one(record: RunRecord) -> None:
    """Draw the downloads of one run; each is made when it is asked for.

    A report has the notes and tags of a run for who made it, and for nobody else.
    """
    mine = is_mine(record)
    with st.popover("Take away", icon=":material/download:", key="take-away"):
        st.caption("A file is made when you click; the trained network takes a few seconds.")
        for kind, made in EXPORTS.items():
            st.download_button(
                made.label,
                partial(_one, kind, record, mine=mine),
                file_name=file_name(kind, record),
                mime=made.mime,
                on_click="ignore",
                key=f"file-{kind}",
                help=made.meaning,
                width="stretch",
            )


def take_several(records: list[RunRecord]) -> None:
    """Draw the downloads of several runs together; notes and tags are those of one's own."""
    mine = {record.id for record in records if is_mine(record)}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="take"):
        for kind, (label, ending, mime) in TOGETHER.items():
            st.download_button(
                label,
                partial(_several, kind, records, mine),
                file_name=f"overfit-lab-comparison{ending}",
                mime=mime,
                on_click="ignore",
                key=f"take-all-{kind}",
                icon=":material/download:",
            )
        st.caption("PNG and SVG: the buttons at a chart's upper right corner.")


def _one(kind: str, record: RunRecord, *, mine: bool) -> bytes:
    if EXPORTS[kind].needs_worker:
        return engine().workers.export(record.id, kind)
    return export(kind, _recorded(record, mine=mine))


def _several(kind: str, records: list[RunRecord], mine: Container[str]) -> bytes:
    runs = [_recorded(record, mine=record.id in mine) for record in records]
    if kind == "report":
        from overfit_core.exports.report import report_html

        return report_html(runs)
    return runs_csv(runs) if kind == "csv" else runs_parquet(runs)


def _recorded(record: RunRecord, *, mine: bool) -> Run:
    store = engine().store
    check = store.check(record.id)
    found = check.report if check is not None else None
    return Run(record, store.history(record.id), store.samples(record.id), mine, found)
