"""The part of a page that follows runs: drawn again and again while they go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import session_keys as keys
from pages.parts.heading import stay_on

if TYPE_CHECKING:
    from overfit_core.store import CheckRecord, RunRecord

LIVE_SECONDS = 0.35
"""How often a run that goes on is looked at."""

State = Sequence[object]


def live_part(
    page: str, draw: Callable[[bool], State | None], state: State, seconds: float | None
) -> None:
    """Draw a part of a page, and the whole page anew once something else on it has to change.

    A page has one such part, not two: where the page is drawn anew by one of them, the other's
    timer comes in between, and the browser finds no place for what it draws.

    Args:
        page: Id of the page.
        draw: Draws the part, told whether the page stands already; returns the state of what the
            rest of the page depends on, or None where that could not be read.
        state: This state as the page is being drawn for.
        seconds: How often to draw it; None where nothing moves any more.
    """
    st.session_state[keys.SHOWN_STATE] = state
    stands = False

    def part() -> None:
        stay_on(page)
        now = draw(stands)
        # Not while the page itself is being drawn: the next look has the timer that this one makes.
        if stands and now not in (None, st.session_state[keys.SHOWN_STATE]):
            st.rerun()

    if seconds is None:
        # No fragment: it would take over the timer of one that was here before.
        with st.container():
            part()
    else:
        st.session_state[keys.TIMED] = True
        st.fragment(part, run_every=seconds)()
    stands = True


def is_over(runs: Sequence[RunRecord], check: CheckRecord | None) -> bool:
    """Tell whether nothing moves any more by itself: neither runs nor the search for a cause."""
    return all(run.ended for run in runs) and (check is None or check.ended)


def state_of(runs: Sequence[RunRecord], check: CheckRecord | None) -> State:
    """Return what the buttons of runs depend on."""
    search = [(check.run_id, check.ended, check.wish)] if check is not None else []
    # What a click inside a live part has to say, or to show elsewhere, stands outside of it.
    asked = [str(st.session_state.get(key)) for key in (keys.FAILED, keys.GO_TRAIN)]
    return [*((run.id, run.ended, run.wish) for run in runs), *search, *asked]
