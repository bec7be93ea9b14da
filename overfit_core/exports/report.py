"""One or several runs as one HTML file that needs nothing else: charts, result, settings, samples.

Everything that a person typed is escaped: by Jinja2 in the page, by `plot_text` where Plotly reads
markup, and in JSON so that no text can end the script that holds it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from overfit_core.charts.accuracy import accuracy_figure
from overfit_core.charts.figure import Curve, Mark, epochs_figure, plot_text, spoken, trace
from overfit_core.charts.learning_rate import learning_rate_figure
from overfit_core.charts.lines import lines_of
from overfit_core.charts.loss import loss_figure
from overfit_core.charts.numbers import count, duration, number, percent
from overfit_core.charts.probes import SYMBOLS, probe_figure, recorded_probes
from overfit_core.charts.status import figures_line, run_title, status_line
from overfit_core.charts.theme import COLOURS, Figure, ThemeName, run_style, themed
from overfit_core.diagnosis.report import Report
from overfit_core.diagnosis.wording import evidence_lines
from overfit_core.exports.report_template import TEMPLATE
from overfit_core.exports.sample_rows import sample_rows
from overfit_core.exports.tables import Run
from overfit_core.models.layers.weights import WeightedLayer
from overfit_core.models.shapes import layer_names
from overfit_core.spec import RunSpec

COLUMNS = ("Run", "Result", "Optimizer", "Learning rate", "Loss", "Score", "Epochs", "Training")


class Chart(NamedTuple):
    """A figure and the element that it is drawn into."""

    id: str
    figure: Figure

    @property
    def alt(self) -> str:
        """What the chart shows, in words."""
        return str(self.figure["layout"]["meta"]["alt"])


def report_html(runs: Sequence[Run]) -> bytes:
    """Return one HTML page (UTF-8, about 5 MB, most of it plotly.js) about one or several runs.

    It loads nothing from anywhere, and is light or dark as its reader's system is.

    Raises:
        ValueError: There is no run.
        SpecError: A run was stored by a version whose specs this one cannot read.
    """
    if not runs:
        raise ValueError("There is no run to report on; give at least one.")
    from jinja2 import Environment  # not needed before the first report

    parts = [_run_part(run, i) for i, run in enumerate(runs)]
    shared = [_compared(runs)] if len(runs) > 1 and any(len(run.history) for run in runs) else []
    charts = [*shared, *(chart for part in parts for chart in part["charts"])]
    title = parts[0]["title"] if len(parts) == 1 else count(len(parts), "run")
    page = Environment(autoescape=True).from_string(TEMPLATE)
    return page.render(
        title=title,
        runs=parts,
        shared=shared,
        columns=COLUMNS,
        light=_page_colours("light"),
        dark=_page_colours("dark"),
        plotly=_plotly(),
        figures=script_json({chart.id: _both_themes(chart.figure) for chart in charts}),
    ).encode()


def script_json(value: object) -> str:
    """Return JSON that may stand in a `<script>`: no text in it can end the script."""
    text = json.dumps(value, allow_nan=False)  # escapes all that is not ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _plotly() -> str:
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def _page_colours(theme: ThemeName) -> dict[str, str]:
    names = ("background", "text", "muted", "grid", "blue")
    return {name: colour for name, colour in COLOURS[theme].items() if name in names}


def _both_themes(figure: Figure) -> dict[str, Figure]:
    return {"light": themed(figure, "light"), "dark": themed(figure, "dark")}


def _run_part(run: Run, place: int) -> dict[str, Any]:
    record, spec = run.record, run.spec
    sentence, _ = status_line(record.status, record.wish, record.summary, record.reason)
    return {
        "title": run_title(spec),
        "sentence": sentence,
        "figures": figures_line(record.summary) if record.summary else None,
        "found": _found(run.found),
        "notes": run.notes,
        "tags": run.tags,
        "row": _row(run, sentence),
        "charts": [Chart(f"chart-{place}-{i}", f) for i, f in enumerate(_figures(run))],
        "samples": sample_rows(run.samples) if run.samples is not None else None,
        "settings": settings_rows(spec),
    }


def _found(report: Report | None) -> dict[str, Any] | None:
    """Why a run did not memorise its batch, and what was tried."""
    if report is None or not report.causes:
        return None
    causes = [
        {
            "title": f"{'Also' if place else 'Why'}: {cause.title}",
            "why": cause.why,
            "evidence": evidence_lines(cause.evidence),
            "source": cause.source,
        }
        for place, cause in enumerate(report.causes)
    ]
    tried = [
        {"text": fix.text, "code": fix.code, "outcome": fix.sentence()}
        for fix in report.fixes
        if fix.tried
    ]
    return {"causes": causes, "tried": tried}


def _row(run: Run, sentence: str) -> tuple[str, ...]:
    """The cells of the table of the runs, without the title."""
    spec, summary = run.spec, run.record.summary
    rate = number(spec.optimizer.base_learning_rate)
    known = (sentence, spec.optimizer.name, rate)
    if summary is None:
        return (*known, "–", "–", f"{run.history.last_epoch:,}", "–")
    score = percent(summary.accuracy) if summary.r2 is None else f"R² {number(summary.r2)}"
    time = duration(summary.train_seconds)
    return (*known, number(summary.loss), score, f"{summary.epochs:,}", time)


def _figures(run: Run) -> list[Figure]:
    """The charts of one run: loss, accuracy or R², the schedule, and what else was measured."""
    if not len(run.history):
        return []
    spec, summary = run.spec, run.record.summary
    name, colour, lines = spec.optimizer.name, run.record.colour, lines_of(run.history)
    memorised = summary.memorised_epoch if summary else None
    marks = [Mark(memorised, f"memorised at epoch {memorised:,}")] if memorised else []
    figures = [loss_figure(lines, name, colour=colour, marks=marks)]
    if "accuracy" in lines or "r2" in lines:
        figures.append(accuracy_figure(lines, name, colour=colour, marks=marks))
    if spec.optimizer.schedule.kind != "constant" and "learning_rate" in lines:
        figures.append(learning_rate_figure(lines, name, colour=colour))
    return figures + [
        probe_figure(lines, probe, name, colour=colour) for probe in recorded_probes(lines)
    ]


def _compared(runs: Sequence[Run]) -> Chart:
    """The losses of all runs in one chart: colour means optimizer, markers tell runs apart."""
    traces, words = [], []
    for place, run in enumerate(runs):
        if not len(run.history):
            continue
        spec, lines = run.spec, lines_of(run.history)
        colour = run_style(spec.optimizer.name, run.record.colour).colour
        curve = Curve("loss", run_title(spec), colour, SYMBOLS[place % len(SYMBOLS)])
        traces.append(trace(lines, curve._replace(name=plot_text(curve.name)), log=True))
        words.append(spoken(lines, curve))
    figure = epochs_figure(
        "Loss of every run, logarithmic axis",
        traces,
        alt="Line chart of the loss of every run by epoch, logarithmic axis. " + " ".join(words),
        epoch=max(run.history.last_epoch for run in runs),
        y_axis={"type": "log", "nticks": 7, "tickformat": "~g"},
        height=400,
    )
    return Chart("chart-shared", figure)


def settings_rows(spec: RunSpec) -> list[tuple[str, str]]:
    """Return every setting that is not empty as name and value, layer by layer."""
    rows = _part_rows("Batch", spec.batch.model_dump())
    names = layer_names(spec.model.layers)
    for name, layer in zip(names, spec.model.layers, strict=True):
        given = layer.model_dump(exclude={"kind"}, exclude_none=True)
        # What makes the layer comes before what all layers with a kernel have.
        given = dict(sorted(given.items(), key=lambda item: item[0] in WeightedLayer.model_fields))
        rows.append((f"Layer {name}", ", ".join(f"{k} {_shown(v)}" for k, v in given.items())))
    rows += _part_rows("Head", spec.model.head.model_dump())
    rows += _part_rows("Model", {"loss": spec.model.loss})
    rows += _part_rows("Optimizer", spec.optimizer.model_dump(exclude={"arguments", "schedule"}))
    rows += _part_rows("Optimizer", spec.optimizer.arguments)
    rows += _part_rows("Schedule", spec.optimizer.schedule.model_dump())
    return rows + _part_rows("Training", spec.training.model_dump())


def _part_rows(part: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{part}: {name.replace('_', ' ')}", _shown(value))
        for name, value in values.items()
        if value is not None
    ]


def _shown(value: Any) -> str:  # noqa: ANN401 - any setting
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return repr(value) if isinstance(value, float) else str(value)
