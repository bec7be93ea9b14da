"""Overfit Lab: ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

st.set_page_config(
    page_title="Overfit Lab",
    page_icon=str(Path(__file__).parent / "static" / "icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.navigation(
    [
        st.Page("pages/train.py", title="Train", icon=":material/play_arrow:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/list:"),
    ],
    # In the frame of another page the charts stand alone.
    position="hidden" if st.context.is_embedded else "top",
).run()
