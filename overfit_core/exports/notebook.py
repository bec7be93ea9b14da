"""A run as a Jupyter notebook: the script, cell by cell, with a plot at its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from overfit_core.exports.script import Section, sections

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec

Cell = dict[str, Any]

TITLE = """\
# Can this network memorise this one batch?

Written by Overfit Lab. This notebook repeats a run with Keras alone; it needs `keras`, `tensorflow`
and `numpy`, and draws with `plotly` where that is installed. Run the cells from first to last.
"""

PLOT = Section(
    "The curve",
    "The loss axis is logarithmic. Without Plotly every tenth of the way is printed above.",
    """\
try:
    import plotly.graph_objects as go
except ImportError:
    print("Install plotly to see the curves here.")
else:
    epochs = list(range(1, len(losses) + 1))
    figure = go.Figure()
    for column in ("loss", "val_loss"):
        if column in history.history:
            figure.add_scatter(x=epochs, y=history.history[column], name=column)
    figure.update_layout(xaxis_title="Epoch", yaxis_title="Loss", yaxis_type="log")
    figure.show()
""",
)


def keras_notebook(spec: RunSpec) -> bytes:
    """Return a notebook (format 4.5, UTF-8) that trains what `spec` describes with Keras alone.

    What a person typed stands in code, quoted, and in no Markdown cell.

    Raises:
        SpecError: The batch cannot be made.
    """
    cells = [_markdown(TITLE)]
    for section in (*sections(spec), PLOT):
        cells.append(_markdown(f"## {section.title}\n\n{section.text}"))
        cells.append(_code(section.code.strip("\n")))
    notebook = {
        # Ids are counted, not drawn: the same run gives the same file.
        "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _markdown(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text,
    }
