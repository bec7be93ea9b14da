"""The best run of each optimizer of a race, drawn together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number
from overfit_core.charts.race_looks import (
    REFERENCE_LOOK,
    RaceLook,
    race_looks,
)
from overfit_core.charts.race_parts import (
    around,
    level,
    log_axis,
    nothing_yet,
    race_figure,
)
from overfit_core.charts.theme import Figure
from overfit_core.charts.thinning import thinned
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.results import LEAST_LOSS

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member, RacePlan
    from overfit_core.racing.results import RaceRun
    from overfit_core.racing.scores import OptimizerScore
    from overfit_core.training.history import History
    from overfit_core.training.types import FloatArray, IntArray

TITLE = "Best runs, loss by epoch"
POINTS = 400
"""Points of one curve: 14 of them, with what a click opens, are 0.3 MB of JSON."""
MARKERS_PER_CURVE = 10


def members_of_best(
    plan: RacePlan, scores: Sequence[OptimizerScore], reference: Sequence[RaceRun] = ()
) -> list[Member]:
    """Return the runs that stand for their optimizers, whose histories ``best_figure`` draws.

    Each is the middle one of the seeds of the best cell: of an even number the faster of both.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``.
        reference: Runs of L-BFGS; the middle one of them comes last.
    """
    return [
        best.run.member for best in _bests(plan, scores, [""] * len(plan.optimizers), reference)
    ]


def best_figure(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    histories: Mapping[Member, History],
    *,
    reference: Sequence[RaceRun] = (),
    log_x: bool = True,
    revision: str = "",
) -> Figure:
    """Return the loss by epoch of the best run of each optimizer, with L-BFGS as a dashed line.

    A dot marks where a run reaches the target, a cross where it diverged. Each point has
    ``customdata``: place of the optimizer, learning rate, seed; not those of L-BFGS, which is no
    run that can be opened.

    Args:
        plan: The race.
        scores: From ``optimizer_scores``.
        names: Of all optimizers of the plan, in its order.
        histories: With ``loss``, of the members that ``members_of_best`` names; a run without one
            is left out.
        reference: Runs of L-BFGS.
        log_x: Whether the axis of the epochs is logarithmic.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    drawn = [
        (best, histories[best.run.member])
        for best in _bests(plan, scores, names, reference)
        if best.run.member in histories and len(histories[best.run.member])
    ]
    if not drawn:
        return nothing_yet(TITLE, plan, revision)
    target = [plan.target.value] if plan.target.kind == "loss" else []
    values = [value for _, history in drawn for value in _losses(history)]
    lines = [level(one, f"Target {plan.target.said}") for one in target]
    return race_figure(
        TITLE,
        [
            *(_curve(best, history, log_x=log_x) for best, history in drawn),
            *(mark for best, history in drawn for mark in _marks(best, history)),
        ],
        plan=plan,
        alt=_alt(plan, [best for best, _ in drawn]),
        x_axis=_epochs_axis(max(len(history) for _, history in drawn), log=log_x),
        y_axis=log_axis(*around([*values, *target])) | {"title": {"text": "Loss"}},
        height=360,
        shapes=[line for line, _ in lines],
        annotations=[label for _, label in lines],
        revision=f"{revision}/{'log' if log_x else 'linear'}",
    )


class _Best(NamedTuple):
    """A run that stands for its optimizer, and how it is drawn."""

    run: RaceRun
    look: RaceLook
    name: str


def _bests(
    plan: RacePlan,
    scores: Sequence[OptimizerScore],
    names: Sequence[str],
    reference: Sequence[RaceRun],
) -> list[_Best]:
    looks = race_looks(plan, names)
    bests = []
    for score in scores:
        said = f"{names[score.optimizer]} at {number(score.best.learning_rate)}"
        bests.append(_Best(_middle(score.best.runs), looks[score.optimizer], plot_text(said)))
    if reference:
        bests.append(_Best(_middle(reference), REFERENCE_LOOK, REFERENCE_LOOK.name))
    return bests


