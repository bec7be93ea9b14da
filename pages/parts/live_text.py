"""A line that screen readers speak when it changes.

Streamlit replaces the elements it draws, and a region that is replaced is not spoken. This one
keeps its node and changes its text.
"""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data, parentElement }) {
  let line = parentElement.querySelector(":scope > .status-line");
  if (!line) {
    line = document.createElement("p");
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
    parentElement.append(line);
  }
  line.className = `status-line status-${data.tone}`;
  if (line.textContent !== data.text) line.textContent = data.text;
}
"""


@st.cache_resource(show_spinner=False)
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("overfit_live_text", js=_JS, isolate_styles=False)


def live_text(text: str, key: str, tone: str = "plain") -> None:
    """Show a line; it is text, so it may hold what a person typed.

    Args:
        text: What to say.
        key: Fixed as long as it is the same line.
        tone: ``plain``, ``good``, ``open`` or ``bad``; sets the colour and the sign before it.
    """
    _component()(key=key, data={"text": text, "tone": tone})
