"""The link to what is shown: to copy, as a QR code for a classroom, for another page's frame."""

from __future__ import annotations

import html
from urllib.parse import urlencode, urlsplit

import streamlit as st

from overfit_core.charts.qr_code import qr_code
from pages.parts import session_keys as keys

_JS = """
export default function ({ data, parentElement }) {
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "copy-link";
    parentElement.append(button);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "copy-said";
    parentElement.append(said);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.text);
        said.textContent = "Copied.";
      } catch {
        said.textContent = "The browser does not allow it: select the link above and copy it.";
      }
    });
  }
  button.textContent = data.label;
  button.dataset.text = data.text;
}
"""
QR_WIDTH = 260
"""In pixels: to be read from the last row of a classroom, a browser can enlarge it."""
HIDEABLE = {
    "preset": "Preset",
    "batch": "Batch",
    "model": "Model",
    "optimizer": "Optimizer",
    "training": "Training",
    "diagnosis": "Diagnosis",
    "samples": "Samples",
}
"""What a link may hide of the Train page."""


def share_button(*, hideable: bool = False) -> None:
    """Draw the button that shows the link.

    Args:
        hideable: Whether the page has settings that a link may hide.
    """
    if st.button("Share", icon=":material/share:", key="share"):
        st.session_state[keys.SHARING] = True
    # Asked for again and again: the page may be drawn anew under a person's hands.
    if st.session_state.get(keys.SHARING):
        _share(hideable)


def _closed() -> None:
    st.session_state[keys.SHARING] = False


@st.dialog("Share this page", on_dismiss=_closed)
def _share(hideable: bool) -> None:
    st.caption(
        "Whoever has the link sees the runs as they are here, also while they go on. "
        "Only you can steer, rename or delete them."
    )
    query = st.query_params.to_dict()
    if hideable:
        hidden = st.multiselect(
            "Hide from whoever opens it",
            list(HIDEABLE),
            [part for part in st.session_state.get(keys.HIDDEN, []) if part in HIDEABLE],
            format_func=HIDEABLE.__getitem__,
            placeholder="Nothing",
        )
        query.pop("hide", None)
        if hidden:
            query["hide"] = ",".join(hidden)
    link = _link(query)
    st.code(link, language=None, wrap_lines=True)
    _copy(link, "Copy the link", "copy-link")
    if code := qr_code(link):
        st.image(code, width=QR_WIDTH, output_format="PNG")
    else:
        st.caption("The link is too long for a QR code: train the settings, and share the run.")
    with st.expander("In a frame of another page"):
        framed = _link({**query, "embed": "true"})
        code = f'<iframe src="{html.escape(framed)}" width="100%" height="900"></iframe>'
        st.code(code, language="html", wrap_lines=True)
        _copy(code, "Copy the code", "copy-frame")


def _link(query: dict[str, str]) -> str:
    url = (st.context.url or "").partition("?")[0]
    if url and not urlsplit(url).path:
        url = f"{url}/"
    return f"{url}?{urlencode(query, safe=',')}" if query else url


def _copy(text: str, label: str, key: str) -> None:
    _component()(key=key, data={"text": text, "label": label})


@st.cache_resource(show_spinner=False)
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("overfit_copy", js=_JS, isolate_styles=False)
