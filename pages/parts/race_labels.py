"""What a person calls a race; those that were started together are one, and have one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.errors import OverfitError
from overfit_core.limits import LIMITS
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord


def race_label_form(records: list[RaceRecord]) -> None:
    """Draw the form of races that were started together.

    Args:
        records: All of them, at least one.
    """
    first = records[0]
    if not is_mine(first):
        st.caption("Somebody else made this race: its name is theirs to change.")
        return
    with st.form(key=f"race-labels-{first.id}", border=True):
        name = st.text_input(
            "Name of the race",
            first.given_name or "",
            max_chars=LIMITS.name_length,
            placeholder="As its tasks" if len(records) > 1 else "As its task",
        )
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                engine().store.rename_race(first.id, name, by=owner())
            except (OverfitError, ValueError) as error:
                say_wrong(str(error))
            else:
                st.rerun()
