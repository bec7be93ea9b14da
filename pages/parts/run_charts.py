"""The curves of the run that is shown, and of those beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.accuracy import accuracy_figure
from overfit_core.charts.compare import compare_figure
from overfit_core.charts.figure import Mark
from overfit_core.charts.learning_rate import learning_rate_figure
from overfit_core.charts.loss import loss_figure
from overfit_core.charts.probes import probe_figure, recorded_probes
from overfit_core.comparison.run import ComparedRun
from overfit_core.errors import SpecError, UnknownRunError
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.live_chart import live_chart

if TYPE_CHECKING:
    from overfit_core.charts.lines import Lines
    from overfit_core.store import RunRecord


def run_charts(record: RunRecord, lines: Lines, together: list[RunRecord]) -> None:
    """Draw the curves of a run, and those of the runs beside it in the same charts.

    Args:
        record: The run.
        lines: Its curves.
        together: The runs that are drawn with it, it among them.
    """
    optimizer, run_id, colour = record.spec.optimizer.name, record.id, record.colour
    marks = _marks(record)
    with st.container(key="charts", gap="small"):
        log = log_axis()
        compared = compared_runs(together) if len(together) > 1 else []
        score = "accuracy" if "accuracy" in lines else "r2"
        if compared:
            loss = compare_figure(compared, "loss", log_y=log, revision=run_id)
            scores = compare_figure(compared, score, revision=run_id)
            rates = compare_figure(compared, "learning_rate", log_y=True, revision=run_id)
        else:
            shared = {"colour": colour, "revision": run_id}
            loss = loss_figure(lines, optimizer, log=log, marks=marks, **shared)
            scores = accuracy_figure(lines, optimizer, marks=marks, **shared)
            rates = learning_rate_figure(lines, optimizer, **shared)
        live_chart(loss, key="chart-loss")
        left, right = st.columns(2, gap="small")
        with left:
            live_chart(scores, key="chart-accuracy")
        with right:
            live_chart(rates, key="chart-learning-rate")
        columns = (left, right)
        for place, probe in enumerate(recorded_probes(lines)):
            with columns[place & 1]:
                figure = probe_figure(lines, probe, optimizer, colour=colour, revision=run_id)
                live_chart(figure, key=f"chart-{probe}")


def log_axis() -> bool:
    """Draw the choice of the axis of the loss; tells whether it is logarithmic."""
    chosen = st.segmented_control(
        "Loss axis",
        ["Logarithmic", "Linear"],
        default="Logarithmic",
        required=True,
        key=keys.LOG_AXIS,
        persist_state="session",
        label_visibility="collapsed",
    )
    return chosen != "Linear"


def compared_runs(records: list[RunRecord]) -> list[ComparedRun]:
    """Return runs with their curves as far as they go; those that cannot be read are left out."""
    runs = []
    for record in records:
        try:
            runs.append(ComparedRun.of(record, engine().feed.lines(record.id, record.epoch)))
        except (SpecError, UnknownRunError):
            continue
    return runs


def _marks(record: RunRecord) -> list[Mark]:
    summary = record.summary
    if summary is None:
        return []
    if summary.non_finite_epoch is not None:
        return [Mark(summary.non_finite_epoch, "not finite")]
    if summary.memorised_epoch is not None:
        return [Mark(summary.memorised_epoch, f"memorised at {summary.memorised_epoch:,}")]
    return []
