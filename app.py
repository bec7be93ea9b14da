"""Overfit Lab: ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

from pages.parts.go import leave
from pages.parts.navigation import navigation

st.set_page_config(
    page_title="Overfit Lab",
    page_icon=str(Path(__file__).parent / "static" / "icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
page = navigation()
if not leave():
    page.run()
