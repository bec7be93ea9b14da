"""The samples of a run as a table."""

from __future__ import annotations

import streamlit as st

from overfit_core.charts.samples import sample_table
from overfit_core.training.result import Samples

ROW_HEIGHT = {"image": 44, "sequence": 44, "numbers": None}
"""In pixels; None is Streamlit's own."""
SEQUENCE_WIDTH = 100
"""Three channels leave room for what the network makes of them."""


def show_samples(samples: Samples) -> None:
    """Show each sample with what the network makes of it."""
    frame, inputs = sample_table(samples)
    columns = st.column_config
    shown = {
        "sample": columns.NumberColumn("Sample", width="small"),
        "label": columns.TextColumn("Label"),
        "prediction": columns.TextColumn("Prediction"),
        "confidence": columns.ProgressColumn(
            "Confidence, %", width=130, min_value=0, max_value=100, format="%.1f %%",
            help="The probability that the network gives to its prediction.",
        ),
        "error": columns.NumberColumn(
            "Error", format="%.4g", help="Prediction minus label."
        ),
        "learned": columns.NumberColumn(
            "Learned at epoch", help="Since this epoch the sample has been right without a break."
        ),
    }  # fmt: skip
    for name in frame.columns:
        if name.startswith("input"):
            shown[name] = _input_column(inputs, name.replace("input ", "Input, channel "))
    st.dataframe(
        frame,
        column_config=shown,
        row_height=ROW_HEIGHT[inputs],
        placeholder="not learned",
        key="samples",
        alt="Table of the samples: input, label, prediction, confidence, epoch of learning.",
    )


def _input_column(inputs: str, name: str) -> object:
    label = name.capitalize()
    if inputs == "image":
        return st.column_config.ImageColumn(label, width="small")
    if inputs == "sequence":
        return st.column_config.LineChartColumn(label, width=SEQUENCE_WIDTH)
    return st.column_config.TextColumn(label)
