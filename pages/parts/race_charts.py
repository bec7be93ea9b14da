"""The charts of a race; a click on a point picks the runs that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from overfit_core.charts.race_best import best_figure, members_of_best
from overfit_core.charts.race_defaults import defaults_figure, defaults_sentence
from overfit_core.charts.race_expected import expected_figure
from overfit_core.charts.race_heat import heat_figure
from overfit_core.charts.race_profile import profile_figure
from overfit_core.charts.race_sensitivity import RateMeasure, sensitivity_figure
from overfit_core.racing.picking import picked_words
from overfit_core.racing.profiles import Tuning, profile_curves, whole_tasks
from overfit_core.racing.reference import why_no_reference
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.live_chart import live_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overfit_core.racing.standing import Standing
    from overfit_core.store import RaceRecord

T = TypeVar("T", bound=str)
MEASURES: dict[RateMeasure, str] = {
    "epochs": "Epochs to target",
    "best_loss": "Best loss",
    "seconds": "Seconds to target",
}
TUNINGS: dict[Tuning, str] = {"tuned": "Equally tuned", "default": "Keras's defaults"}


def race_charts(record: RaceRecord, standing: Standing) -> None:
    """Draw the charts of one race.

    Args:
        record: The race.
        standing: How it stands, with one score at least.
    """
    parts = (standing.plan, standing.scores, standing.names)
    reference, revision = standing.reference, record.id
    with st.container(key="charts", gap="small"):
        live_chart(heat_figure(*parts, revision=revision), key="chart-heat", on_pick=_pick)
        if not st.context.is_embedded:
            said = "A click on a cell or a curve picks its runs."
            picked = st.session_state[keys.RACE_PICKED]
            if record.ended or picked:
                words = picked_words(standing, picked)
                said = f"{said} Picked: {words}. [Open them below](#open-runs)."
            st.caption(said)
        measure = _choice("Over the learning rate", MEASURES, "measure")
        sensitivity = sensitivity_figure(
            *parts, measure=measure, reference=reference, revision=revision
        )
        live_chart(sensitivity, key="chart-sensitivity", on_pick=_pick)
        if why := why_no_reference(standing.plan.spec):
            st.caption(why)
        best = members_of_best(standing.plan, standing.scores, reference)
        histories = engine().store.race_histories(record.id, best)
        figure = best_figure(*parts, histories, reference=reference, revision=revision)
        live_chart(figure, key="chart-best", on_pick=_pick)
        if standing.plan.defaults:
            live_chart(
                defaults_figure(*parts, revision=revision), key="chart-defaults", on_pick=_pick
            )
            st.caption(defaults_sentence(*parts))
        live_chart(expected_figure(*parts, revision=revision), key="chart-expected")


def profile_chart(standings: Sequence[Standing], revision: str) -> None:
    """Draw the performance profile of races that were started together.

    Args:
        standings: One for each task.
        revision: Id of the first of them.
    """
    races = [(one.plan, one.scores) for one in standings]
    with st.container(key="profile", gap="small"):
        tuning: Tuning = "tuned"
        if standings[0].plan.defaults:
            tuning = _choice("Learning rates", TUNINGS, "tuning")
        curves = profile_curves(races, tuning)
        figure = profile_figure(
            standings[0].plan, curves, tasks=whole_tasks(races), tuning=tuning, revision=revision
        )
        live_chart(figure, key="chart-profile")


def _choice(label: str, choices: dict[T, str], name: str) -> T:
    first = next(iter(choices))
    chosen = st.segmented_control(
        label,
        list(choices),
        format_func=choices.__getitem__,
        default=first,
        required=True,
        key=keys.race(name),
        persist_state="session",
        label_visibility="collapsed",
    )
    return chosen or first


def _pick(stands: object) -> None:
    """Keep which runs a clicked point stands for."""
    if isinstance(stands, list):
        st.session_state[keys.RACE_PICKED] = stands