def _middle(runs: Sequence[RaceRun]) -> RaceRun:
    """Return the run that is in the middle by epochs to the target, then by best loss."""

    def place(run: RaceRun) -> tuple[float, float, int]:
        loss = math.inf if run.best_loss is None else run.best_loss
        return run.epochs_to_target, loss, run.member.seed

    return sorted(runs, key=place)[(len(runs) - 1) // 2]


def _losses(history: History) -> FloatArray:
    """Return the losses as they are drawn: 0 as the least, what is not finite as a gap."""
    loss = np.asarray(history["loss"], dtype=np.float64)
    return np.where(np.isfinite(loss), np.maximum(loss, LEAST_LOSS), np.nan)


def _thinned(history: History, *, log_x: bool) -> tuple[IntArray, FloatArray]:
    """Return epochs and losses in few points; on a logarithmic axis the first epochs are wide."""
    epochs, losses = np.asarray(history.epochs), _losses(history)
    if len(epochs) <= POINTS or not log_x:
        return thinned(epochs, losses, POINTS)
    logs = np.log(epochs)
    kept, values = thinned(logs, losses, POINTS)
    # The logarithm of a place is found again exactly: it was taken from here.
    return epochs[np.searchsorted(logs, kept)], values


def _curve(best: _Best, history: History, *, log_x: bool) -> Figure:
    epochs, losses = _thinned(history, log_x=log_x)
    look, seed = best.look, best.run.member.seed
    said = f"{best.name}, seed {seed}<br>Epoch %{{x:,d}}: loss %{{y:.4~g}}<extra></extra>"
    marker: dict[str, Any] = {"color": look.colour}
    if look.marker:
        marker |= {"symbol": look.marker, "size": 7, "maxdisplayed": MARKERS_PER_CURVE}
    alone = len(epochs) == 1
    return _of(best, len(epochs)) | {
        "x": epochs.tolist(),
        "y": [None if math.isnan(loss) else loss for loss in losses.tolist()],
        "mode": "lines+markers" if look.marker or alone else "lines",
        "line": {"color": look.colour, "width": 2, "dash": look.dash},
        "marker": marker,
        "connectgaps": False,
        "hovertemplate": said,
        "showlegend": True,
    }


def _marks(best: _Best, history: History) -> list[Figure]:
    """Return a dot where the run reaches the target, and a cross where it diverged."""
    run, losses, marks = best.run, _losses(history), []
    if run.reached and int(run.epochs_to_target) <= len(losses):
        epoch = int(run.epochs_to_target)
        said = f"{best.name} reaches the target at epoch {epoch:,}"
        marks.append(_mark(best, epoch, losses[epoch - 1], "circle", said))
    sound = np.flatnonzero(np.isfinite(losses))
    if run.diverged and len(sound):
        said = f"{best.name} diverged at epoch {run.non_finite_epoch:,}"
        marks.append(_mark(best, int(sound[-1]) + 1, losses[sound[-1]], "x", said))
    return marks


def _mark(best: _Best, epoch: int, loss: float, symbol: str, said: str) -> Figure:
    edge = {"color": "@background", "width": 1.5}
    return _of(best, 1) | {
        "x": [epoch],
        "y": [float(loss)],
        "mode": "markers",
        "marker": {"symbol": symbol, "size": 11, "color": best.look.colour, "line": edge},
        "text": [said],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _of(best: _Best, points: int) -> Figure:
    """Return whose trace it is, and the run that a click on one of its points opens."""
    trace = {"type": "scatter", "name": best.name, "legendgroup": best.name}
    if best.run.member.optimizer == REFERENCE:
        return trace
    return trace | {"customdata": [list(best.run.member)] * points}


def _epochs_axis(last: int, *, log: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": "Epoch"}, "tickformat": ",~d", "nticks": 8}
    if not log:
        return axis | {"rangemode": "nonnegative"}
    return axis | log_axis(0.95, max(last, 2) * 1.1)


def _alt(plan: RacePlan, bests: Sequence[_Best]) -> str:
    words = [
        "Line chart of the loss by epoch, logarithmic axis: the middle seed of the best learning "
        f"rate of each optimizer. {plan.target.sentence()}"
    ]
    for best in bests:
        run = best.run
        reached = f"target at epoch {run.epochs_to_target:,.0f}" if run.reached else "target missed"
        lowest = "no finite loss" if run.best_loss is None else f"best loss {number(run.best_loss)}"
        words.append(f"{best.name}: {reached}, {lowest}.")
    return " ".join(words)
