"""What a person writes on a run: name, colour, tags, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.charts.theme import COLOURS
from overfit_core.errors import OverfitError
from overfit_core.limits import LIMITS
from pages.parts.engine import engine
from pages.parts.form_fields import say_wrong
from pages.parts.visitor import is_mine, owner

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

NAMED_COLOURS = [
    name for name in COLOURS["light"] if name not in ("background", "text", "muted", "grid")
]


def label_form(record: RunRecord) -> None:
    """Draw the form of one run."""
    if not is_mine(record):
        st.caption("Somebody else made this run: its name, tags and notes are theirs to change.")
        return
    with st.form(key=f"labels-{record.id}", border=True):
        with st.container(horizontal=True, gap="small"):
            name = st.text_input("Name", record.name or "", max_chars=LIMITS.name_length)
            colour = st.selectbox(
                "Colour",
                [None, *NAMED_COLOURS],
                index=[None, *NAMED_COLOURS].index(record.colour)
                if record.colour in NAMED_COLOURS
                else 0,
                format_func=lambda colour: "As the optimizer" if colour is None else colour,
            )
            tags = st.multiselect(
                "Tags",
                sorted({*engine().store.tags(owner()), *record.tags}),
                list(record.tags),
                accept_new_options=True,
                max_selections=LIMITS.tags,
                placeholder="Type a tag and press Enter",
            )
        notes = st.text_area(
            "Notes", record.notes or "", max_chars=LIMITS.notes_length, height="content"
        )
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                engine().store.label(
                    record.id,
                    by=owner(),
                    name=name,
                    colour=colour or "",
                    notes=notes,
                    tags=tags,
                )
            except (OverfitError, ValueError) as error:
                say_wrong(str(error))
            else:
                st.rerun()
