"""Performance profiles: who is how near to the fastest on how many tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.charts.figure import plot_text
from overfit_core.charts.numbers import number, percent
from overfit_core.charts.race_looks import RaceLook, race_looks
from overfit_core.charts.race_parts import (
    log_axis,
    nothing_yet,
    race_figure,
)
from overfit_core.charts.theme import Figure

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan
    from overfit_core.racing.profiles import Pace, ProfileCurve, Tuning

ROOM = 1.15
"""How far the lines go on behind the last step, as a ratio."""
NO_WHOLE_TASK = "No task has all its runs yet."
SPOKEN_RATIOS = (1.0, 2.0, 10.0)
_TITLES: dict[Tuning, str] = {
    "tuned": "Performance profile, equally tuned",
    "default": "Performance profile, Keras’s default rates",
}


def profile_figure(
    plan: RacePlan,
    curves: Mapping[str, ProfileCurve],
    *,
    tasks: int,
    tuning: Tuning = "tuned",
    measure: Pace = "epochs",
    revision: str = "",
) -> Figure:
    """Return the share of the tasks on which each optimizer is within τ of the fastest, by τ.

    Dolan and Moré 2002, "Benchmarking Optimization Software with Performance Profiles".

    Args:
        plan: Any of the races: all have the same optimizers.
        curves: From ``racing.profiles.profile_curves``, in the order of the plan.
        tasks: How many tasks they are of.
        tuning: Which learning rate counts.
        measure: What is counted on each task.
        revision: While it stays the same, Plotly keeps a person's zoom.
    """
    title = _TITLES[tuning]
    if not curves:
        return nothing_yet(title, plan, revision, NO_WHOLE_TASK)
    looks = race_looks(plan, list(curves))
    # The least axis goes to 2: twice as long as the fastest is a distance that says something.
    last = max(2.0, *(float(curve.ratios[-1]) for curve in curves.values())) * ROOM
    return race_figure(
        title,
        [
            _curve(curve, look, last, tasks)
            for curve, look in zip(curves.values(), looks, strict=True)
        ],
        plan=plan,
        alt=_alt(curves, tasks),
        x_axis=log_axis(0.97, last) | {"title": {"text": f"τ: times the {measure} of the fastest"}},
        y_axis={
            "title": {"text": f"Share of {tasks} tasks within τ"},
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "nticks": 6,
        },
        revision=f"{revision}/{tuning}",
    )


def _curve(curve: ProfileCurve, look: RaceLook, last: float, tasks: int) -> Figure:
    ratios = [*curve.ratios.tolist(), last]
    shares = [*curve.shares.tolist(), float(curve.shares[-1])]
    marker: dict[str, Any] = {"color": look.colour, "symbol": look.symbol, "size": 7}
    return {
        "type": "scatter",
        "name": look.name,
        "x": ratios,
        "y": shares,
        "mode": "lines+markers",
        "line": {"color": look.colour, "width": 2, "dash": look.dash, "shape": "hv"},
        # The last point only carries the line on.
        "marker": marker | {"opacity": [1.0] * len(curve.ratios) + [0.0]},
        "text": [
            f"{look.name}<br>Within {number(ratio, 3)} × the fastest: "
            f"{round(share * tasks)} of {tasks} tasks"
            for ratio, share in zip(ratios, shares, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": True,
    }


def _alt(curves: Mapping[str, ProfileCurve], tasks: int) -> str:
    words = [
        "Step chart of the share of tasks on which each optimizer is within a ratio of the "
        f"fastest, by that ratio, logarithmic axis; {tasks} tasks."
    ]
    for name, curve in curves.items():
        row = []
        for ratio in SPOKEN_RATIOS:
            place = int(np.searchsorted(curve.ratios, ratio, side="right")) - 1
            row.append(f"{percent(float(curve.shares[place]))} within {number(ratio)}")
        words.append(f"{plot_text(name)}: {', '.join(row)}.")
    return " ".join(words)
