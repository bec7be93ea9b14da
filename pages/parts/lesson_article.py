"""The first lesson: an article's three examples, its claim, and what really happens."""

from __future__ import annotations

import streamlit as st

from overfit_core.presets import PRESETS
from pages.parts import session_keys as keys
from pages.parts.go import go_preset
from pages.parts.lesson_address import EXAMPLES
from pages.parts.lesson_runs import lesson_runs, train_button

_MORAL = {
    "article-1": (
        "Sixteen units are plenty for four samples. What holds them back is the scale: the inputs "
        "run from 1 to 8 and all lie on one side of zero, and the steps are small. Scale the "
        "inputs, and the very same net memorises the batch."
    ),
    "article-2": (
        "This one does what the article says, but only just: with other initial weights about one "
        "start in three is not there after 500 epochs. A single run that works is no proof."
    ),
    "article-3": (
        "Nothing is wrong with the net: it is the one of example 2, from the very same weights. "
        "Plain SGD takes a step in proportion to the gradient, and at its default learning rate "
        "500 such steps do not reach. Ten times the rate and some more epochs do."
    ),
}


def article() -> None:
    """Draw the lesson."""
    st.markdown(
        "An article shows three small networks and says that each of them memorises a batch of "
        "four samples: **[1, 2], [3, 4], [5, 6] and [7, 8]**, labelled **0, 1, 0, 1**. Memorising "
        "one batch is the first check of any training program: a network that cannot do that will "
        "not learn anything larger. Tried for real, two of the three do not memorise it."
    )
    st.radio(
        "Which example?",
        list(EXAMPLES),
        format_func=EXAMPLES.__getitem__,
        key=keys.EXAMPLE,
        horizontal=True,
        persist_state="session",
    )
    example = st.session_state[keys.EXAMPLE]
    preset = PRESETS[example]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        train_button("Train it", [preset.spec], preset=example)
        if st.button("Open its settings", icon=":material/tune:", key="open-settings"):
            go_preset(example)
    happens = f"**What really happens.** {preset.look_for}"
    lesson_runs(watch=[happens, f"**Why.** {_MORAL[example]}"])
