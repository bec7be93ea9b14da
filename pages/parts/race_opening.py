"""From a race to its runs: any cell of the grid, with its full histories, on another page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.race_best import members_of_best
from overfit_core.racing.picking import Picked, choices
from pages.parts import session_keys as keys
from pages.parts.engine import engine
from pages.parts.go import go_compare, go_train
from pages.parts.visitor import owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overfit_core.racing.plan import Member
    from overfit_core.racing.standing import Standing
    from overfit_core.store import RaceRecord

COMPARE = ":material/compare_arrows:"


def race_opening(record: RaceRecord, standing: Standing) -> None:
    """Draw the choice of runs to open; a click on a chart makes it too.

    Args:
        record: The race.
        standing: How it stands, with one score at least.
    """
    st.header("Open runs of this race", anchor="open-runs")
    picked = Picked.read(standing, st.session_state[keys.RACE_PICKED])
    found = choices(standing, picked)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="open-runs"):
        _choice("Optimizer", "optimizer", found.optimizers, picked.optimizer)
        _choice("Learning rate", "rate", found.rates, picked.learning_rate)
        _choice("Seed", "seed", found.seeds, picked.seed)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="open-them"):
        if st.button(
            "Open on the Train page", key="race-train", icon=":material/open_in_new:",
            disabled=len(found.members) != 1, help="Choose one seed.",
        ):  # fmt: skip
            go_train(*_opened(record, found.members))
        if st.button("Open on the Compare page", key="race-compare", icon=COMPARE):
            go_compare(_opened(record, found.members))
        if st.button("Compare the best of each optimizer", key="race-best", icon=COMPARE):
            go_compare(_opened(record, members_of_best(standing.plan, standing.scores)))
        st.caption(found.said)


def _opened(record: RaceRecord, members: Sequence[Member]) -> list[str]:
    return engine().store.open_race_runs(record.id, members, owner=owner())


def _choice(label: str, name: str, names: dict[object, str], value: object) -> None:
    key = keys.race(f"open-{name}")
    st.session_state[key] = value
    st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        key=key,
        on_change=_choose,
        placeholder=names.get(None, ""),
        width=220,
    )


def _choose() -> None:
    """Keep what was chosen; what does not go with it is mended when it is read."""
    st.session_state[keys.RACE_PICKED] = [
        st.session_state[keys.race(f"open-{name}")] for name in ("optimizer", "rate", "seed")
    ]
